"""Temperature scaling finds what was planted, and never makes things worse."""

import numpy as np
import pytest
import torch

import fukami
from fukami.evaluate.calibration import proof
from fukami.evaluate.judge import judge
from fukami.fields.categories.field import Categories
from fukami.fields.category.field import Category
from fukami.fields.temperature import fit_temperature
from tests.small_targets import small_target


def sampled(seed=0, size=20_000, num_classes=4):
    """Logits, and targets drawn with exactly the probabilities that the logits mean."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(size, num_classes)) * 2
    return logits, (logits + rng.gumbel(size=logits.shape)).argmax(1)


def softmax(logits):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def tempered(probabilities, temperature, field=None):
    return (field or Category()).tempered(temperature).settle(torch.from_numpy(probabilities)).numpy()


@pytest.mark.parametrize("planted", [0.4, 1.0, 3.0])
def test_a_planted_temperature_is_found_from_logits_and_probabilities(planted):
    logits, targets = sampled()
    assert fit_temperature(logits * planted, targets) == pytest.approx(planted, rel=0.03)
    assert fit_temperature(softmax(logits * planted), targets) == pytest.approx(planted, rel=0.03)


def test_a_planted_temperature_of_labels():
    rng = np.random.default_rng(0)
    odds = rng.normal(size=(8000, 3)) * 2
    targets = (rng.random(odds.shape) < 1 / (1 + np.exp(-odds))).astype(np.float32)
    sure = 1 / (1 + np.exp(-2.5 * odds))
    temperature = fit_temperature(sure, targets)
    assert temperature == pytest.approx(2.5, rel=0.05)
    told = abs(odds) < 6  # beyond, float32 has no probability short of 1, and the field takes none
    np.testing.assert_allclose(tempered(sure, 2.5, Categories())[told], (1 / (1 + np.exp(-odds)))[told], atol=1e-6)


def test_tempering_keeps_the_answer():
    logits, _targets = sampled(size=100)
    cool = tempered(softmax(logits), 2.0)
    np.testing.assert_allclose(cool, softmax(logits / 2), atol=1e-9)
    np.testing.assert_array_equal(cool.argmax(1), logits.argmax(1))


@pytest.mark.parametrize(
    ("scores", "targets"),
    [
        (np.zeros((0, 3)), np.zeros(0, dtype=int)),
        (np.ones((5, 1)), np.zeros(5, dtype=int)),
        (np.full((5, 2), 0.5), np.zeros(5, dtype=int)),
        (np.full((5, 2), np.nan), np.zeros(5, dtype=int)),
        (np.eye(3), np.array([1, 2, 0])),
        (np.eye(3), np.arange(3)),
    ],
    ids=["empty", "one class", "undecided", "not numbers", "surely wrong", "surely right"],
)
def test_odd_scores_give_a_finite_temperature(scores, targets):
    assert 0.05 <= fit_temperature(scores, targets) <= 20.001


@pytest.mark.parametrize("size", [30, 300])
def test_few_examples_that_are_all_right_do_not_make_every_answer_certain(size):
    logits = np.random.default_rng(0).normal(size=(size, 3)) + np.eye(3)[np.arange(size) % 3] * 6
    targets = logits.argmax(1)
    sure = tempered(softmax(logits), fit_temperature(logits, targets)).max(1)
    assert 1 - 2 / size < sure.mean() < 1 - 0.2 / size  # about one in `size` may be wrong, for all that is known
    odds = np.where(np.arange(size)[:, None] % 2, 3.0, -3.0) + np.zeros((1, 2))
    temperature = fit_temperature(1 / (1 + np.exp(-odds)), (odds > 0).astype(np.float32))
    assert temperature == pytest.approx(3 / np.log(2 * size + 3), rel=0.01)


def test_the_proof_shows_the_gain_on_other_examples():
    target = small_target("category", 4)
    logits, targets = sampled(seed=1)
    temperature = fit_temperature(logits[:10_000] * 3, targets[:10_000])
    held_out, truth, rows = softmax(logits[10_000:] * 3), targets[10_000:], np.arange(10_000)
    before = judge(target, ["log_loss"], [(held_out, truth, rows)])
    after = judge(target, ["log_loss"], [(tempered(held_out, temperature), truth, rows)])
    told = proof(before, after, temperature=temperature)
    assert told["held"] and told["after"]["calibration_error"] < 0.02 < 0.1 < told["before"]["calibration_error"]
    assert told["after"]["log_loss"] < told["before"]["log_loss"]
    assert told["temperature"] == pytest.approx(3, rel=0.05)
    assert not proof(after, before, temperature=1 / 3)["held"]


def test_a_temperature_that_does_harm_on_other_examples_is_not_applied_and_that_is_said(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr("fukami.fields.scored.fit_temperature", lambda *_given: 0.05)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    y = np.where(x[:, 0] + rng.normal(size=200) > 0, "yes", "no")
    options = {"model": "linear", "epochs": 2, "plan": "default"}
    run = fukami.train("tabular-classification", (x, y), out=tmp_path / "run", **options)
    proof = run.proofs["calibration"]
    assert proof["applied"] is False and proof["after"]["calibration_error"] > proof["before"]["calibration_error"]
    assert "temperature" not in run.told["fields"]["label"]["state"]
    assert run.metrics["log_loss"] == pytest.approx(proof["before"]["log_loss"])
    assert "so it is not applied" in capfd.readouterr().err
    assert "so it is not applied" in (run.path / "report.html").read_text("utf-8")


def test_a_temperature_is_fitted_on_no_more_than_bytes_allow_evenly_over_all(monkeypatch):
    """Examples come in the order of their lengths, so the first ones alone would not stand for the others."""
    from fukami.evaluate import whole
    from fukami.fields.category.field import Category

    rng, total = np.random.default_rng(0), 4000
    right = rng.random(total) < np.linspace(0.95, 0.55, total)  # those at the end are harder
    scores = np.where(right[:, None], [[0.9, 0.1]], [[0.1, 0.9]]).astype(np.float32)
    stream = [(scores[at : at + 100], np.zeros(100, np.int64), np.arange(at, at + 100)) for at in range(0, total, 100)]

    class Of:
        task = type("Task", (), {"target": Category(name="label", state={"classes": ["a", "b"], "counts": [1, 1]})})

        def settled(self, answers, truth):
            self.seen = len(answers)
            return self.task.target.settled(answers.numpy(), truth.numpy()).temperature

    one = Of()
    all_of_them = whole.settled_by(one, stream)
    assert one.seen == total
    monkeypatch.setattr(whole, "FITTED_BYTES", 4000)
    few = whole.settled_by(one, stream)
    assert 100 < one.seen < 260 and few == pytest.approx(all_of_them, rel=0.3)
