"""Collects every sentence that users can read, keeps the catalogues in step, and compiles them.

    python tools/translations.py            write locale/*/LC_MESSAGES/fukami.po and .mo
    python tools/translations.py --check    write nothing; exit 1 where something is missing or stale
    python tools/translations.py --missing  list the sentences without a translation

A sentence is the literal in `_("…")` and `N_("…")`, both in `_n("…", "…", n)`, the second argument of `option(default, "…")`,
the `summary`, `sentence` and `reference` of a CARD and of its kin, and `_("…")` inside a Jinja template. Catalogues are sorted
and name files without line numbers, so that merges stay small.
"""

import argparse
import ast
import re
import string
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from fukami.core.catalogues import read_po

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "fukami"
TEMPLATES = (".html", ".jinja", ".j2")
IN_TEMPLATE = re.compile(r"""(?<![\w.])_\(\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
HEADER = "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nLanguage: {language}\n"

Sentences = dict[str, set[str]]
"""Sentence → the files it stands in."""


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
                found.setdefault(sentence, set()).add(name)
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
        return [said for name, said in told if name in ("summary", "sentence", "reference")]
    return []


def in_template(text: str) -> Iterator[str]:
    """The sentences of one Jinja template.

    >>> list(in_template('<h1>{{ _("Results") }}</h1>'))
    ['Results']
    """
    for match in IN_TEMPLATE.finditer(text):
        yield ast.literal_eval(match.group(1))


# -- catalogues ------------------------------------------------------------------------------------------------------


def quote(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


def po_text(language: str, sentences: Sentences, translations: dict[str, str]) -> str:
    entries = [f'msgid ""\nmsgstr {quote(HEADER.format(language=language))}\n']
    for sentence in sorted(sentences):
        places = "".join(f"#: {name}\n" for name in sorted(sentences[sentence]))
        entries.append(f"{places}msgid {quote(sentence)}\nmsgstr {quote(translations.get(sentence, ''))}\n")
    return "\n".join(entries)


def mo_bytes(language: str, translations: dict[str, str]) -> bytes:
    """The compiled form that the standard library reads (the GNU gettext format, revision 0, without a hash table)."""
    pairs = sorted({"": HEADER.format(language=language), **{k: v for k, v in translations.items() if v}}.items())
    texts = [text.encode() + b"\0" for column in (0, 1) for text in (pair[column] for pair in pairs)]
    start = 28 + 16 * len(pairs)
    table = b""
    for text in texts:
        table += struct.pack("<2I", len(text) - 1, start)
        start += len(text)
    head = struct.pack("<7I", 0x950412DE, 0, len(pairs), 28, 28 + 8 * len(pairs), 0, 28 + 16 * len(pairs))
    return head + table + b"".join(texts)


def placeholders(text: str) -> set[str]:
    """The names that `.format` will fill.

    >>> sorted(placeholders("{n} of {total:,} are {{plain}}"))
    ['n', 'total']
    """
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}  # braces that are no placeholders: the translation must then keep the text


def faults(sentences: Sentences, locale: Path) -> Iterator[str]:
    """What is wrong with the catalogues as they are on disk."""
    for language in ("en", "ja"):
        folder = locale / language / "LC_MESSAGES"
        told = read_po(folder / "fukami.po")
        for sentence in sorted(sentences):
            if not told.get(sentence):
                yield f"{language}: no translation of {sentence!r} ({', '.join(sorted(sentences[sentence]))})"
            elif placeholders(sentence) != placeholders(told[sentence]):
                yield f"{language}: other placeholders in {told[sentence]!r} than in {sentence!r}"
        for sentence in sorted(set(told) - set(sentences)):
            yield f"{language}: nobody says {sentence!r} any more"
        compiled = folder / "fukami.mo"
        if not compiled.exists() or compiled.read_bytes() != mo_bytes(language, told):
            yield f"{language}: fukami.mo is older than fukami.po"


def write(sentences: Sentences, locale: Path) -> None:
    """Brings the catalogues in step. English translates to itself; Japanese keeps what it has."""
    for language in ("en", "ja"):
        folder = locale / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        known = {s: s for s in sentences} if language == "en" else read_po(folder / "fukami.po")
        kept = {s: known.get(s, "") for s in sentences}
        (folder / "fukami.po").write_text(po_text(language, sentences, kept), "utf-8")
        (folder / "fukami.mo").write_bytes(mo_bytes(language, kept))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something is missing or stale")
    parser.add_argument("--missing", action="store_true", help="list the sentences without a Japanese translation")
    args = parser.parse_args()
    locale = SOURCE / "locale"
    try:
        sentences = collect()
    except NotLiteral as error:
        print(error, file=sys.stderr)
        return 1
    if args.missing:
        told = read_po(locale / "ja" / "LC_MESSAGES" / "fukami.po")
        print("\n".join(repr(s) for s in sorted(sentences) if not told.get(s)))
        return 0
    if not args.check:
        write(sentences, locale)
    found = list(faults(sentences, locale))
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    print(f"{len(sentences)} sentences, {len(found)} faults")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
