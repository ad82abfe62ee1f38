"""Error rates against jiwer; how likely a text is, and the search for the likeliest, against every path that there is."""

import itertools

import jiwer
import numpy as np
import pyarrow as pa
import pytest
import torch

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.reading import ctc
from fukami.fields.transcript.field import Transcript
from fukami.layers.ctc import Heard, surprise
from fukami.metrics.contract import Running
from fukami.metrics.states.edits import edits

WORDS = ("one", "two", "three", "oh", "don't", "twenty", "a")


def judged(said, heard):
    column = Column("x", pa.array([*said, *heard]))
    target = Transcript().learn([column])
    rows = trees.arrays(target.truth(target.batch(target.encode([column]), np.arange(len(column)))))
    running = Running(["wer", "cer"], target)
    running.update(trees.part(rows, len(said), len(column)), trees.part(rows, 0, len(said)))
    return running.compute()


def test_error_rates_are_those_of_jiwer():
    rng = np.random.default_rng(0)
    said, heard = ([" ".join(rng.choice(WORDS, rng.integers(1, 9))) for _text in range(60)] for _side in range(2))
    heard[3] = said[3]
    found = judged(said, heard)
    assert found["wer"] == pytest.approx(jiwer.wer(said, heard))
    assert found["cer"] == pytest.approx(jiwer.cer(said, heard))


def test_more_words_than_were_said_cost_more_than_all():
    assert judged(["one"], ["one two three"])["wer"] == jiwer.wer(["one"], ["one two three"]) == 2


def test_edits_are_those_of_rapidfuzz():
    distance = pytest.importorskip("rapidfuzz.distance").Levenshtein.distance
    rng = np.random.default_rng(1)
    for _pair in range(50):
        a, b = ("".join(rng.choice(list("abc"), rng.integers(0, 9))) for _side in range(2))
        assert edits(a, b) == distance(a, b)


def chances(log_TK: np.ndarray) -> dict[tuple[int, ...], float]:
    """Text → how likely it is, path by path."""
    found: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(log_TK.shape[1]), repeat=len(log_TK)):
        letters = tuple(ctc.runs(path)[0])
        found[letters] = found.get(letters, 0.0) + float(np.exp(sum(log_TK[t, k] for t, k in enumerate(path))))
    return found


@pytest.mark.parametrize("seed", range(3))
def test_a_text_is_as_likely_as_all_ways_to_say_it(seed):
    log_TK = torch.randn(6, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).log_softmax(1)
    found = chances(log_TK.numpy())
    likeliest = max(found, key=lambda text: found[text])
    letters, _first, _last, nats = ctc.decoded(log_TK.numpy(), 64)
    assert (tuple(letters), np.exp(nats)) == (likeliest, pytest.approx(found[likeliest]))
    ids = torch.tensor([[1, 2, 2]])
    heard = Heard(log_TK[None], torch.tensor([6]), torch.ones(1))
    assert float((-3 * surprise(heard, ids, torch.tensor([3]))).exp()) == pytest.approx(found[1, 2, 2])


def test_the_loss_has_the_gradient_that_it_says():
    x_BTK = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True, generator=torch.Generator().manual_seed(0))
    ids, counts, steps = torch.tensor([[1, 2], [1, 0]]), torch.tensor([2, 1]), torch.tensor([5, 3])

    def loss(x_BTK):
        return surprise(Heard(x_BTK.log_softmax(2), steps, torch.ones(2)), ids, counts)

    assert torch.autograd.gradcheck(loss, (x_BTK,))


def test_letters_are_aligned_on_the_likeliest_path():
    log_TK = torch.randn(7, 3, generator=torch.Generator().manual_seed(4)).log_softmax(1).numpy()
    wanted = [1, 1, 2]
    paths = (p for p in itertools.product(range(3), repeat=7) if ctc.runs(p)[0] == wanted)
    best = max(paths, key=lambda path: sum(log_TK[t, k] for t, k in enumerate(path)))
    assert ctc.aligned(log_TK, wanted) == tuple(ctc.runs(best))
