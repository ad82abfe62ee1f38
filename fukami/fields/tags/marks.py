"""What people mark in a text, in whatever form they write it down: a tag for each word, or spans of characters.

Tags follow one of the usual schemes. `B-` begins an entity, `I-` goes on (or, in IOB1, begins one that touches no other of its
type), `E-` or `L-` ends it, `S-` or `U-` is one of a single word, `M-` its middle; IO has no more than the type, or `O`. All
are read by one rule, that of conlleval: an entity goes on where `I`, `M`, `E` or `L` follows a word of the same type that has
not ended, and begins anew wherever else. Tags of which none is `O` or has a prefix are tags of words: parts of speech.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIESLUM])[-_](.+)", re.DOTALL)
_START = ("start", "start_offset", "begin", "from", "startOffset", "start_char", "begin_offset")
_END = ("end", "end_offset", "stop", "to", "endOffset", "end_char")
_BOTH = ("span", "offsets", "offset", "indices", "position")
_LABEL = ("label", "type", "entity", "tag", "labels", "entity_group", "category", "entity_type", "class")
_QUOTE = ("text", "name", "word", "mention", "surface")
_INSIDE = ("entities", "spans", "labels", "label", "annotations", "result")
Span = tuple[int, int, str]
"""From, to, type: of characters or of elements."""


@dataclass(frozen=True)
class Marked:
    """What one cell marks: `tags` of words, or `spans` of characters; `fault` says in English why neither could be read.

    `quoted` are the words that a cell gives beside its spans, "" where it gives none.
    """

    tags: list[str] | None = None
    spans: list[Span] | None = None
    quoted: tuple[str, ...] = ()
    fault: str = ""


def marked(column: Column) -> list[Marked | None]:
    """Every cell as what it marks; None where nothing is said about the example."""
    if isinstance(column.values, np.ndarray):
        values = column.values.tolist()
    elif pa.types.is_dictionary(column.values.type):
        values = column.values.dictionary_decode().to_pylist()
    else:
        values = column.values.to_pylist()
    return [read(value) for value in values]


def read(value: Any) -> Marked | None:
    """One raw cell.

    >>> read("B-PER O").tags, read('[{"start": 0, "end": 3, "label": "PER"}]').spans, read([]).spans, read(None)
    (['B-PER', 'O'], [(0, 3, 'PER')], [], None)
    """
    if value is None or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, str):
        text = value.strip()
        if not text:
            return None
        if text[0] not in "[{":
            return Marked(tags=text.split())
        try:
            value = json.loads(text)
        except ValueError:
            return Marked(tags=text.split())
    if isinstance(value, Mapping):
        inner = next((value[name] for name in _INSIDE if isinstance(value.get(name), list)), None)
        if inner is None or _place(value) is not None:
            inner = [value]
        value = inner
    if not isinstance(value, Sequence):
        return Marked(fault=f"{type(value).__name__}")
    if value and all(isinstance(one, str | int | None) for one in value):
        return Marked(tags=[OUTSIDE if one is None or one == "" else str(one) for one in value])
    return _spans(value)


def _spans(value: Sequence[Any]) -> Marked:
    spans, quoted = [], []
    for one in value:
        if isinstance(one, Mapping) and isinstance(one.get("value"), Mapping):
            one = one["value"]
        place = _place(one)
        label = None if place is None else _label(one)
        if place is None or label is None:
            return Marked(fault=json.dumps(one, ensure_ascii=False, default=str)[:80])
        spans.append((*place, label))
        quoted.append(_quote(one))
    return Marked(spans=spans, quoted=tuple(quoted))


def _place(one: Any) -> tuple[int, int] | None:
    if isinstance(one, Mapping):
        start = next((one[name] for name in _START if one.get(name) is not None), None)
        end = next((one[name] for name in _END if one.get(name) is not None), None)
        both = next((one[name] for name in _BOTH if isinstance(one.get(name), Sequence)), None)
        if both is not None and len(both) == 1 and isinstance(both[0], Sequence):
            both = both[0]
        start, end = both if start is None and both is not None and len(both) == 2 else (start, end)
    elif isinstance(one, Sequence) and not isinstance(one, str) and len(one) >= 3:
        start, end = (one[0], one[1]) if not isinstance(one[0], str) or one[0].isdigit() else (one[1], one[2])
    else:
        return None
    try:
        return int(start), int(end)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _label(one: Any) -> str | None:
    if isinstance(one, Mapping):
        found = next((one[name] for name in _LABEL if one.get(name) not in (None, [], "")), None)
    else:
        found = one[2] if not isinstance(one[0], str) or one[0].isdigit() else one[0]
    if isinstance(found, list):
        found = found[0] if found else None
    return None if found is None else str(found)


def _quote(one: Any) -> str:
    if not isinstance(one, Mapping):
        return ""
    found = next((one[name] for name in _QUOTE if isinstance(one.get(name), str)), "")
    return str(found)


# -- schemes -------------------------------------------------------------------------------------------------------------
def parted(tag: str) -> tuple[str, str]:
    """Prefix and type of a tag: ("", "") for O, ("I", type) for a type alone.

    >>> parted("B-PER"), parted("O"), parted("PER")
    (('B', 'PER'), ('', ''), ('I', 'PER'))
    """
    if tag == OUTSIDE:
        return "", ""
    found = _PREFIXED.fullmatch(tag)
    return (found[1], found[2]) if found else ("I", tag)


def scheme_of(sequences: Iterable[Sequence[str]]) -> str:
    """The scheme that most of the tags follow: IOB1, IOB2, BIOES, BILOU, BMES, IO, or `words` where each has a tag of its own.

    >>> scheme_of([["I-PER", "O", "I-LOC", "B-LOC"]]), scheme_of([["B-PER", "I-PER", "O"]]), scheme_of([["DT", "NN"]])
    ('IOB1', 'IOB2', 'words')
    """
    prefixes: Counter[str] = Counter()
    begun: Counter[str] = Counter()
    outside = bare = total = 0
    for tags in sequences:
        before = ("", "")
        for tag in tags:
            total += 1
            now = parted(tag)
            if now[0]:
                bare += _PREFIXED.fullmatch(tag) is None
                prefixes[now[0]] += 1
                if now[1] != before[1]:
                    begun[now[0]] += 1
            outside += not now[0]
            before = now
    prefixed = sum(prefixes.values()) - bare
    if bare > prefixed:
        return "IO" if outside > 0.2 * total else "words"
    if prefixes["L"] or prefixes["U"]:
        return "BILOU"
    if prefixes["M"]:
        return "BMES"
    if prefixes["E"] or prefixes["S"]:
        return "BIOES"
    return "IOB1" if begun["I"] > begun["B"] else "IOB2"


def spans_of(tags: Sequence[str]) -> list[Span]:
    """The entities of a sequence of tags, as elements from, to (without it), and type.

    >>> spans_of(["I-PER", "I-PER", "B-PER", "O", "S-LOC", "E-LOC"])
    [(0, 2, 'PER'), (2, 3, 'PER'), (4, 5, 'LOC'), (5, 6, 'LOC')]
    """
    found: list[Span] = []
    begin, kind, open_ = 0, "", False
    for at, tag in enumerate(tags):
        prefix, now = parted(tag)
        goes_on = open_ and prefix in ("I", "M", "E", "L") and now == kind
        if not goes_on:
            if kind:
                found.append((begin, at, kind))
            begin, kind = at, now
        open_ = bool(prefix) and prefix not in ("E", "L", "S", "U")
    return [*found, (begin, len(tags), kind)] if kind else found


def broken(tags: Sequence[str], scheme: str) -> int | None:
    """The first place where tags do not follow their scheme; None where they do.

    >>> broken(["O", "I-PER"], "IOB2"), broken(["I-LOC", "I-PER"], "IOB1"), broken(["B-PER", "O"], "BIOES")
    (1, None, 0)
    """
    if scheme in ("IO", "words"):
        return None
    closed = scheme in ("BIOES", "BILOU", "BMES")
    last, single, middle = {"BILOU": ("L", "U", "I"), "BMES": ("E", "S", "M")}.get(scheme, ("E", "S", "I"))
    before = ("", "")
    for at, tag in enumerate([*tags, OUTSIDE]):
        now = parted(tag)
        if at < len(tags) and tag != OUTSIDE and _PREFIXED.fullmatch(tag) is None:
            return at
        inside = before[0] in ("B", middle) if closed else bool(before[0])
        goes_on = now[0] in (middle, last)
        if closed and inside and not (goes_on and now[1] == before[1]):
            return at - 1
        if closed and now[0] and now[0] not in ("B", middle, last, single):
            return at
        if goes_on and not (inside and now[1] == before[1]) and scheme != "IOB1":
            return at
        before = now
    return None


def on_elements(spans: Sequence[Span], starts_L: np.ndarray, ends_L: np.ndarray) -> tuple[list[Span], int, int]:
    """Spans of characters as spans of elements, in their order; how many were widened to whole elements, and how many are left
    out, as they lie on no element, or on one that an earlier or longer span has.

    >>> on_elements([(0, 3, "A"), (4, 6, "B"), (5, 7, "C")], np.array([0, 4]), np.array([3, 7]))
    ([(0, 1, 'A'), (1, 2, 'B')], 1, 1)
    """
    found: list[Span] = []
    widened, lost, reached = 0, 0, 0
    for start, end, label in sorted(spans, key=lambda span: (span[0], -span[1])):
        first = int(np.searchsorted(ends_L, start, side="right"))
        stop = int(np.searchsorted(starts_L, end, side="left"))
        if end <= start or first >= stop or first < reached:
            lost += 1
            continue
        widened += bool(starts_L[first] != start or ends_L[stop - 1] != end)
        found.append((first, stop, label))
        reached = stop
    return found, widened, lost
