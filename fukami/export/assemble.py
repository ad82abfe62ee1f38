"""`predict.py` put together: the pieces that a run's fields need, and the frame around them.

Pieces are ordinary files of `standalone/`, so that they are read, checked and tested as code, and of `fields/reading/`, which
read cells here too; what is written into an exported folder is their text without what only holds them together here.
"""

import ast
import json
import re
import runpy
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

import numpy as np

from fukami.core import rooms

_OUTSIDE = {"numpy": "numpy", "onnxruntime": "onnxruntime", "PIL": "pillow", "soundfile": "soundfile"}
"""Modules that Python does not bring, and the packages that do."""


class _Piece(NamedTuple):
    """Import lines that are not Fukami's, and the text without docstring and imports."""

    imports: tuple[str, ...]
    body: str


class Scope(NamedTuple):
    """Pieces whose names stay among themselves, because those of another input may have the same: what reads `inputs`."""

    inputs: tuple[str, ...]
    code: tuple[str, ...]


Code = Sequence[str | Scope]
"""Names of pieces, in order."""


def program(code: Code, *, head: str) -> str:
    """The text of a program of some files of `standalone/`, in order; `head` is its docstring.

    >>> text = program(["folder", "single", "image_squash", "image", "category", "program", "command"], head="Answers.")
    >>> "fukami" in text, "torch" in text
    (False, False)
    """
    pieces = [_scoped(one) if isinstance(one, Scope) else _piece(one) for one in code]
    imports = {line for piece in pieces for line in piece.imports}
    bodies = "\n\n\n".join(piece.body for piece in pieces)
    return f'"""{head}"""\n\n{_imports(imports)}\n\n\n{bodies}\n'


def requirements(code: Iterable[str | Scope]) -> list[str]:
    """The packages that a program of these pieces imports."""
    names = (name for one in code for name in (one.code if isinstance(one, Scope) else (one,)))
    found = {_root(line) for name in names for line in _piece(name).imports}
    return sorted(_OUTSIDE[root] for root in found if root in _OUTSIDE)


def read(told: dict[str, Any], values: Sequence[Any]) -> dict[str, np.ndarray]:
    """The tensors of raw inputs as an exported program makes them, in this process. `told` is what `portable()` said."""
    with warnings.catch_warnings(action="ignore"):  # of cells that it cannot read
        return member(reading(told), "read")(values, told)


def reading(told: dict[str, Any]) -> tuple[str | Scope, ...]:
    """The pieces that read what `told` describes: of one input as it says, of several (`inputs`) those of each in a scope."""
    if "inputs" not in told:
        return tuple(told["code"])
    names: dict[tuple[str, ...], list[str]] = {}
    for name, one in told["inputs"].items():
        names.setdefault(tuple(one["code"]), []).append(name)
    return (*told["code"], *(Scope(tuple(each), code) for code, each in names.items()))


def as_json(told: Any) -> Any:
    """As an exported program finds it in its `preprocessing.json`."""
    return json.loads(json.dumps(told))


@cache
def member(code: tuple[str | Scope, ...], name: str) -> Callable[..., Any]:
    """The function `name` of these pieces, put together as they are in an exported program."""
    with tempfile.TemporaryDirectory(prefix="fukami-") as folder:
        place = Path(folder) / "pieces.py"
        place.write_text(program(code, head="Pieces."), "utf-8")
        return runpy.run_path(str(place))[name]


@cache
def _piece(name: str) -> _Piece:
    source = (rooms.files("export/standalone") | rooms.files("fields/reading"))[name].path.read_text("utf-8")
    lines, imports = source.splitlines(), []
    for node in ast.parse(source).body:
        brings = isinstance(node, (ast.Import, ast.ImportFrom))
        if brings and not ast.unparse(node).startswith("from fukami."):
            imports.append(ast.unparse(node))
        if brings or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
            last = node.end_lineno or node.lineno
            lines[node.lineno - 1 : last] = [""] * (last - node.lineno + 1)
    return _Piece(tuple(imports), re.sub("  # (pyright: ignore|noqa).*", "", "\n".join(lines)).strip())


def _scoped(scope: Scope) -> _Piece:
    """A function around pieces, which gives their `read`, and that as the reader of some inputs (`several`)."""
    pieces = [_piece(name) for name in scope.code]
    name = f"reader_of_{'_and_'.join(scope.inputs)}"
    body = "\n\n".join(piece.body for piece in pieces)
    made = " = ".join(f"READERS[{one!r}]" for one in scope.inputs)
    text = f"def {name}():\n{indent(body, '    ')}\n\n    return read\n\n\n{made} = {name}()"
    return _Piece(tuple(line for piece in pieces for line in piece.imports), text)


def _root(line: str) -> str:
    return line.split()[1].split(".")[0]


def _imports(lines: set[str]) -> str:
    """Import lines in the usual order: what Python brings, then the others; what comes from one module in one line."""
    named: dict[str, set[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, names = line.removeprefix("from ").split(" import ")
            named.setdefault(module, set()).update(names.split(", "))
    whole = {line for line in lines if line.startswith("import ")}
    whole |= {f"from {module} import {', '.join(sorted(names))}" for module, names in named.items()}
    ordered = sorted(whole, key=lambda line: (_root(line) in _OUTSIDE, line.startswith("from"), line))
    own = [line for line in ordered if _root(line) not in _OUTSIDE]
    return "\n".join([*own, "", *(line for line in ordered if _root(line) in _OUTSIDE)])
