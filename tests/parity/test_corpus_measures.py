"""BLEU and chrF against sacreBLEU's own functions, in several tokenisations; replicates against repeated sentences."""

import numpy as np
import pyarrow as pa
import pytest
import sacrebleu

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.sentence.field import Sentence
from fukami.metrics.contract import Running

WORDS = ["the", "cat,", "sat!", "on", "a", "mat-like", "3.5", "thing", "猫", "が", "いる。", "don't"]


def texts(count, seed):
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _text in range(count)]


def judged(wanted, written, bleu):
    column = Column("x", pa.array([*wanted, *written]))
    target = Sentence(options=Sentence.Options(bleu=bleu)).learn([column])
    rows = trees.arrays(target.truth(target.batch(target.encode([column]), np.arange(2 * len(wanted)))))
    truth, answers = trees.part(rows, 0, len(wanted)), trees.part(rows, len(wanted), 2 * len(wanted))
    return target, answers | {"log_likelihood": np.zeros(len(wanted), np.float32)}, truth


@pytest.mark.parametrize("bleu", ["13a", "none", "char", "intl"])
def test_the_values_are_those_of_sacrebleu(bleu):
    wanted = texts(40, 0)
    written = [a if n % 3 else b for n, (a, b) in enumerate(zip(wanted, texts(40, 1), strict=True))]
    target, answers, truth = judged(wanted, written, bleu)
    running = Running(["bleu", "chrf"], target)
    running.update(answers, truth)
    found = running.compute()
    assert found["bleu"] == pytest.approx(sacrebleu.corpus_bleu(written, [wanted], tokenize=bleu, force=True).score)
    assert found["chrf"] == pytest.approx(sacrebleu.corpus_chrf(written, [wanted]).score)


def test_a_replicate_is_a_corpus_of_repeated_sentences():
    wanted, written = texts(12, 2), texts(12, 3)
    target, answers, truth = judged(wanted, written, "none")
    times = np.array([3, 0, 1, 2, 0, 1, 1, 4, 0, 2, 1, 1])
    running = Running(["bleu", "chrf"], target, replicates=1)
    running.update(answers, truth, np.stack([np.ones(12), times]))
    again = [[text for text, count in zip(side, times, strict=True) for _time in range(count)] for side in (written, wanted)]
    values = running.values()
    assert values["bleu"][1] == pytest.approx(sacrebleu.corpus_bleu(again[0], [again[1]], tokenize="none", force=True).score)
    assert values["chrf"][1] == pytest.approx(sacrebleu.corpus_chrf(again[0], [again[1]]).score)
