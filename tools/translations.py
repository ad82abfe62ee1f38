"""Collects every sentence that users can read, and keeps the Japanese catalogues in step with them.

    python tools/translations.py            write locale/ja: new sentences without a translation, none that nobody says
    python tools/translations.py --check    write nothing; exit 1 where something is missing or stale
    python tools/translations.py --missing  list the sentences without a translation

A sentence is the literal in `_("…")` and `N_("…")`, both in `_n("…", "…", n)`, what `option(default, "…")` says, the `summary`,
`sentence`, `label` and `reference` of a CARD and of its kin, its reasons (`without`), and `_("…")` inside a Jinja template.

A catalogue belongs to a part of the code (`part_of`): to a room, or to a single file where a room holds things of one kind. So
two branches that each add a task, or a model, write different catalogues. Entries are sorted and name no places. Fukami reads
these files as they are (`core/catalogues.py`); nothing is compiled.
"""

import argparse
import ast
import io
import re
import string
import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "fukami"
TEMPLATES = (".html", ".jinja", ".j2")
IN_TEMPLATE = re.compile(r"""(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\nLanguage: ja\\n"\n\n'
JAPANESE = SOURCE / "locale" / "ja"
SINGLE = (
    *("cli", "compress/ways", "data/checks", "data/datasets", "data/readers", "engine/diagnosis/symptoms"),
    *("evaluate/baselines", "evaluate/details", "explain/methods", "export/formats", "export/standalone", "fields"),
    *("fields/row/columns", "layers", "metrics", "metrics/states", "models", "objectives", "recipes", "report/charts"),
    *("report/sections", "tasks"),
)
"""Rooms whose files, or folders, are each a thing of its own."""

Sentences = dict[str, list[str]]
"""Sentence → the files it stands in, in order."""
Told = dict[str, dict[str, str]]
"""Part of the code → sentence → translation, empty where there is none yet."""


class NotLiteral(Exception):
    """A sentence that is put together before it is translated: no catalogue can hold it."""


def collect(source: Path = SOURCE) -> Sentences:
    """Every sentence below `source`."""
    found: Sentences = {}
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source.parent).as_posix()
        if path.suffix == ".py":
            sentences = in_python(path.read_text("utf-8"), name)
        elif path.suffix in TEMPLATES:
            sentences = in_template(path.read_text("utf-8"))
        else:
            continue
        for sentence in sentences:
            if sentence.strip():
                found.setdefault(sentence, []).append(name)
    return found


def in_python(text: str, name: str = "") -> Iterator[str]:
    """The sentences of one Python file.

    >>> list(in_python('_("one"); option(3, "two"); CARD = TaskCard(name="x", summary="three")'))
    ['one', 'two', 'three']
    """
    for node in ast.walk(ast.parse(text, name)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        for said in said_by(node, called):
            if isinstance(said, ast.Constant) and isinstance(said.value, str):
                yield said.value
            elif isinstance(said, (ast.JoinedStr, ast.BinOp)) or called != "_":
                raise NotLiteral(f"{name}:{node.lineno}: {called}(…) takes a literal; fill it afterwards with .format")


def said_by(node: ast.Call, called: str) -> list[ast.expr]:
    """The arguments of a call that people will read. `_(name)` translates what was marked elsewhere with `N_`."""
    if called in ("_", "N_"):
        return node.args[:1]
    if called == "_n":
        return node.args[:2]
    if called == "option":
        return node.args[1:2]
    if called.endswith("Card"):
        told = [(k.arg, k.value) for k in node.keywords]
        for kin in (part for part in ast.walk(node) if isinstance(part, ast.Dict)):
            told += [(getattr(key, "value", ""), said) for key, said in zip(kin.keys, kin.values, strict=True)]
        reasons = [why for name, said in told if name == "without" and isinstance(said, ast.Dict) for why in said.values]
        return [*(said for name, said in told if name in ("summary", "sentence", "reference", "label")), *reasons]
    return []


def in_template(text: str) -> Iterator[str]:
    """The sentences of one Jinja template.

    >>> list(in_template('<h1>{{ _("Results") }}</h1>'))
    ['Results']
    """
    for match in IN_TEMPLATE.finditer(text):
        yield ast.literal_eval(match.group(1))


# -- catalogues ------------------------------------------------------------------------------------------------------
def part_of(file: str) -> str:
    """The part of the code that a file belongs to, which is the name of its catalogue below `locale/ja`.

    >>> part_of("fukami/data/bind.py"), part_of("fukami/tasks/tagging.py"), part_of("fukami/fields/image/look.py")
    ('data', 'tasks/tagging', 'fields/image')
    """
    path = Path(file).relative_to(SOURCE.name)
    for folder in path.parents:
        if folder.as_posix() in SINGLE:
            inside = path.relative_to(folder).parts[0].removesuffix(".py")
            return f"{folder.as_posix()}/{inside}" if inside != "__init__" else path.parts[0]
    return path.parts[0].removesuffix(".py")


def read(locale: Path = JAPANESE) -> Told:
    """Every catalogue there is."""
    found: Told = {}
    for path in sorted(locale.rglob("*.po")):
        catalogue = read_po(io.BytesIO(path.read_bytes()), charset="utf-8", abort_invalid=True)
        part = path.relative_to(locale).with_suffix("").as_posix()
        found[part] = {str(entry.id): str(entry.string) for entry in catalogue if entry.id}
    return found


def po_text(told: dict[str, str]) -> str:
    """A catalogue as it is written: sorted, a line for each text, no places."""
    catalogue = Catalog(charset="utf-8")
    for sentence, translation in told.items():
        catalogue.add(sentence, translation)
        catalogue[sentence].flags.clear()  # a share such as "20 % of" is no format
    written = io.BytesIO()
    write_po(written, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    return HEADER + written.getvalue().decode().strip("\n") + "\n"


def divided(sentences: Sentences, told: Told) -> Told:
    """The catalogues as they should be. A sentence stays in its catalogue while that part of the code says it; else it stands
    where the first file says it."""
    known = {sentence: text for part in reversed(told.values()) for sentence, text in part.items() if text}
    found: Told = {}
    for sentence, files in sentences.items():
        parts = [part_of(file) for file in files]
        home = next((part for part in sorted(parts) if sentence in told.get(part, {})), parts[0])
        found.setdefault(home, {})[sentence] = known.get(sentence, "")
    return found


def fills(text: str) -> set[str]:
    """The names that `.format` will fill.

    >>> sorted(fills("{n} of {total:,} are {{plain}}"))
    ['n', 'total']
    """
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}  # braces that are no placeholders: the translation must then keep the text


def faults(sentences: Sentences, locale: Path = JAPANESE) -> Iterator[str]:
    """What is wrong with the catalogues as they are on disk."""
    told, known = read(locale), {}
    for sentence, text in (entry for part in told.values() for entry in part.items()):
        known.setdefault(sentence, set()).add(text)
    for sentence, files in sorted(sentences.items()):
        texts = known.get(sentence, set())
        if not texts - {""}:
            yield f"no translation of {sentence!r} ({', '.join(files)})"
        elif len(texts) > 1:
            yield f"several translations of {sentence!r}: {', '.join(sorted(texts))}"
        yield from (f"other placeholders in {t!r} than in {sentence!r}" for t in texts if t and fills(t) != fills(sentence))
    for part, entries in told.items():
        for sentence in entries:
            if sentence not in sentences:
                yield f"{part}: nobody says {sentence!r} any more"
            elif part not in map(part_of, sentences[sentence]):
                yield f"{part}: {sentence!r} is said elsewhere ({', '.join(sentences[sentence])})"


def write(sentences: Sentences, locale: Path = JAPANESE) -> None:
    """Brings the catalogues in step; what is translated stays so."""
    wanted = divided(sentences, read(locale))
    for path in locale.rglob("*.po"):
        if path.relative_to(locale).with_suffix("").as_posix() not in wanted:
            path.unlink()
    for part, told in wanted.items():
        path = locale / f"{part}.po"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(po_text(told), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is missing or stale")
    parser.add_argument("--missing", action="store_true", help="list the sentences without a Japanese translation")
    args = parser.parse_args()
    try:
        sentences = collect()
    except NotLiteral as error:
        print(error, file=sys.stderr)
        return 1
    if args.missing:
        told = {sentence for part in read().values() for sentence, text in part.items() if text}
        print("\n".join(repr(s) for s in sorted(sentences) if s not in told))
        return 0
    if not args.check:
        write(sentences)
    found = list(faults(sentences))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    print(f"{len(sentences)} sentences, {len(found)} faults")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
