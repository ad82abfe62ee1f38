"""Inputs that are the same for nearly every example: a dead sensor, one column that never changes, a blank picture.

Judged as the network gets them, since a column may be dropped, and a text may consist of unknown words.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import torch

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.core.percent import percent
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look

CARD = SymptomCard(
    name="constant-inputs",
    summary="inputs that are the same for nearly every example",
    explains=(
        "labels",
        "initialisation",
        "gradients",
        "learning-rate",
        "dead-units",
        "one-batch",
        "label-noise",
        "underfitting",
        "overfitting",
    ),
)

MOST = 0.9
"""Share of examples with the same inputs from which nothing is to be learned."""


def look(case: Case) -> Look:
    batch = case.inputs(case.batch(case.sample))
    counts = Counter(_marks(batch, len(case.sample)))
    share = counts.most_common(1)[0][1] / len(case.sample)
    figures = {"examples": len(case.sample), "different_inputs": len(counts), "commonest": round(share, 3)}
    if share < MOST:
        return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-CONSTANT",
        score=0.96,
        what=_("as the network gets them, {share} of the examples have the same inputs, so nothing tells them apart").format(
            share=percent(share, digits=0)
        ),
        evidence=figures,
        fix=case.check,
    )
    return Look(figures, finding)


def _marks(batch: dict[str, Any], size: int) -> list[bytes]:
    """A hash of the inputs of each example."""
    made = [hashlib.blake2b(digest_size=16) for _i in range(size)]
    for leaf in _leaves(batch):
        values = leaf.detach().cpu().contiguous().numpy()
        for mark, value in zip(made, values, strict=True):
            mark.update(value.tobytes())
    return [mark.digest() for mark in made]


def _leaves(tree: Any) -> Iterator[torch.Tensor]:
    if isinstance(tree, torch.Tensor):
        yield tree
    elif isinstance(tree, (dict, tuple, list)):
        for part in tree.values() if isinstance(tree, dict) else tree:
            yield from _leaves(part)
