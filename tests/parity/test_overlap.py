"""Mean IoU, Dice and pixel accuracy against scikit-learn, on random masks; losses against torch and against their formula."""

import numpy as np
import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score, jaccard_score

from fukami.core.recipe import LearningChoices
from fukami.fields.mask.field import Mask
from fukami.metrics import bootstrap
from fukami.metrics.contract import Running
from fukami.objectives import cross_entropy_dice, dice, pixel_cross_entropy

NAMES = ("miou", "dice", "pixel_accuracy")


def field(K: int) -> Mask:
    state = {"classes": [f"c{k}" for k in range(K)], "values": list(range(K)), "ignored": [255], "coloured": False}
    return Mask(state=state | {"counts": [1] * K, "height": 9, "width": 11})


def drawn(seed: int, K: int, B: int = 7) -> tuple[dict, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, K, (B, 9, 11)).astype(np.uint8)
    answers = np.where(rng.random(truth.shape) < 0.6, truth, rng.integers(0, K, truth.shape)).astype(np.uint8)
    truth[rng.random(truth.shape) < 0.1] = 255
    return {"class": answers, "sure": np.ones(truth.shape, np.float16)}, truth


@pytest.mark.parametrize("K", [2, 5, 40])
def test_figures_are_those_of_scikit_learn(K):
    answers, truth = drawn(K, K)
    running = Running(NAMES, field(K))
    for rows in (slice(0, 3), slice(3, 7)):
        running.update({name: part[rows] for name, part in answers.items()}, truth[rows])
    judged = truth != 255
    y, p = truth[judged], answers["class"][judged]
    expected = {
        "miou": jaccard_score(y, p, average="macro"),
        "dice": f1_score(y, p, average="macro"),
        "pixel_accuracy": accuracy_score(y, p),
    }
    assert running.compute() == pytest.approx(expected)


def test_replicates_draw_pictures():
    answers, truth = drawn(1, 4)
    weights = bootstrap.weights(3, np.arange(7), 20)
    running = Running(NAMES, field(4), replicates=20)
    running.update(answers, truth, weights)
    for replicate in (0, 5, 19):
        rows = np.repeat(np.arange(7), weights[replicate].astype(int))
        alone = Running(NAMES, field(4))
        alone.update({name: part[rows] for name, part in answers.items()}, truth[rows])
        assert {name: values[replicate] for name, values in running.values().items()} == pytest.approx(alone.compute())


def test_classes_that_do_not_occur_do_not_count():
    truth = np.zeros((1, 9, 11), np.uint8)
    running = Running(NAMES, field(3))
    running.update({"class": truth, "sure": truth.astype(np.float16)}, truth)
    assert running.compute() == {"miou": 1.0, "dice": 1.0, "pixel_accuracy": 1.0}
    empty = Running(NAMES, field(3))
    empty.update({"class": truth, "sure": truth.astype(np.float16)}, np.full_like(truth, 255))
    assert all(np.isnan(value) for value in empty.compute().values())


def test_cross_entropy_is_torchs_for_each_picture():
    outputs, targets = torch.randn(3, 4, 6, 5), torch.randint(0, 4, (3, 6, 5))
    targets[0, :2] = 255
    weights = torch.tensor([0.5, 1.0, 2.0, 4.0])
    own = pixel_cross_entropy.build(LearningChoices(label_smoothing=0.0), class_weights=weights)(outputs, targets)
    for b in range(3):
        flat, told = outputs[b].flatten(1).T, targets[b].flatten()
        judged = told != 255
        expected = torch.nn.functional.cross_entropy(flat[judged], told[judged], weight=weights, reduction="sum") / judged.sum()
        torch.testing.assert_close(own[b], expected)


def test_dice_follows_its_formula_and_both_are_added():
    outputs, targets = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True), torch.randint(0, 2, (2, 4, 4))
    targets[1, 0] = 255
    own = dice.build(LearningChoices())(outputs, targets)
    for b in range(2):
        judged, p = targets[b] != 255, outputs[b].softmax(0)
        parts = []
        for k in targets[b][judged].unique():
            t = (targets[b] == k)[judged].double()
            q = p[k][judged]
            parts.append(1 - (2 * (q * t).sum() + 1) / ((q * q).sum() + t.sum() + 1))
        torch.testing.assert_close(own[b], torch.stack(parts).mean())
    both = cross_entropy_dice.build(LearningChoices())(outputs, targets)
    torch.testing.assert_close(both, own + pixel_cross_entropy.build(LearningChoices())(outputs, targets))
    assert torch.autograd.gradcheck(lambda x: dice.build(LearningChoices())(x, targets), outputs)


def test_a_picture_of_which_nothing_is_judged_teaches_nothing():
    outputs = torch.randn(1, 3, 4, 4, requires_grad=True)
    loss = cross_entropy_dice.build(LearningChoices())(outputs, torch.full((1, 4, 4), 255))
    loss.sum().backward()
    assert loss.item() == 0 and outputs.grad is not None and not outputs.grad.any()
