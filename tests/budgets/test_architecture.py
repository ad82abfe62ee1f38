"""The shape of the code: imports point one way, no room asks for a task, every file says what it is, nothing runs on load."""

import ast
from functools import cache
from pathlib import Path

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
    "opened": 5,
    "answers": 6,
    "answer_table": 6,
    "answered_pictures": 0,
    "evaluate": 6,
    "report": 6,
    "explain": 6,
    "search": 6,
    "serve": 6,
    "export": 6,
    "compress": 6,
    "training": 6,
    "verbs": 7,
    "run": 8,
    "api": 9,
    "estimators": 10,
    "cli": 10,
}
"""Each room, or file of the front, with its level. What stands on one imports from it and from those below.

A file called `verb.py` is where a verb enters its room; it stands on the level of `verbs`, which calls it.
"""

KNOWN = (
    {"fukami.core.errors", "fukami.core.language", "fukami.core.rooms"},  # plugins bring sentences, and their mistakes are told
)
"""Circles of imports that there still are."""


def level(module: str) -> int:
    """`fukami.core.cards` → 0; the package itself, which loads nothing, is below all."""
    parts = module.split(".")
    if parts[-1] == "verb":
        return LEVELS["verbs"]
    return LEVELS.get(parts[1], -1) if len(parts) > 1 else -1


@cache
def text(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), str(path))


@cache
def nodes(path: Path) -> list[ast.AST]:
    """All of a file's nodes: going through them is most of what these laws take."""
    return list(ast.walk(tree(path)))


def name(path: Path) -> str:
    return path.relative_to(PACKAGE.parent).as_posix()


def module_of(path: Path) -> str:
    """`fukami/core/cards.py` → `fukami.core.cards`; a folder is called as its `__init__.py` is imported."""
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_of(path): path for path in FILES}


@cache
def imports(path: Path) -> list[str]:
    """Modules of Fukami that a file imports, also inside functions, and under `if TYPE_CHECKING` for annotations alone.

    Who reads a file has to know what its annotations speak of, so those count as much as what runs.
    """
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name(path)}:{node.lineno} imports from where it stands"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [each if each in MODULES else str(node.module) for each in names]
    return [module for module in found if module.split(".")[0] == "fukami"]


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """The groups of modules each of which imports every other, by way of the others (Kosaraju's two passes)."""
    order: list[str] = []
    done: set[str] = set()

    def walk(start: str, edges: dict[str, set[str]]) -> list[str]:
        """What is reached from `start` and was not before, each after all that it leads to."""
        done.add(start)
        reached = [each for following in sorted(edges[start]) if following not in done for each in walk(following, edges)]
        return [*reached, start]

    for module in graph:
        if module not in done:
            order += walk(module, graph)
    back = {module: {other for other in graph if module in graph[other]} for module in graph}
    done.clear()
    groups = [set(walk(module, back)) for module in reversed(order) if module not in done]
    return [group for group in groups if len(group) > 1]


ROOMS = [path for path in FILES if path.parent != PACKAGE or path.stem not in ("__init__", "__main__")]


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def test_every_room_has_a_level():
    assert {home(path) for path in ROOMS} <= set(LEVELS)


def test_imports_point_one_way():
    upward = {name(path): [m for m in imports(path) if level(m) > level(module_of(path))] for path in ROOMS}
    assert not {file: modules for file, modules in upward.items() if modules}


def test_no_circles_of_imports():
    """Of two files that import each other, neither can be read, tested or replaced without the other."""
    graph = {module: {other for other in imports(path) if other in MODULES} - {module} for module, path in MODULES.items()}
    found = circles(graph)
    assert not [sorted(circle) for circle in found if circle not in KNOWN]
    assert all(circle in found for circle in KNOWN), "a circle that has ended is no longer known"


def test_circles_are_found():
    graph = {"a": {"b", "d"}, "b": {"c"}, "c": {"a", "e"}, "d": {"e"}, "e": {"f"}, "f": {"e"}, "g": {"a"}}
    assert sorted(map(sorted, circles(graph))) == [["a", "b", "c"], ["e", "f"]]


def test_no_room_asks_which_task_it_serves():
    """Task names stand in tasks/, recipes/ and in data sets' cards; help shows some in its examples, which are text only."""
    allowed = ("tasks", "recipes", "estimators.py")  # scikit-learn knows two kinds of estimators, each of which is a task
    asked = []
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] in allowed or path.parent.name == "datasets":
            continue
        asked += [f"{name(path)}:{node.lineno}" for node in _compared(path)]
    assert not asked


def _compared(path: Path):
    """Constants that are a task's name; docstrings and help examples hold the name within other words."""
    for node in nodes(path):
        if isinstance(node, ast.Constant) and node.value in cards("tasks"):
            yield node


def test_every_file_says_what_it_is():
    assert not [name(path) for path in FILES if text(path).strip() and not ast.get_docstring(tree(path))]


def test_nothing_is_executed_or_unpickled_on_load():
    found = {name(path): loads(path) for path in FILES}
    assert not {file: calls for file, calls in found.items() if calls}


def loads(path: Path) -> list[str]:
    """What a file uses that runs what it reads."""
    found = []
    for node in nodes(path):
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
    return found


def called(function: ast.expr) -> str:
    """`torch.load` for that call; a method such as `model.eval` keeps its object's name."""
    if isinstance(function, ast.Name):
        return function.id
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    return ""


def test_files_stay_short():
    """A file that outgrows this holds a second idea."""
    assert not [name(path) for path in FILES if len(text(path).splitlines()) > 450]
