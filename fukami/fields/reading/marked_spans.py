"""Texts with two marked spans: their pieces, and which tokens of them are read."""

import re

MARKS = ("<e1>", "</e1>", "<e2>", "</e2>")
"""What stands around the first and the second span, in the order of the ids of their tokens."""


def pieces(text):
    """Five pieces of a text, cut at its marks, and the numbers of the marks between them; None where the marks are not right.

    >>> pieces("A <e1>cat</e1> on a <e2>mat</e2>.")
    (['A ', 'cat', ' on a ', 'mat', '.'], [0, 1, 2, 3])
    """
    found = re.split(r"(</?e[12]>)", text)
    marks = [MARKS.index(mark) for mark in found[1::2]]
    if marks not in ([0, 1, 2, 3], [2, 3, 0, 1]) or not all(found[at].strip() for at in (2, 6)):
        return None
    return found[::2], marks


def kept(lengths, most):
    """`(start, stop)` of the tokens that are read of each of five pieces, `most` together: what is cut first is the end, then
    the beginning, then what lies between the spans.

    >>> kept([4, 2, 3, 1, 5], 9)
    [(1, 4), (0, 2), (0, 3), (0, 1), (0, 0)]
    """
    before, first, between, second, after = lengths
    room = most
    found = {}
    for name, length in (("first", first), ("second", second), ("between", between), ("before", before), ("after", after)):
        found[name] = min(length, max(0, room))
        room -= found[name]
    return [
        (before - found["before"], before),
        (0, found["first"]),
        (0, found["between"]),
        (0, found["second"]),
        (0, found["after"]),
    ]


def shortened(found, longest):
    """Five pieces with at most so many letters each: of what stands before both spans the last, of the others the first."""
    return [found[0][-longest:], *(piece[:longest] for piece in found[1:])]
