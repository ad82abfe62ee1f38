"""What the doctor finds in tags and spans: on their own, and against the words that they lie on."""

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.frame import Line
from fukami.fields.labels import alike, listed
from fukami.fields.tags.marks import Marked, broken, marked, on_elements, scheme_of, spans_of

MANY = 0.01


def check_tags(column: Column) -> Iterator[Problem]:
    """Every problem of a column of tags or spans."""
    found = marked(column)
    where = cells.place(column)
    missing = [row for row, one in enumerate(found) if one is None]
    if len(missing) == len(found):
        yield Problem(code="F-TAGS-MISSING", severity="error", what=_("no example has tags"), where=where, count=len(found))
        return
    if missing:
        yield Problem(
            code="F-TAGS-ABSENT",
            severity="warning",
            what=_n("{n} example has no tags and is left out", "{n} examples have no tags and are left out", len(missing)),
            where=cells.places(column, missing),
            expected=_("tags, or an empty list where nothing is marked"),
            count=len(missing),
        )
    wrong = [row for row, one in enumerate(found) if one is not None and one.fault]
    if wrong:
        first = found[wrong[0]]
        assert first is not None
        yield Problem(
            code="F-TAGS-FORM",
            severity="error" if len(wrong) > MANY * len(found) else "warning",
            what=_n("{n} cell of marks cannot be read", "{n} cells of marks cannot be read", len(wrong)),
            where=cells.places(column, wrong),
            expected='["B-PER", "O"] | [{"start": 0, "end": 5, "label": "PER"}]',
            got=first.fault,
            fix=_("mend these cells, or take these examples out"),
            count=len(wrong),
        )
    yield from _scheme(column, found)
    yield from _types(column, found)


def _scheme(column: Column, found: Sequence[Marked | None]) -> Iterator[Problem]:
    tagged = [(row, one.tags) for row, one in enumerate(found) if one is not None and one.tags is not None]
    if not tagged:
        return
    scheme = scheme_of(tags for _row, tags in tagged)
    yield Problem(
        code="F-TAGS-SCHEME",
        severity="note",
        what=_("the tags were read as parts of speech: every word has one")
        if scheme == "words"
        else _("the tags were read as {scheme}").format(scheme=scheme),
        where=cells.place(column),
    )
    odd = [(row, place, tags) for row, tags in tagged if (place := broken(tags, scheme)) is not None]
    if odd:
        _row, place, tags = odd[0]
        yield Problem(
            code="F-TAGS-BROKEN",
            severity="warning",
            what=_n(
                "the tags of {n} example do not follow the scheme {scheme}",
                "the tags of {n} examples do not follow the scheme {scheme}",
                len(odd),
                scheme=scheme,
            ),
            where=cells.places(column, [row for row, _place, _tags in odd]),
            expected=_("an entity that begins, goes on and ends as the scheme has it"),
            got=_("word {n}: {tags}").format(n=place + 1, tags=" ".join(tags[max(0, place - 1) : place + 2])),
            fix=_("mend them; they were read as conlleval does: a new entity begins there"),
            count=len(odd),
        )
    if all(tag.lstrip("-").isdigit() for _row, tags in tagged for tag in tags):
        yield Problem(
            code="F-TAGS-NUMBERS",
            severity="warning",
            what=_("the tags are numbers, so nothing says where an entity begins"),
            where=cells.place(column),
            expected=_("names such as {names}").format(names="B-PER, I-PER, O"),
            fix=_("write the names of the tags instead of their numbers"),
        )


def _types(column: Column, found: Sequence[Marked | None]) -> Iterator[Problem]:
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    spanned = [one for one in found if one is not None and (one.spans or one.tags)]
    words = [one.tags for one in spanned if one.tags is not None]
    of_words = bool(words) and scheme_of(words) == "words"
    for row, one in enumerate(found):
        if one is None or one.fault:
            continue
        labels = list(one.tags or ()) if of_words else [label for *_place, label in one.spans or spans_of(one.tags or [])]
        counts.update(labels)
        for label in labels:
            first.setdefault(label, row)
    if not counts:
        yield Problem(
            code="F-TAGS-NONE",
            severity="error",
            what=_("no example has an entity, so there is nothing to learn"),
            where=cells.place(column),
            fix=_("name the column that holds the entities: --set target=COLUMN"),
        )
        return
    once = [label for label, count in counts.items() if count == 1]
    if once and len(found) > 1:
        yield Problem(
            code="F-TAGS-ONCE",
            severity="warning",
            what=_n("{n} type occurs only once", "{n} types occur only once", len(once)),
            where=cells.places(column, [first[label] for label in once]),
            got=listed(once),
            fix=_("add examples of it, join it with another, or correct its spelling"),
            count=len(once),
        )
    for group in alike(sorted(counts)):
        yield Problem(
            code="F-TAGS-ALIKE",
            severity="warning",
            what=_("types differ only in how they are written"),
            where=cells.places(column, [first[label] for label in group]),
            got=listed(group),
            fix=_("write them alike"),
            count=sum(counts[label] for label in group[1:]),
        )


def against_words(column: Column, line: Line, *, cut: int) -> tuple[np.ndarray, list[Problem]]:
    """Which examples' marks lie on their words (bool, N), and what is to be said of the others. `line` says where the words
    are, of which no more than `cut` are read."""
    found = marked(column)
    fits = np.ones(len(found), bool)
    faults: dict[str, list[tuple[int, str]]] = {}
    for row, one in enumerate(found):
        if one is None or one.fault:
            continue
        starts_L, ends_L = line.starts[row], line.ends[row]
        length, text = len(starts_L), line.texts[row]
        if one.tags is not None:
            if len(one.tags) != length and not (length == cut < len(one.tags)):
                fits[row] = False
                faults.setdefault("count", []).append((row, _("{n} words, {m} tags").format(n=length, m=len(one.tags))))
            continue
        for start, end, label in one.spans or ():
            told = f"{label} [{start}, {end})"
            if start >= end:
                faults.setdefault("backwards", []).append((row, told))
            elif start < 0 or end > len(text):
                faults.setdefault("outside", []).append((row, f"{told} / {len(text)}"))
        quotes = zip(one.spans or (), one.quoted, strict=True)
        unlike = [(s, quote) for s, quote in quotes if quote and text[s[0] : s[1]] != quote and quote.strip() in text]
        if unlike:
            (start, end, _label), quote = unlike[0]
            faults.setdefault("quote", []).append((row, f"{quote!r} ≠ {text[start:end]!r}"))
        inside = [span for span in one.spans or () if 0 <= span[0] < span[1] <= len(text)]
        if on_elements(inside, starts_L, ends_L)[1]:
            faults.setdefault("widened", []).append((row, ""))
        overlapping = _overlap(one)
        if overlapping:
            faults.setdefault("overlap", []).append((row, overlapping))
    return fits, [_told(code, column, rows, len(found)) for code, rows in faults.items()]


def _overlap(one: Marked) -> str:
    reached, before = -1, ""
    for start, end, label in sorted(one.spans or (), key=lambda span: (span[0], -span[1])):
        told = f"{label} [{start}, {end})"
        if start < reached:
            return f"{before}, {told}"
        reached, before = max(reached, end), told
    return ""


def _told(code: str, column: Column, rows: list[tuple[int, str]], total: int) -> Problem:
    n, got = len({row for row, _got in rows}), next((got for _row, got in rows if got), "")
    where = cells.places(column, list(dict.fromkeys(row for row, _got in rows)))
    if code == "count":
        return Problem(
            code="F-TAGS-COUNT",
            severity="error" if n > MANY * total else "warning",
            what=_n("{n} example has not as many tags as words", "{n} examples have not as many tags as words", n),
            where=where,
            expected=_("one tag for each word"),
            got=got,
            fix=_("mend these lines; where words are divided by blanks: {command}").format(command="--set cut=spaces"),
            count=n,
        )
    if code == "backwards":
        return Problem(
            code="F-SPANS-BACKWARDS",
            severity="error" if n > MANY * total else "warning",
            what=_n(
                "{n} example has a span that ends before it starts", "{n} examples have spans that end before they start", n
            ),
            where=where,
            expected=_("start < end, in characters"),
            got=got,
            fix=_("mend these spans; they mark nothing"),
            count=n,
        )
    if code == "outside":
        return Problem(
            code="F-SPANS-OUTSIDE",
            severity="error" if n > MANY * total else "warning",
            what=_n("{n} example has a span outside of its text", "{n} examples have spans outside of their texts", n),
            where=where,
            expected=_("places in the text, counted in characters from 0"),
            got=got,
            fix=_("count characters, not bytes, of the text as it stands in the file"),
            count=n,
        )
    if code == "quote":
        return Problem(
            code="F-SPANS-QUOTE",
            severity="warning",
            what=_n(
                "{n} example has a span whose own words are not those in the text",
                "{n} examples have spans whose own words are not those in the text",
                n,
            ),
            where=where,
            got=got,
            fix=_("count characters, not bytes, of the text as it stands in the file"),
            count=n,
        )
    if code == "overlap":
        return Problem(
            code="F-SPANS-OVERLAP",
            severity="warning",
            what=_n("{n} example has overlapping spans", "{n} examples have overlapping spans", n),
            where=where,
            expected=_("one entity at a place"),
            got=got,
            fix=_("keep one of them; the longer one, or the first, is learned, and the other counts as missed"),
            count=n,
        )
    return Problem(
        code="F-SPANS-WIDENED",
        severity="warning" if n > MANY * total else "note",
        what=_n(
            "{n} example has a span that begins or ends within a word",
            "{n} examples have spans that begin or end within a word",
            n,
        ),
        where=where,
        fix=_("they are widened to whole words, and judged so; or cut texts finer: {command}").format(
            command="--set cut=characters"
        ),
        count=n,
    )
