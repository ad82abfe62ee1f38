"""What the doctor finds in boxes: by themselves, and beside the pictures that they lie on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.boxes.marks import Marked, marked
from fukami.fields.boxes.overlap import iou
from fukami.fields.frame import Plane
from fukami.fields.labels import alike, listed

FEW = 20
"""A class with fewer boxes is hardly learned."""
SLACK = 1.0
"""Pixels by which a box may lie beyond the edge without a word: labelling tools round."""
TWICE = 0.95
"""Two boxes of one class that overlap by more than this stand for one thing."""


def check_boxes(column: Column, classes: Sequence[str] | None) -> Iterator[Problem]:
    """Unreadable cells, missing ones, no boxes at all, boxes without area, the same box twice, unknown, rare and similar
    classes. `classes` are those that were learned, if any."""
    found = marked(column)
    yield from _left_out(column, found)
    good = {row: one for row, one in enumerate(found) if one is not None and not one.fault}
    counts = Counter(label for one in good.values() for label in one.labels)
    if good and not counts and not classes:
        yield Problem(
            code="F-BOXES-NONE",
            severity="error",
            what=_("no picture to learn from has a box"),
            where=cells.place(column),
            expected='[{"box": [x, y, width, height], "label": "cat"}]',
            fix=_("name the column that holds the boxes: --set target=COLUMN"),
        )
        return
    yield from _shapes(column, good)
    yield from _labels(column, good, counts, classes)


def _left_out(column: Column, found: Sequence[Marked | None]) -> Iterator[Problem]:
    """Pictures whose boxes cannot be read, and those of which nothing is said."""
    faulty = [row for row, one in enumerate(found) if one is not None and one.fault]
    if faulty:
        first = found[faulty[0]]
        assert first is not None
        yield Problem(
            code="F-BOXES-FORM",
            severity="error" if len(faulty) == len(found) else "warning",
            what=_n(
                "{n} picture has boxes that cannot be read and is left out",
                "{n} pictures have boxes that cannot be read and are left out",
                len(faulty),
            )
            + f": {first.fault}",
            where=cells.places(column, faulty),
            expected='[{"box": [x, y, width, height], "label": "cat"}]',
            fix=_("mend the cell, or remove the picture"),
            count=len(faulty),
        )
    missing = [row for row, one in enumerate(found) if one is None]
    if missing:
        yield Problem(
            code="F-BOXES-MISSING",
            severity="error" if len(missing) == len(found) else "warning",
            what=_n(
                "nothing is said about {n} picture, which is left out",
                "nothing is said about {n} pictures, which are left out",
                len(missing),
            ),
            where=cells.places(column, missing),
            expected=_("an empty list [] where there is nothing in a picture"),
            fix=_("write [] where a picture has no boxes"),
            count=len(missing),
        )


def _shapes(column: Column, good: Mapping[int, Marked]) -> Iterator[Problem]:
    """Boxes without area, and those that stand twice."""
    yield from _rows(
        column,
        [row for row, one in good.items() if (one.box[:, 2:] <= 0).any()],
        "F-BOXES-AREA",
        lambda n: _n(
            "{n} picture has a box without area, which is left out",
            "{n} pictures have boxes without area, which are left out",
            n,
        ),
        expected=_("a width and a height above 0"),
        fix=_("mend the box: width and height, or the order of its corners"),
    )
    yield from _rows(
        column,
        [row for row, one in good.items() if _twice(one)],
        "F-BOXES-TWICE",
        lambda n: _n("{n} picture has the same box twice", "{n} pictures have the same box twice", n),
        expected=_("one box for each thing"),
        fix=_("remove one of the two"),
    )


def _labels(
    column: Column, good: Mapping[int, Marked], counts: Mapping[str, int], classes: Sequence[str] | None
) -> Iterator[Problem]:
    """Classes that were not learned; before any are learned, those that are rare, or spelt in two ways."""
    if classes is not None:
        known = set(classes)
        unknown = [row for row, one in good.items() if not known.issuperset(one.labels)]
        yield from _rows(
            column,
            unknown,
            "F-BOXES-UNKNOWN",
            lambda n: _n(
                "{n} picture has boxes of a class that was not learned; they are left out",
                "{n} pictures have boxes of a class that was not learned; they are left out",
                n,
            ),
            expected=listed(list(classes)),
            got=listed(sorted(set(counts) - known)),
        )
        return
    few = sorted((label for label, n in counts.items() if n < FEW), key=lambda label: counts[label])
    if few:
        yield Problem(
            code="F-BOXES-FEW",
            severity="warning",
            what=_n("{n} class has fewer than {few} boxes", "{n} classes have fewer than {few} boxes", len(few), few=FEW),
            where=cells.place(column),
            got=", ".join(f"{label!r} {counts[label]}" for label in few[:8]),
            fix=_("add pictures that show it"),
            count=len(few),
        )
    for group in alike(sorted(counts)):
        yield Problem(
            code="F-CATEGORY-ALIKE",
            severity="warning",
            what=_("labels differ only in case, spaces, or in how letters or numbers are written"),
            where=cells.place(column),
            expected=_("one spelling for each class"),
            got=listed(group),
            count=sum(counts[label] for label in group[1:]),
        )


def _rows(
    column: Column, rows: list[int], code: str, what, *, expected: str, got: str = "", fix: str = ""
) -> Iterator[Problem]:
    if rows:
        yield Problem(
            code=code,
            severity="warning",
            what=what(len(rows)),
            where=cells.places(column, rows),
            expected=expected,
            got=got,
            fix=fix,
            count=len(rows),
        )


def _twice(one: Marked) -> bool:
    if len(one) < 2:
        return False
    same_TT = np.array(one.labels)[:, None] == np.array(one.labels)[None]
    return bool((np.triu(iou(one.corners, one.corners), 1)[same_TT] > TWICE).any())


def check_on_pictures(column: Column, plane: Plane | None) -> Iterator[Problem]:
    """Boxes beyond the edge of their picture, and numbers that are shares of its sides rather than pixels."""
    if plane is None:
        return
    shares, beyond, outside, sized, worst, other = [], [], [], [], "", ""
    boxes = 0
    for row, one in enumerate(marked(column)):
        if one is None or one.fault or not len(one):
            continue
        boxes += 1
        width, height = plane.raw[row].tolist()
        if one.corners.max() <= 1.0 + 1e-6 and min(width, height) > 2:
            shares.append(row)
            continue
        if one.size is not None and tuple(one.size) != (width, height):
            sized.append(row)
            other = other or f"{one.size[0]:g} × {one.size[1]:g} / {width} × {height}"
        room_4 = np.tile([width, height], 2)
        off = (one.corners < -SLACK) | (one.corners > room_4 + SLACK)
        if off.any():
            wholly = (one.corners[:, 2:] <= 0).any(1) | (one.corners[:, :2] >= room_4[:2]).any(1)
            (outside if wholly.any() else beyond).append(row)
            at = int((wholly if wholly.any() else off.any(1)).argmax())
            worst = worst or f"[{', '.join(f'{v:g}' for v in one.box[at])}] / {width} × {height}"
    if shares:
        yield Problem(
            code="F-BOXES-SHARES",
            severity="error" if len(shares) > 0.5 * boxes else "warning",
            what=_n(
                "the boxes of {n} picture look like shares of its sides (0 to 1), not like pixels",
                "the boxes of {n} pictures look like shares of their sides (0 to 1), not like pixels",
                len(shares),
            ),
            where=cells.places(column, shares),
            expected=_("pixels of the picture"),
            fix=_("multiply them by width and height, or use the layout of YOLO, which has shares"),
            count=len(shares),
        )
    for code, rows, what, got in (
        (
            "F-BOXES-SIZE",
            sized,
            _n(
                "{n} picture has another size than its annotation says",
                "{n} pictures have another size than their annotations say",
                len(sized),
            ),
            other,
        ),
        (
            "F-BOXES-OUTSIDE",
            outside,
            _n(
                "{n} picture has boxes that lie wholly outside of it; they are left out",
                "{n} pictures have boxes that lie wholly outside of them; they are left out",
                len(outside),
            ),
            worst,
        ),
        (
            "F-BOXES-BEYOND",
            beyond,
            _n(
                "{n} picture has boxes that reach beyond its edge; they are cut",
                "{n} pictures have boxes that reach beyond their edges; they are cut",
                len(beyond),
            ),
            worst,
        ),
    ):
        if rows:
            yield Problem(
                code=code,
                severity="warning",
                what=what,
                where=cells.places(column, rows),
                expected=_("boxes within the picture, in its own pixels"),
                got=got,
                fix=_("were the boxes made on a picture of another size? then scale them; otherwise mend these"),
                count=len(rows),
            )
