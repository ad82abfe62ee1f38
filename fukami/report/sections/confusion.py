"""Which classes are taken for which: a heat map, and the commonest confusions in words."""

import heapq
from collections.abc import Sequence
from typing import Any

from fukami.core.language import N_, _
from fukami.report.charts.matrix import MOST, matrix
from fukami.report.content import Content
from fukami.report.figures import count, percent

TITLE = N_("What is taken for what")
PAIRS = 8


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("confusion") or {}
    labels, counts = [str(label) for label in told.get("labels", [])], told.get("counts", [])
    if not labels or len(labels) != len(counts):
        return None
    kept = worst(counts, MOST)
    note, num = "", len(labels) + int(told.get("left_out") or 0)
    if len(kept) < num:
        note = _("The {shown} classes of {all} with the most mistakes; mistakes towards other classes are not drawn.").format(
            shown=len(kept), all=count(num)
        )
    chart = matrix(
        [labels[i] for i in kept],
        [[int(counts[i][j]) for j in kept] for i in kept],
        title=_("confusion matrix: rows are the truth, columns the answers"),
        truth=_("truth"),
        answer=_("answer"),
        cell_title=_("truth {truth}, answer {answer}: {count} examples, {share} of this row"),
    )
    return {"chart": chart, "note": note, "pairs": _told_pairs(content, told) or pairs(labels, counts)}


def worst(counts: Sequence[Sequence[int]], most: int) -> list[int]:
    """Positions of the `most` classes with the most mistakes, in their own order; all where there are no more.

    >>> worst([[5, 0, 0], [2, 3, 0], [1, 0, 9]], 2)
    [1, 2]
    """
    if len(counts) <= most:
        return list(range(len(counts)))
    mistakes = [sum(row) - row[i] for i, row in enumerate(counts)]
    return sorted(heapq.nlargest(most, range(len(counts)), key=lambda i: mistakes[i]))


def pairs(labels: Sequence[str], counts: Sequence[Sequence[int]]) -> list[dict[str, str]]:
    """The commonest confusions: the truth, the answer given, how often, and the share of the truth's examples."""
    found = ((n, i, j) for i, row in enumerate(counts) for j, n in enumerate(row) if n and i != j)
    out = []
    for n, i, j in heapq.nlargest(PAIRS, found, key=lambda pair: (pair[0], -pair[1], -pair[2])):
        share = percent(n / sum(counts[i]))
        out.append({"truth": labels[i], "answer": labels[j], "count": count(n), "share": share})
    return out


def _told_pairs(content: Content, told: dict[str, Any]) -> list[dict[str, str]]:
    """The commonest confusions as the evaluation counted them, over all classes and not only those of the map."""
    support = {row.get("label"): row.get("support") or 0 for row in content.evaluation.get("per_class") or []}
    out = []
    for pair in (told.get("pairs") or [])[:PAIRS]:
        of_class = support.get(pair["target"], 0)
        share = percent(pair["count"] / of_class) if of_class else "–"
        out.append({"truth": pair["target"], "answer": pair["answer"], "count": count(pair["count"]), "share": share})
    return out
