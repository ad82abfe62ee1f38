"""Columns of words and tags, a word a line and a blank line after each sentence: CoNLL and its many relatives.

The word is the first column and its tag the last, unless columns of another order are plain from what they hold: a column that
counts from 1 in each sentence is none of words (CoNLL-U), a column of which nearly every cell is O or has a prefix holds tags.
Other columns are kept as lists of their own, so that one can be named instead: `--set target=column2`.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, is_junk, read_bytes, stem, suffix
from fukami.data.joined import joined
from fukami.data.parts import part_in

TOLD = N_("words and tags, one word a line")
FOR = ("tags", "words")
EXTENSIONS = (".conll", ".conllu", ".conllx", ".bio", ".iob", ".iob2", ".bioes", ".ner")
_TAG = re.compile(r"O|[BIESLUM][-_]\S+")
_PARTS = {
    "train": "train",
    "traina": "train",
    "testa": "valid",
    "dev": "valid",
    "valid": "valid",
    "testb": "test",
    "test": "test",
}
_SAMPLE = 1 << 16
_SHOWN = 5


class Lines(NamedTuple):
    """What a file holds: for each sentence the cells of its words, and the number of each of its lines."""

    sentences: list[list[list[str]]]
    numbers: list[list[int]]


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain for the usual extensions; where texts with tags are asked for, whatever looks like it."""
    if kinds and not set(FOR) & set(kinds):
        return 0.0
    if source.is_dir():
        return 0.95 if _files(source) else 0.0
    if not source.is_file():
        return 0.0
    if suffix(source) in EXTENSIONS:
        return 1.0
    return 1.0 if kinds and _looks_like_it(source) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `words` and `tags` and, where there are more, `column2` …, each cell a list; of a folder its parts together."""
    if source.is_file():
        return table_of(source, choices)
    order = {"train": 0, "": 1, "valid": 2, "test": 3}
    files = sorted(_files(source), key=lambda path: (order[part_of(path)], path))
    tables = [(part_of(path), table_of(path, choices)) for path in files]
    return joined(tables, name=str(source), layout="conll") if len(tables) > 1 else tables[0][1]


def part_of(path: Path) -> str:
    """The part that a file's name says, those of the CoNLL tasks included: `eng.testa` is kept for validation.

    >>> part_of(Path("eng.testa.gz")), part_of(Path("de-ud-train.conllu")), part_of(Path("wikigold.txt"))
    ('valid', 'train', '')
    """
    name = re.sub(r"\.(gz|bz2|xz|zst)$", "", path.name.lower())
    found = {_PARTS[word] for word in re.split(r"[-_.\s]+", name) if word in _PARTS}
    return found.pop() if len(found) == 1 else part_in(stem(path))


def _files(folder: Path) -> list[Path]:
    found = [p for p in sorted(folder.iterdir()) if p.is_file() and not is_junk(p.name)]
    return [p for p in found if suffix(p) in EXTENSIONS or (part_of(p) and _looks_like_it(p))]


def _looks_like_it(path: Path) -> bool:
    """Whether most lines of the first part are a word and a tag, with blank lines between sentences."""
    if suffix(path) in (".json", ".jsonl", ".csv", ".parquet", ".npz") or content(path) != "text":
        return False
    try:
        text = read_bytes(path, only=_SAMPLE).decode("utf-8", "replace")
    except DataError:
        return False
    lines = [line.split() for line in text.splitlines()[:-1][:2000]]
    full = [line for line in lines if line]
    if len(full) < 2 or len(full) == len(lines):
        return False
    widths = Counter(map(len, full))
    width, count = widths.most_common(1)[0]
    if width < 2 or count < 0.9 * len(full):
        return False
    return any(
        sum(bool(_TAG.fullmatch(line[at])) for line in full if len(line) == width) > 0.9 * count for at in range(1, width)
    )


def table_of(path: Path, choices: DataChoices) -> Table:
    """The sentences of one file. Raises `DataError` where there are none."""
    where = str(path)
    if content(path) not in ("text", "empty"):
        raise DataError(
            "F-TABLE-CONTENT",
            _("the file is called a table, but holds something else"),
            where=where,
            expected=_("text: a word and its tag on each line"),
            got=content(path),
        )
    data, problems = to_utf8(read_bytes(path), where=where, encoding=choices.encoding)
    text = data.decode().lstrip("\ufeff")
    # a word may hold a blank (a number, an address) only where columns are divided by tabs
    tabs = sum("\t" in line for line in text.split("\n", 200)[:200]) > sum(" " in line for line in text.split("\n", 200)[:200])
    found = _sentences(text, "\t" if tabs else None)
    if not found.sentences:
        raise DataError(
            "F-TABLE-EMPTY",
            _("the file holds no sentence"),
            where=where,
            expected=_("a word and its tag on each line, and a blank line after each sentence"),
        )
    width = Counter(len(word) for sentence in found.sentences for word in sentence).most_common(1)[0][0]
    found, told = _even(found, width, where)
    problems += told
    if width < 2 or not found.sentences:
        raise DataError(
            "F-CONLL-WIDTH",
            _("the lines hold words without tags"),
            where=f"{where}:{found.numbers[0][0] if found.numbers else 1}",
            expected=_("a word and its tag on each line"),
            got=" ".join(found.sentences[0][0]) if found.sentences else "",
        )
    problems += _long(found, where)
    words, tags = _which(found.sentences, width)
    names = {words: "words", tags: "tags"}
    rows = np.array([numbers[0] for numbers in found.numbers])
    columns = {}
    for at in sorted(range(width), key=lambda at: (at != words, at != tags, at)):
        name = names.get(at, f"column{at + 1}")
        cells = pa.array([[word[at] for word in sentence] for sentence in found.sentences], pa.list_(pa.string()))
        columns[name] = Column(name, cells, base=path.parent, file=where, rows=rows)
    hints = {"words": "words", "tags": "tags"}
    return Table(name=where, columns=columns, problems=tuple(problems), hints=hints, layout="conll")


def _sentences(text: str, divider: str | None) -> Lines:
    sentences, numbers = [], []
    now: list[list[str]] = []
    lines: list[int] = []
    for number, line in enumerate([*text.split("\n"), ""], start=1):
        cells = [cell.strip() for cell in line.rstrip("\r").split(divider)] if line.strip() else []
        if cells and cells[0].startswith("-DOCSTART-"):
            cells = []
        elif cells and divider and (re.match(r"#\s*\S+ =|#\s", line) and "\t" not in line):
            continue  # a remark of CoNLL-U
        elif cells and re.fullmatch(r"\d+[-.]\d+", cells[0]) and len(cells) >= 8:
            continue  # words that CoNLL-U writes together, or leaves out
        if cells:
            now.append(cells)
            lines.append(number)
        elif now:
            sentences.append(now)
            numbers.append(lines)
            now, lines = [], []
    return Lines(sentences, numbers)


def _even(found: Lines, width: int, where: str) -> tuple[Lines, list[Problem]]:
    """Only sentences each of whose lines has `width` cells; of the others the first line that has not."""
    kept, bad = [], []
    for at, (sentence, numbers) in enumerate(zip(found.sentences, found.numbers, strict=True)):
        odd = next((n for n, word in zip(numbers, sentence, strict=True) if len(word) != width), None)
        if odd is None:
            kept.append(at)
        else:
            bad.append((odd, next(" ".join(word) for n, word in zip(numbers, sentence, strict=True) if n == odd)))
    if not bad:
        return found, []
    even = Lines([found.sentences[at] for at in kept], [found.numbers[at] for at in kept])
    problem = Problem(
        code="F-CONLL-LINES",
        severity="warning" if len(bad) <= 0.01 * len(found.sentences) else "error",
        what=_n(
            "{n} sentence has a line with more or fewer columns and was left out",
            "{n} sentences have lines with more or fewer columns and were left out",
            len(bad),
        ),
        where=", ".join(f"{where}:{line}" for line, _text in bad[:_SHOWN]) + (", …" if len(bad) > _SHOWN else ""),
        expected=_n("{n} column", "{n} columns", width),
        got=bad[0][1][:80],
        fix=_("mend these lines"),
        count=len(bad),
    )
    return even, [problem]


def _long(found: Lines, where: str) -> Iterator[Problem]:
    """A file without blank lines is one sentence."""
    if len(found.sentences) == 1 and len(found.sentences[0]) > 500:
        yield Problem(
            code="F-CONLL-ONE",
            severity="error",
            what=_("the whole file is one sentence"),
            where=where,
            expected=_("a blank line after each sentence"),
            got=_("{n} words").format(n=len(found.sentences[0])),
        )


def _which(sentences: Sequence[Sequence[Sequence[str]]], width: int) -> tuple[int, int]:
    """The columns of words and of tags."""
    some = list(sentences[:2000])
    cells = [[word[at] for sentence in some for word in sentence] for at in range(width)]
    counting = [all(sentence[i][at] == str(i + 1) for sentence in some for i in range(len(sentence))) for at in range(width)]
    entities = [all(map(_TAG.fullmatch, cells[at])) for at in range(width)]
    named = [at for at in range(width) if entities[at]]
    words = next((at for at in range(width) if not counting[at] and not entities[at]), 0)
    if named:
        # of several (chunks and entities, say) the last; chunks are seldom outside, entities mostly
        return words, named[-1] if named[-1] != words else named[0]
    if counting[0] and width >= 8:  # CoNLL-U: number, word, lemma, universal part of speech
        return words, words + 2
    return words, width - 1 if words != width - 1 else 0
