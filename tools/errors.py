"""Lists the error codes, from the code that raises them, as a page in Markdown.

    python tools/errors.py             every code
    python tools/errors.py F-DATA      those that begin so; exit 1 where there is none

The page is not kept: two branches that each add a code would both change it.

A code is the first argument of an error, as in `DataError("F-…", _("…"))`, or `code=` of a `Problem` or of `unknown`. The
sentence beside it is the literal in the same call, or the one that the name in its place was last given.
"""

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "fukami"
CODE = re.compile(r"F(-[A-Z0-9]+)+")

RULE = "|---|---|---|\n"
HEAD = f"""# Error codes

Every message of Fukami begins with a code that stays the same across versions and languages. `{{n}}` and the like stand for
what a message fills in.

| code | what it says | from |
{RULE}"""


class Said(NamedTuple):
    """One place that uses a code."""

    code: str
    sentence: str
    room: str


def in_file(path: Path) -> Iterator[Said]:
    """Every use of a code in one file, with its sentence where that is a literal."""
    room = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    explained = set()
    tree = ast.parse(path.read_text("utf-8"), str(path))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        named = {k.arg: k.value for k in node.keywords}
        values = [*node.args, *(named[n] for n in ("code", "what") if n in named)]
        codes = [code for value in values for code in literals(value) if CODE.fullmatch(code)]
        if not codes:
            continue
        if getattr(node.func, "id", "") == "unknown":
            sentences = ["there is no {kind} called {name}"]
        else:
            told = [text for value in values for text in (*literals(value), *assigned(tree, value))]
            sentences = [text for text in told if " " in text]
        for code in codes:
            explained.add(code)
            yield Said(code, sentences[0] if sentences else "", room)
    for node in ast.walk(tree):
        code = node.value if isinstance(node, ast.Constant) else None
        if isinstance(code, str) and CODE.fullmatch(code) and code not in explained:
            yield Said(code, "", room)


def assigned(tree: ast.Module, name: ast.expr) -> Iterator[str]:
    """The text that the variable `name` was given last before it is used."""
    if isinstance(name, ast.Name):
        given = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == name.id and node.lineno < name.lineno
        ]
        if given:
            yield from literals(max(given, key=lambda node: node.lineno).value)


def literals(node: ast.expr) -> Iterator[str]:
    """The text in `"…"`, `_("…")`, `_("…").format(…)`, `_n(…, "…", n)`, and in a choice between two of these."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "format":
            yield from literals(called.value)
        elif isinstance(called, ast.Name) and called.id in ("_", "N_", "_n") and node.args:
            yield from literals(node.args[1 if called.id == "_n" else 0])
    elif isinstance(node, ast.IfExp):
        yield from literals(node.body)
        yield from literals(node.orelse)


def page(source: Path = SOURCE) -> str:
    """The whole page."""
    sentences: dict[str, set[str]] = {}
    rooms: dict[str, set[str]] = {}
    for path in sorted(source.rglob("*.py")):
        for said in in_file(path):
            sentences.setdefault(said.code, set()).update([said.sentence] if said.sentence else [])
            rooms.setdefault(said.code, set()).add(said.room)
    rows = []
    for code in sorted(sentences):
        what = "; ".join(sorted(sentences[code])).replace("|", "\\|").replace("\n", " ")
        rows.append(f"| `{code}` | {what} | {', '.join(sorted(rooms[code]))} |")
    return HEAD + "\n".join(rows) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("code", nargs="*", help="a code, or how codes begin; all are listed where none is given")
    wanted = tuple(parser.parse_args().code)
    head, rows = page().split(RULE)
    kept = [row for row in rows.splitlines(True) if not wanted or row.startswith(tuple(f"| `{code}" for code in wanted))]
    print(head + RULE + "".join(kept), end="")
    return int(not kept)


if __name__ == "__main__":
    sys.exit(main())
