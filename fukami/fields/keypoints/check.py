"""What the doctor finds in keypoints: by themselves, and beside the pictures that they lie on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.frame import Plane
from fukami.fields.keypoints.marks import Posed, names_of, posed
from fukami.fields.labels import listed

FEW = 20
"""A point that is known less often is hardly learned."""
SLACK = 0.5
"""Pixels by which a point may lie beyond the edge."""
EXPECTED = N_("a list of things with their points in pixels, [] where there is nothing")


def check_keypoints(column: Column, state: Mapping[str, Any], pairs: Sequence[Sequence[int]]) -> Iterator[Problem]:
    """Unreadable cells, missing ones, no point at all, points without a box that holds them, all at one place, unknown and rare
    names, several things in a picture, no left and right. `state` holds what was learned, if anything."""
    found = posed(column)
    yield from _left_out(column, found)
    good = {row: one for row, one in enumerate(found) if one is not None and not one.fault}
    names = names_of(column)
    known = Counter(name for one in good.values() for points in one.points for name in points)
    if not known and not state:
        if good:
            what = _("no picture to learn from has a point")
            fix = _("name the column that holds the points: --set target=COLUMN")
            yield _problem("F-KEYPOINTS-NONE", what, cells.place(column), len(good), fix=fix, severity="error")
        return
    yield from _shapes(column, good)
    if state:
        yield from _unknown(column, good, state)
        return
    several = [row for row, one in good.items() if len(one) > 1]
    if several:
        what = _n("{n} picture shows several things", "{n} pictures show several things", len(several))
        fix = _("pose-heatmap finds the largest of a picture alone; keypoint-rcnn finds all: --model keypoint-rcnn")
        yield _problem("F-KEYPOINTS-SEVERAL", what, cells.places(column, several), len(several), fix=fix, severity="note")
    few = sorted((name for name in names if known[name] < FEW), key=lambda name: known[name])
    if few:
        what = _n(
            "{n} point is known in fewer than {few} places",
            "{n} points are known in fewer than {few} places",
            len(few),
            few=FEW,
        )
        got = ", ".join(f"{name!r} {known[name]}" for name in few[:8])
        yield _problem("F-KEYPOINTS-FEW", what, cells.place(column), len(few), got=got, fix=_("add pictures that show it"))
    if not pairs and len(names) > 1:
        what = _("no names tell which points are left and right, so that mirrored pictures are not learned from")
        fix = _("name the pairs: --set pairs=left_eye:right_eye; where nothing has sides: --set flip=yes")
        yield _problem("F-KEYPOINTS-SIDES", what, cells.place(column), len(names), got=listed(names), fix=fix, severity="note")


def _left_out(column: Column, found: Sequence[Posed | None]) -> Iterator[Problem]:
    """Pictures whose points cannot be read, and those of which nothing is said."""
    faulty = {row: one.fault for row, one in enumerate(found) if one is not None and one.fault}
    if faulty:
        what = _n(
            "{n} picture has points that cannot be read and is left out",
            "{n} pictures have points that cannot be read and are left out",
            len(faulty),
        )
        told = f"{what}: {next(iter(faulty.values()))}"
        severity = "error" if len(faulty) == len(found) else "warning"
        fix = _("mend the cell, or remove the picture")
        yield _problem("F-KEYPOINTS-FORM", told, cells.places(column, list(faulty)), len(faulty), fix=fix, severity=severity)
    missing = [row for row, one in enumerate(found) if one is None]
    if missing:
        what = _n(
            "nothing is said about {n} picture, which is left out",
            "nothing is said about {n} pictures, which are left out",
            len(missing),
        )
        severity = "error" if len(missing) == len(found) else "warning"
        fix = _("write [] where a picture shows nothing")
        yield _problem("F-KEYPOINTS-MISSING", what, cells.places(column, missing), len(missing), fix=fix, severity=severity)


def _shapes(column: Column, good: Mapping[int, Posed]) -> Iterator[Problem]:
    """Points far from their box, all points of a thing at one place, things that stand twice."""
    apart, one_place, twice = [], [], []
    for row, one in good.items():
        for points, corners, bare in zip(one.points, one.corners, one.bare, strict=True):
            xy_P2 = np.array(list(points.values()), float).reshape(-1, 2)
            if len(xy_P2) > 1 and (xy_P2 == xy_P2[0]).all():
                one_place.append(row)
            room = max(float((corners[2:] - corners[:2]).max()), 1.0)
            if len(xy_P2) and not bare and ((xy_P2 < corners[:2] - room) | (xy_P2 > corners[2:] + room)).any():
                apart.append(row)
        shapes = [tuple(sorted(points.items())) for points in one.points if points]
        if len(set(shapes)) < len(shapes):
            twice.append(row)
    for code, rows, what, fix in (
        (
            "F-KEYPOINTS-APART",
            apart,
            _n(
                "{n} picture has points far from the box of their thing",
                "{n} pictures have points far from the box of their thing",
                len(set(apart)),
            ),
            _("are x and y in the right order, and both in pixels?"),
        ),
        (
            "F-KEYPOINTS-SAME",
            one_place,
            _n(
                "{n} picture has all points of a thing at one place",
                "{n} pictures have all points of a thing at one place",
                len(set(one_place)),
            ),
            _("write null, or a visibility of 0, for points that are not known"),
        ),
        (
            "F-KEYPOINTS-TWICE",
            twice,
            _n("{n} picture has the same thing twice", "{n} pictures have the same thing twice", len(twice)),
            _("remove one of the two"),
        ),
    ):
        if rows:
            own = sorted(set(rows))
            yield _problem(code, what, cells.places(column, own), len(own), fix=fix)


def _unknown(column: Column, good: Mapping[int, Posed], state: Mapping[str, Any]) -> Iterator[Problem]:
    """Points and classes that were not learned."""
    names, classes = set(state["points"]), set(state["classes"])
    points = {row: found for row, one in good.items() if (found := {name for told in one.points for name in told} - names)}
    if points:
        what = _n(
            "{n} picture has points that were not learned; they are left out",
            "{n} pictures have points that were not learned; they are left out",
            len(points),
        )
        got, expected = listed(sorted(set().union(*points.values()))), listed(list(state["points"]))
        yield _problem("F-KEYPOINTS-UNKNOWN", what, cells.places(column, list(points)), len(points), expected=expected, got=got)
    labels = {row: found for row, one in good.items() if (found := set(one.labels) - classes)}
    if labels:
        what = _n(
            "{n} picture has things of a class that was not learned; they are left out",
            "{n} pictures have things of a class that was not learned; they are left out",
            len(labels),
        )
        got, expected = listed(sorted(set().union(*labels.values()))), listed(list(state["classes"]))
        yield _problem("F-KEYPOINTS-CLASS", what, cells.places(column, list(labels)), len(labels), expected=expected, got=got)


def _problem(
    code: str, what: str, where: str, count: int, *, expected: str = "", got: str = "", fix: str = "", severity: str = "warning"
) -> Problem:
    expected = expected or _(EXPECTED)
    return Problem(code=code, severity=severity, what=what, where=where, expected=expected, got=got, fix=fix, count=count)


def check_on_pictures(column: Column, plane: Plane | None) -> Iterator[Problem]:
    """Points beyond the edge of their picture, numbers that are shares of its sides, and pictures of another size than told."""
    if plane is None:
        return
    shares, beyond, sized, worst, other, told = [], [], [], "", "", 0
    for row, one in enumerate(posed(column)):
        if one is None or one.fault or not len(one):
            continue
        told += 1
        side_2 = plane.raw[row]
        if one.size is not None and tuple(one.size) != tuple(side_2.tolist()):
            sized.append(row)
            other = other or f"{one.size[0]:g} × {one.size[1]:g} / {side_2[0]:g} × {side_2[1]:g}"
        places = [(name, xy) for points in one.points for name, xy in points.items()]
        xy_P2 = np.array([xy for _name, xy in places], float).reshape(-1, 2)
        if len(xy_P2) and xy_P2.max() <= 1 + 1e-6 and side_2.min() > 2:
            shares.append(row)
            continue
        off_P = ((xy_P2 < -SLACK) | (xy_P2 > side_2 + SLACK)).any(1)
        if off_P.any():
            beyond.append(row)
            name, (x, y) = places[int(off_P.argmax())]
            worst = worst or f"{name} {x:g}, {y:g} / {side_2[0]:g} × {side_2[1]:g}"
    for code, rows, what, got, fix, wrong in (
        (
            "F-KEYPOINTS-SHARES",
            shares,
            _n(
                "the points of {n} picture look like shares of its sides (0 to 1), not like pixels",
                "the points of {n} pictures look like shares of their sides (0 to 1), not like pixels",
                len(shares),
            ),
            "",
            _("multiply them by width and height"),
            len(shares) > 0.5 * told,
        ),
        (
            "F-KEYPOINTS-SIZE",
            sized,
            _n(
                "{n} picture has another size than its annotation says",
                "{n} pictures have another size than their annotations say",
                len(sized),
            ),
            other,
            _("were the points made on a picture of another size? then scale them"),
            False,
        ),
        (
            "F-KEYPOINTS-BEYOND",
            beyond,
            _n(
                "{n} picture has points beyond its edge, which count as not known",
                "{n} pictures have points beyond their edges, which count as not known",
                len(beyond),
            ),
            worst,
            _("were the points made on a picture of another size? then scale them"),
            len(beyond) > 0.9 * told,
        ),
    ):
        if rows:
            severity = "error" if wrong else "warning"
            yield _problem(code, what, cells.places(column, rows), len(rows), got=got, fix=fix, severity=severity)
