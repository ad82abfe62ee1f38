"""`predict.py` put together: the pieces that a run's fields need, and the frame around them.

Pieces are ordinary files of `standalone/`, so that they are read, checked and tested as code; what is written into an exported
folder is their text without what only holds them together here.
"""

import ast
import importlib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

_PIECES = Path(__file__).parent / "standalone"
_OUTSIDE = ("numpy", "onnxruntime", "PIL")


def program(input_code: Sequence[str], answer_code: Sequence[str], *, title: str, example: str) -> str:
    """The text of `predict.py`, from the names of its pieces.

    Args:
        input_code: the files of `standalone/` that read an input, in order.
        answer_code: those that turn scores into an answer.
        title: what it answers, in one line.
        example: an input as one types it.

    >>> text = program(["image"], ["category"], title="digits", example="picture.png")
    >>> "import fukami" in text, "torch" in text
    (False, False)
    """
    names = [*input_code, *answer_code, "program"]
    head = [
        f'"""{title}',
        "",
        f"    python predict.py {example}",
        "    python predict.py - < inputs.jsonl      (one input as JSON in each line)",
        "",
        "One answer as JSON in each line. It needs model.onnx and preprocessing.json beside it, and the packages of",
        "requirements.txt.",
        '"""',
    ]
    imports = {line for name in names for line in _split(name)[0]}
    bodies = [_split(name)[1] for name in names]
    # the frame's constants go before everything, its questions after
    return "\n".join(head) + "\n\n" + _imports(imports) + "\n\n" + "\n\n\n".join(bodies) + "\n"


def requirements(code: Iterable[str]) -> list[str]:
    """The packages that a program of these pieces imports."""
    found = {line.split()[1].split(".")[0] for name in (*code, "program") for line in _split(name)[0]}
    return sorted({"PIL": "pillow"}.get(name, name) for name in found if name in _OUTSIDE)


def read(told: dict[str, Any], values: Sequence[Any]) -> dict[str, np.ndarray]:
    """The tensors of raw inputs as `predict.py` makes them, in this process. `told` is what `portable()` said."""
    pieces = [importlib.import_module(f"fukami.export.standalone.{name}") for name in told["code"]]
    reader = next(piece for piece in pieces if hasattr(piece, "read"))
    if "tokens" in vars(reader):  # a reader of texts takes the tokenizer that is named beside it
        tokenizer = next(piece for piece in pieces if piece is not reader and "tokens" in vars(piece))
        return reader.read(values, told, tokenizer.tokens)
    return reader.read(values, told)


@cache
def _split(name: str) -> tuple[tuple[str, ...], str]:
    """Import lines of a piece that are not Fukami's, and its text without docstring and imports."""
    source = (_PIECES / f"{name}.py").read_text("utf-8")
    module = ast.parse(source)
    lines = source.splitlines()
    imports = []
    for node in module.body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            inside = isinstance(node, ast.ImportFrom) and str(node.module).startswith("fukami.")
            imports += [] if inside else [ast.unparse(node)]
    gone = (ast.Import, ast.ImportFrom)
    for node in module.body:
        docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node, gone) or docstring:
            for number in range(node.lineno - 1, node.end_lineno or node.lineno):
                lines[number] = ""
    return tuple(imports), "\n".join(lines).strip()


def _imports(lines: set[str]) -> str:
    """Import lines in the usual order: what Python brings, then the others."""

    def key(line: str) -> tuple[bool, bool, str]:
        return line.split()[1].split(".")[0] in _OUTSIDE, line.startswith("from"), line

    ordered = sorted(lines, key=key)
    own = [line for line in ordered if not key(line)[0]]
    return "\n".join([*own, "", *(line for line in ordered if key(line)[0])])
