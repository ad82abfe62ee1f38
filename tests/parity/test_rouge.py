"""ROUGE against the package rouge-score, for one reference and for several."""

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.written.field import Written
from fukami.metrics.contract import Running

reference = pytest.importorskip("rouge_score.rouge_scorer")
WORDS = ["The", "cat,", "sat!", "on", "a", "mat-like", "3.5", "thing", "don't", "#Person1#:"]
NAMES = {"rouge_1": "rouge1", "rouge_2": "rouge2", "rouge_l": "rougeL"}


def texts(count, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 15))) for _text in range(count)]


@pytest.mark.parametrize("several", ["mean", "best"])
def test_the_values_are_those_of_rouge_score(several):
    firsts, seconds, written = texts(40, 0), texts(40, 1), texts(40, 2)
    cells = [f'["{a}", "{b}"]' for a, b in zip(firsts, seconds, strict=True)]
    options = Written.Options(several=several, rouge="rouge")
    target = Written(options=options).learn([Column("x", pa.array([*cells, *written]))])
    truth, answers = (
        target.truth(target.batch(target.encode([Column("x", pa.array(rows))]), np.arange(40))) for rows in (cells, written)
    )
    running = Running(list(NAMES), target)
    running.update(trees.arrays(target.ideal(answers)), trees.arrays(truth))
    scorer = reference.RougeScorer(list(NAMES.values()))
    over = np.mean if several == "mean" else np.max
    pairs = list(zip(firsts, seconds, written, strict=True))
    for name, theirs in NAMES.items():
        wanted = np.mean([over([scorer.score(one, w)[theirs].fmeasure for one in (a, b)]) for a, b, w in pairs])
        assert running.compute()[name] == pytest.approx(100 * wanted, abs=1e-9)
