"""The shape of the code: imports point one way, no room asks for a task, every file says what it is, nothing runs on load."""

import ast
from functools import cache
from pathlib import Path

import pytest

from fukami.core.cards import cards

PACKAGE = Path(__file__).parent.parent.parent / "fukami"
FILES = sorted(PACKAGE.rglob("*.py"))
MODULES = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__"): path for path in FILES}

LEVELS = {
    "core": 0,
    "fields": 1,
    "layers": 2,
    "objectives": 2,
    "metrics": 2,
    "models": 3,
    "tasks": 3,
    "recipes": 4,
    "data": 4,
    "engine": 4,
    "predictor": 5,
    "evaluate": 6,
    "report": 6,
    "explain": 6,
    "export": 6,
    "compress": 6,
    "training": 7,
    "answers": 7,
    "run": 8,
    "api": 8,
    "cli": 9,
}
"""Each room, or file of the front, with its level. A room imports from its own level and below.

A file called `verb.py` is where a verb enters its room; it may use every room, as `api.py` may, and only they may use it.
"""


def level(module: str) -> int:
    """`fukami.core.cards` → 0; the package itself, which loads nothing, is below all."""
    parts = module.split(".")
    if parts[-1] == "verb":
        return LEVELS["api"]
    return LEVELS.get(parts[1], -1) if len(parts) > 1 else -1


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def imports(path: Path) -> list[str]:
    """Modules of Fukami that a file imports, also inside functions.

    What stands under `if TYPE_CHECKING` serves annotations only and is not imported.
    """
    found = []
    for node in running(tree(path)):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            named = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if name in MODULES or node.module == "fukami" else node.module for name in named]
    return [module for module in found if module.split(".")[0] == "fukami"]


def running(node: ast.AST):
    """Every node below `node` but those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and getattr(child.test, "id", "") == "TYPE_CHECKING"):
            yield child
            yield from running(child)


ROOMS = [path for path in FILES if path.parent != PACKAGE or path.stem not in ("__init__", "__main__")]


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_has_a_level():
    assert {home(path) for path in ROOMS} <= set(LEVELS)


@pytest.mark.parametrize("path", ROOMS, ids=name)
def test_imports_point_one_way(path):
    own = level(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    upward = [module for module in imports(path) if level(module) > own]
    assert not upward, f"{name(path)} (level {own}) imports {upward}"


def test_imports_go_in_no_circle():
    """Also not within a level. The front may: a verb opens runs, and a run has verbs."""
    front = {module for module in MODULES if level(module) >= LEVELS["run"]}
    left = {module: set(imports(path)) & MODULES.keys() - front for module, path in MODULES.items() if module not in front}
    while free := {module for module, needs in left.items() if not needs & left.keys()}:
        left = {module: needs for module, needs in left.items() if module not in free}
    assert not left, f"in a circle, or importing from one: {sorted(left)}"


def test_no_room_asks_which_task_it_serves():
    """Task names stand in tasks/, recipes/ and in data sets' cards; help shows some in its examples, which are text only."""
    allowed = ("tasks", "recipes")
    asked = []
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] in allowed or path.parent.name == "datasets":
            continue
        asked += [f"{name(path)}:{node.lineno}" for node in _compared(tree(path))]
    assert not asked


def _compared(module: ast.Module):
    """Constants that are a task's name; docstrings and help examples hold the name within other words."""
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and node.value in cards("tasks"):
            yield node


@pytest.mark.parametrize("path", FILES, ids=name)
def test_every_file_says_what_it_is(path):
    assert not path.read_text("utf-8").strip() or ast.get_docstring(tree(path)), f"{name(path)} has no docstring"


@pytest.mark.parametrize("path", FILES, ids=name)
def test_nothing_is_executed_or_unpickled_on_load(path):
    found = []
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            modules = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [m for m in modules if m.split(".")[0] in ("pickle", "cPickle", "dill", "joblib", "marshal", "shelve")]
        elif isinstance(node, ast.Call):
            found += [c for c in [called(node.func)] if c in ("eval", "exec", "torch.load", "torch.save")]
            found += [
                "allow_pickle"
                for k in node.keywords
                if k.arg in ("allow_pickle", "trust_remote_code") and getattr(k.value, "value", True) is not False
            ]
    assert not found, f"{name(path)} uses {found}"


def called(function: ast.expr) -> str:
    """`torch.load` for that call; a method such as `model.eval` keeps its object's name."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return ""


@pytest.mark.parametrize("path", FILES, ids=name)
def test_files_stay_short(path):
    """A file that outgrows this holds a second idea."""
    assert len(path.read_text("utf-8").splitlines()) <= 450
