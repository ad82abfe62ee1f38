"""Losses: their gradients in float64, their values against torch and hand-made references, and which targets they fit."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from fukami.core.cards import cards, load
from fukami.core.errors import UsageError
from fukami.core.recipe import LearningChoices
from fukami.fields.registry import field_class
from fukami.fields.scored import Scored
from fukami.objectives.contract import Outcome
from fukami.objectives.imbalance import class_weights, decide, row_weights
from fukami.objectives.mixing import Mixed, mix, mixed
from fukami.objectives.penalty import penalised
from fukami.objectives.supervised import loss_name, supervised

B, K = 6, 4
SCORED = sorted(n for n, c in cards("objectives").items() if all(issubclass(field_class(k), Scored) for k in c.of))
"""Losses of one vector of scores an example; those of other answers are tried with their fields."""


def example(kind: str, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs and targets of a target kind, in float64."""
    rng = torch.Generator().manual_seed(seed)
    if kind == "category":
        return torch.randn(B, K, generator=rng, dtype=torch.float64), torch.randint(K, (B,), generator=rng)
    if kind == "categories":
        return torch.randn(B, K, generator=rng, dtype=torch.float64), torch.randint(2, (B, K), generator=rng).double()
    return torch.randn(B, 1, generator=rng, dtype=torch.float64), torch.randn(B, generator=rng, dtype=torch.float64)


def target_of(kind: str, name: str = "label", losses: tuple[str, ...] = (), counts: tuple[int, ...] = ()):
    """A target as objectives see it, of K classes or of a number."""
    facts = {"class_counts": list(counts)} if counts else {}
    paired = partial(field_class(kind).paired, field_class(kind)())
    losses = losses or field_class(kind).losses
    return SimpleNamespace(kind=kind, name=name, losses=losses, framed=False, facts=lambda: facts, paired=paired)


def task_of(kind: str, *losses: str, counts: tuple[int, ...] = ()):
    target = target_of(kind, losses=losses, counts=counts)
    return SimpleNamespace(target=target, targets={"label": target}, inputs={"image": None})


def loss_of(task, outputs_BMK, targets, **choices):
    """The mean loss of outputs, as a network that gives them has it."""
    own = choices.pop("loss", None)
    objective = supervised(task, LearningChoices(**choices), loss=own)
    network = lambda inputs, features: (outputs_BMK, None)  # noqa: E731
    return objective(network, {"image": None, "label": targets}, torch.Generator()).loss.mean()


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("weighted", [False, True])
def test_gradients_are_right_and_losses_are_per_example(name, weighted):
    (kind,) = cards("objectives")[name].of
    if weighted and kind == "number":
        pytest.skip("a number has no classes")
    weights = torch.tensor([0.5, 1.0, 2.0, 3.0]) if weighted else None
    loss = load("objectives", name).build(LearningChoices(label_smoothing=0.1, focal_gamma=1.5), class_weights=weights)
    outputs, targets = example(kind)
    assert loss(outputs, targets).shape == (B,)
    assert torch.autograd.gradcheck(lambda x: loss(x, targets), outputs.requires_grad_())


@pytest.mark.parametrize("name", SCORED)
def test_losses_stay_finite_for_extreme_outputs(name):
    (kind,) = cards("objectives")[name].of
    outputs, targets = example(kind)
    outputs = (outputs.float() * 1e4).requires_grad_()
    for gamma in (0.5, 2.0):
        loss = load("objectives", name).build(LearningChoices(focal_gamma=gamma))(outputs, targets)
        (grad,) = torch.autograd.grad(loss.sum(), outputs)
        assert torch.isfinite(loss).all() and torch.isfinite(grad).all()


def test_focal_without_discount_is_cross_entropy():
    for focal, plain, kind in (("focal", "cross-entropy", "category"), ("focal-binary", "binary-cross-entropy", "categories")):
        outputs, targets = example(kind)
        weights = torch.tensor([0.5, 1.0, 2.0, 3.0])
        ours = load("objectives", focal).build(LearningChoices(focal_gamma=0.0), class_weights=weights)(outputs, targets)
        theirs = load("objectives", plain).build(LearningChoices(), class_weights=weights)(outputs, targets)
        torch.testing.assert_close(ours, theirs)


def test_focal_discounts_by_the_formula():
    outputs, targets = example("category")
    p = outputs.softmax(-1)[torch.arange(B), targets]
    ours = load("objectives", "focal").build(LearningChoices(focal_gamma=2.0))(outputs, targets)
    torch.testing.assert_close(ours, -((1 - p) ** 2) * p.log())


def test_cross_entropy_agrees_with_torch_where_torch_means_the_same():
    outputs, targets = example("category")
    ours = load("objectives", "cross-entropy").build(LearningChoices(label_smoothing=0.2))(outputs, targets)
    torch.testing.assert_close(ours.mean(), F.cross_entropy(outputs, targets, label_smoothing=0.2))


def test_members_are_averaged_as_losses_not_as_outputs():
    outputs_BMK = torch.randn(B, 3, K)
    targets = torch.randint(K, (B,))
    apart = torch.stack([F.cross_entropy(outputs_BMK[:, m], targets) for m in range(3)]).mean()
    torch.testing.assert_close(loss_of(task_of("category", "cross-entropy"), outputs_BMK, targets), apart)


def test_counts_weigh_rare_classes_only_when_asked():
    counts = np.array([1000, 10, 10, 10])
    outputs, targets = torch.randn(B, 1, K), torch.tensor([0, 0, 1, 1, 2, 3])
    task = task_of("category", "cross-entropy", counts=tuple(counts.tolist()))
    plain = loss_of(task, outputs, targets, imbalance="none")
    auto = loss_of(task, outputs, targets)
    each = F.cross_entropy(outputs[:, 0], targets, reduction="none")
    torch.testing.assert_close(plain, each.mean())
    torch.testing.assert_close(auto, (each * torch.from_numpy(class_weights(counts))[targets]).mean())


def test_a_loss_of_the_users_own():
    outputs = torch.tensor([[[1.0]], [[2.0]]])
    cubed = lambda out, y: (out.squeeze(-1) - y).abs() ** 3  # noqa: E731
    assert loss_of(task_of("number", "mse"), outputs, torch.zeros(2), loss=cubed).item() == pytest.approx(4.5)


def test_the_default_is_the_targets_first_and_a_misfit_names_what_fits():
    assert loss_name(target_of("category", losses=("focal", "cross-entropy")), LearningChoices()) == "focal"
    assert loss_name(target_of("number", losses=("mse",)), LearningChoices(loss="huber")) == "huber"
    with pytest.raises(UsageError) as told:
        loss_name(target_of("number", losses=("mse", "mae")), LearningChoices(loss="focal"))
    assert told.value.code == "F-LOSS-FIT" and "mse, mae, huber" in told.value.expected
    with pytest.raises(UsageError, match="cross-entropy"):
        loss_name(target_of("category", losses=("cross-entropy",)), LearningChoices(loss="cros-entropy"))


def test_imbalance_is_decided_from_the_counts_that_are_there():
    assert decide(np.array([100, 10]), "auto") == "none"
    assert decide(np.array([101, 10]), "auto") == "weights"
    assert decide(np.array([101, 0, 100]), "auto") == "none"
    weights = class_weights(np.array([90, 10, 0]))
    assert weights[2] == 1 and (weights * [90, 10, 0]).sum() == pytest.approx(100)
    rows = row_weights(np.array([90, 10, 0]), np.array([0] * 90 + [1] * 10))
    assert rows.mean() == pytest.approx(1) and rows[-1] / rows[0] == pytest.approx(3)


def images(seed: int = 0) -> dict[str, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return {"image": torch.rand(B, 3, 8, 8, generator=rng), "label": torch.arange(B) % K}


@pytest.mark.parametrize("options", [{"mixup": 0.4}, {"cutmix": 1.0}, {"mixup": 0.4, "cutmix": 1.0}])
def test_mixing_blends_pictures_and_targets_in_the_same_share(options):
    learning, task = LearningChoices(**options), task_of("category")
    for seed in range(20):
        batch = images(seed)
        out = mix(batch, task, learning, torch.Generator().manual_seed(seed))
        again = mix(batch, task, learning, torch.Generator().manual_seed(seed))
        assert torch.equal(out["image"], again["image"]) and torch.equal(batch["image"], images(seed)["image"])
        pair = out["label"]
        assert isinstance(pair, Mixed) and torch.equal(pair.first, batch["label"])
        # recover the share of the first picture from the pixels: pictures of a constant colour make it exact
        flat = {"image": batch["label"].float()[:, None, None, None].expand(B, 1, 8, 8).contiguous(), "label": batch["label"]}
        share = mix(flat, task, learning, torch.Generator().manual_seed(seed))
        expected = pair.weight * pair.first + (1 - pair.weight) * pair.second
        torch.testing.assert_close(share["image"].mean((1, 2, 3)), expected.float(), atol=1e-5, rtol=0)


def test_a_mixed_target_gives_the_mixed_loss():
    outputs, first, second = torch.randn(B, 1, K), torch.randint(K, (B,)), torch.randint(K, (B,))
    loss = loss_of(task_of("category", "cross-entropy"), outputs, Mixed(first, second, 0.3), mixup=0.4)
    apart = 0.3 * F.cross_entropy(outputs[:, 0], first) + 0.7 * F.cross_entropy(outputs[:, 0], second)
    torch.testing.assert_close(loss, apart)
    assert mixed(lambda outputs, targets: outputs.sum())(torch.ones(2), first).item() == 2


def test_what_cannot_be_mixed_is_refused():
    rng = torch.Generator()
    with pytest.raises(UsageError, match="F-MIX-INPUT"):
        mix({"image": ("ids", "lengths"), "label": torch.zeros(2)}, task_of("category"), LearningChoices(mixup=0.2), rng)
    with pytest.raises(UsageError, match="F-MIX-INPUT"):
        mix({"image": torch.zeros(2, 5), "label": torch.zeros(2)}, task_of("category"), LearningChoices(cutmix=0.2), rng)
    batch = images()
    assert mix(batch, task_of("category"), LearningChoices(), rng) is batch
    lying = task_of("mask", "dice")
    lying.target.framed = True
    assert isinstance(mix(batch, lying, LearningChoices(mixup=0.4), rng)["label"], Mixed)
    for task, learning in ((lying, {"cutmix": 1.0}), (task_of("tags"), {"mixup": 0.4})):  # a mask; a model of its own losses
        with pytest.raises(UsageError, match="F-MIX-TARGET"):
            mix(batch, task, LearningChoices(**learning), rng)


def test_the_penalty_sums_weights_but_not_biases():
    layer = torch.nn.Linear(2, 1)
    objective = penalised(lambda network, batch, rng: Outcome(torch.zeros(())), 0.1)
    loss = objective(layer, {}, torch.Generator()).loss
    assert loss.item() == pytest.approx(0.1 * layer.weight.abs().sum().item())
    loss.backward()
    assert layer.bias.grad is None and torch.equal(layer.weight.grad, 0.1 * layer.weight.sign())
    plain = lambda network, batch, rng: batch  # noqa: E731
    assert penalised(plain, 0.0) is plain
