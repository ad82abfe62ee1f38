"""Optimisers against torch's own, parameter groups, schedules as golden numbers, the moving average."""

import copy

import pytest
import torch
from torch import nn

from fukami.core.recipe import LearningChoices
from fukami.engine.ema import EMA
from fukami.engine.muon import orthogonalise
from fukami.engine.optimisers import build, parameter_groups, set_rate
from fukami.engine.schedules import factor
from fukami.models.contract import Network


class Pair(nn.Module):
    """An encoder of two layers of depth."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(5, 4)
        self.conv = nn.Conv2d(1, 4, 3, padding=1, bias=False)  # before a norm its gradient is noise, which Adam blows up
        self.norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(4, 6)

    def forward(self, x):
        features = self.norm(self.conv(x)).mean((2, 3)) + self.embedding.weight.mean(0)
        return self.linear(features).relu()

    def layer_groups(self):
        return [
            [*self.embedding.parameters(), *self.conv.parameters(), *self.norm.parameters()],
            list(self.linear.parameters()),
        ]


def network(seed: int = 0) -> Network:
    torch.manual_seed(seed)
    return Network(Pair(), nn.Linear(6, 3))


def trained(net: nn.Module, optimizer: torch.optim.Optimizer, steps: int, start: int = 0) -> nn.Module:
    for step in range(start, start + steps):
        x = torch.randn(8, 1, 5, 5, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        net({"x": x}).square().mean().backward()
        optimizer.step()
    return net


REFERENCE = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.01, momentum=0.9, nesterov=True),
    "rmsprop": lambda groups: torch.optim.RMSprop(groups, lr=0.01, momentum=0.9),
    "adam": lambda groups: torch.optim.Adam(groups, lr=0.01),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.01),
}


@pytest.mark.parametrize("name", sorted(REFERENCE))
def test_named_optimisers_are_torchs_own(name):
    learning = LearningChoices(optimizer=name, learning_rate=0.01, weight_decay=0.1)
    ours, theirs = network(), network()
    decayed = [p for p in theirs.parameters() if p.ndim > 1]
    rest = [p for p in theirs.parameters() if p.ndim < 2]
    reference = REFERENCE[name]([{"params": decayed, "weight_decay": 0.1}, {"params": rest, "weight_decay": 0.0}])
    trained(ours, build(learning, parameter_groups(ours, learning)), 5)
    trained(theirs, reference, 5)
    for own, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own, their, rtol=1e-4, atol=1e-6)


def test_muon_is_torchs_on_hidden_matrices_and_adamw_elsewhere():
    learning = LearningChoices(optimizer="muon", learning_rate=0.01, momentum=0.95, weight_decay=0.1)
    ours, theirs = network(), network()
    trained(ours, build(learning, parameter_groups(ours, learning)), 4)
    muon = torch.optim.Muon(
        [theirs.encoder.linear.weight], lr=0.01, momentum=0.95, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"
    )
    # torch's takes no kernels: the one of the convolution is left to ours, by copying it in after every step
    names = {n for n, _ in theirs.named_parameters()} - {"encoder.linear.weight", "encoder.conv.weight"}
    found = dict(theirs.named_parameters())
    adamw = torch.optim.AdamW(
        [
            {"params": [found[n] for n in sorted(names) if found[n].ndim > 1], "weight_decay": 0.1},
            {"params": [found[n] for n in sorted(names) if found[n].ndim < 2], "weight_decay": 0.0},
        ],
        lr=0.01,
    )
    again = network()
    optimizer = build(learning, parameter_groups(again, learning))
    for step in range(4):
        trained(again, optimizer, 1, start=step)
        x = torch.randn(8, 1, 5, 5, generator=torch.Generator().manual_seed(step))
        theirs.zero_grad()
        theirs({"x": x}).square().mean().backward()
        muon.step()
        adamw.step()
        with torch.no_grad():
            theirs.encoder.conv.weight.copy_(again.encoder.conv.weight)
    # torch iterates in bfloat16, which has under three digits
    torch.testing.assert_close(ours.encoder.linear.weight, theirs.encoder.linear.weight, rtol=0, atol=1.5e-3)
    torch.testing.assert_close(ours.head.weight, theirs.head.weight, rtol=0, atol=1.5e-3)
    moved = (ours.encoder.linear.weight - network().encoder.linear.weight).abs().max()
    assert moved > 0.01


def test_orthogonal_updates_have_singular_values_near_one():
    for shape in ((5, 40), (40, 5), (16, 16)):
        values = torch.linalg.svdvals(orthogonalise(torch.randn(shape, generator=torch.Generator().manual_seed(0))))
        assert values.min() > 0.5 and values.max() < 1.3


@pytest.mark.parametrize("name", ["sgd", "rmsprop", "adam", "adamw", "muon"])
def test_state_restored_continues_bit_for_bit(name):
    learning = LearningChoices(optimizer=name, learning_rate=0.01)
    whole = network()
    optimizer = build(learning, parameter_groups(whole, learning))
    trained(whole, optimizer, 3)
    half = copy.deepcopy(whole)
    resumed = build(learning, parameter_groups(half, learning))
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    trained(whole, optimizer, 3, start=3)
    trained(half, resumed, 3, start=3)
    for own, their in zip(whole.parameters(), half.parameters(), strict=True):
        assert torch.equal(own, their)


def test_groups_know_decay_depth_and_matrices():
    net = network()
    groups = parameter_groups(net, LearningChoices(optimizer="muon", weight_decay=0.1), layer_decay=0.5)
    by_parameter = {id(p): g for g in groups for p in g["params"]}
    assert len(by_parameter) == len(list(net.parameters()))
    of = lambda p: by_parameter[id(p)]  # noqa: E731
    assert (of(net.head.weight)["scale"], of(net.encoder.linear.weight)["scale"]) == (1.0, 0.5)
    assert of(net.encoder.conv.weight)["scale"] == 0.25
    assert of(net.encoder.norm.weight)["weight_decay"] == 0.0 == of(net.head.bias)["weight_decay"]
    assert of(net.encoder.conv.weight)["weight_decay"] == 0.1
    matrices = [n for n, p in net.named_parameters() if of(p)["matrices"]]
    assert matrices == ["encoder.conv.weight", "encoder.linear.weight"]
    optimizer = build(LearningChoices(learning_rate=0.1), groups)
    set_rate(optimizer, 0.2)
    assert {g["lr"] for g in optimizer.param_groups} == {0.2, 0.1, 0.05}
    net.encoder.requires_grad_(False)
    assert sum(len(g["params"]) for g in parameter_groups(net, LearningChoices())) == 2


GOLDEN = {
    "constant": [0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0],
    "step": [0.0, 0.5, 1.0, 1.0, 0.1, 0.01, 0.001],
    "cosine": [0.0, 0.5, 1.0, 0.961940, 0.691342, 0.146447, 0.0],
    "one-cycle": [0.04, 0.52, 1.0, 0.961940, 0.691342, 0.146447, 0.0],
}


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_schedules_are_these_numbers(name):
    learning = LearningChoices(schedule=name, warmup=0.2, step_every=0.3)
    found = [factor(p, learning) for p in (0.0, 0.1, 0.2, 0.3 - 1e-3, 0.5, 0.8, 1.0)]
    golden = GOLDEN[name]
    if name in ("cosine", "one-cycle"):
        found[3] = factor(0.3, learning)
    assert found == pytest.approx(golden, abs=1e-6)
    assert factor(-1, learning) == factor(0, learning) and factor(2, learning) == factor(1, learning)
    assert factor(0, LearningChoices(schedule=name, warmup=0.0)) == 1.0


def test_the_average_lags_behind_and_swaps_exactly():
    net = network()
    average = EMA(net, 0.9)
    expected = {n: p.detach().clone() for n, p in net.named_parameters()}
    optimizer = build(LearningChoices(learning_rate=0.05), parameter_groups(net, LearningChoices()))
    for step in range(30):
        trained(net, optimizer, 1, start=step)
        average.update()
        decay = min(0.9, (1 + step) / (10 + step))
        expected = {n: decay * expected[n] + (1 - decay) * p.detach() for n, p in net.named_parameters()}
    before = {n: t.clone() for n, t in net.state_dict().items()}
    with pytest.raises(KeyError), average.swapped() as inside:
        for name, parameter in inside.named_parameters():
            torch.testing.assert_close(parameter.detach(), expected[name], rtol=1e-4, atol=1e-6)
        raise KeyError("an error inside must not leave the averages in place")
    assert all(torch.equal(before[n], t) for n, t in net.state_dict().items())


def test_the_average_resumes():
    net, other = network(), network()
    average, resumed = EMA(net, 0.9), EMA(other, 0.9)
    optimizer = build(LearningChoices(learning_rate=0.05), parameter_groups(net, LearningChoices()))
    trained(net, optimizer, 1)
    average.update()
    resumed.load(average.state())
    other.load_state_dict(net.state_dict())
    average.update()
    resumed.update()
    state, again = average.state(), resumed.state()
    assert state.keys() == again.keys() and all(torch.equal(state[k], again[k]) for k in state)
