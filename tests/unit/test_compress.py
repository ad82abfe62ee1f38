"""Compression without trainings: number formats, widths, pruning, what a student learns from, budgets, and the gate."""

import copy
import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from fukami.compress import gate, pruning, quantise, search, wishes
from fukami.compress.asked import Asked
from fukami.compress.contract import Form
from fukami.compress.course import Course
from fukami.compress.gains import note
from fukami.compress.search import Found, is_best
from fukami.core.errors import DataError, GateError, RunError, UsageError
from fukami.core.recipe import LearningChoices
from fukami.core.seeds import generator
from fukami.evaluate.spool import Spool
from fukami.export.onnx_graph import write_graph
from fukami.fields.categories.field import Categories
from fukami.fields.category.field import Category
from fukami.layers.heads import LinearHead
from fukami.models import checkpoint, registry
from fukami.models.contract import Network, width
from fukami.models.onnx_network import OnnxNetwork
from fukami.models.widths import is_narrowed, take_widths
from fukami.objectives.distillation import distilled, similarity_loss
from tests.small_learners import learned, learner
from tests.small_models import families, small_batch, small_model

VECTORS = [(name, takes) for name, takes, gives in families() if gives == "vector"]


def network_of(name: str, takes: str):
    choice, spec, encoder = small_model(name, takes)
    features, members = width(encoder)
    return choice, spec, Network(encoder, LinearHead(features, 3, members)).eval()


# -- pruning -------------------------------------------------------------------------------------------------------------
QUICK = {("cnn", "image"), ("mlp", "row"), ("transformer", "text"), ("tabm", "row")}
"""One of each kind of layer, and one that cannot be pruned; the other families are slow."""


@pytest.mark.parametrize(
    ("name", "takes"), [pytest.param(*pair, marks=[] if pair in QUICK else [pytest.mark.slow]) for pair in VECTORS]
)
def test_what_is_pruned_answers_and_is_built_again_from_its_weights_alone(name, takes, tmp_path):
    choice, spec, network = network_of(name, takes)
    inputs, before = {takes: small_batch(spec)}, sum(p.numel() for p in network.parameters())
    if "pruning" in choice.card.exempt:
        with pytest.raises(UsageError) as refused:
            pruning.prune(network, inputs, 0.5)
        assert refused.value.code == "F-PRUNE-NOTHING" and not is_narrowed(network)
        return
    pruning.prune(network, inputs, 0.5)
    assert sum(p.numel() for p in network.parameters()) < 0.8 * before
    expected = network(inputs)
    assert torch.isfinite(expected).all()

    checkpoint.save(network, tmp_path, choice=choice, spec=spec)
    saved = checkpoint.read(tmp_path)
    encoder = registry.build(saved.choice, saved.spec, gives=saved.gives)
    again = Network(encoder, LinearHead(*((width(encoder)[0], 3, width(encoder)[1])))).eval()
    checkpoint.load(again, tmp_path)
    assert torch.equal(again(inputs), expected)
    assert again.encoder.num_features == network.encoder.num_features


def test_the_least_channels_go_and_the_others_keep_their_weights():
    convolution = nn.Conv2d(1, 16, 3, bias=False)
    with torch.no_grad():
        convolution.weight.copy_(torch.arange(1.0, 17.0)[:, None, None, None].expand_as(convolution.weight))
    encoder = nn.Sequential(convolution, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    encoder.num_features = 16
    network = Network(encoder, LinearHead(16, 2))
    with torch.no_grad():
        network.head.weight.fill_(1.0)
    pruning.prune(network, {"image": torch.rand(2, 1, 8, 8)}, 0.5)
    assert network.encoder[0].weight[:, 0, 0, 0].tolist() == list(range(9, 17))
    assert network.head.weight.shape == (2, 8) and network.head.num_features == 8


class Maps(nn.Module):
    """A head without a matrix of its own: two maps over the features of every place."""

    def __init__(self):
        super().__init__()
        self.mask, self.edge = nn.Conv2d(32, 3, 1), nn.ConvTranspose2d(32, 2, 2, stride=2)

    def forward(self, x: torch.Tensor) -> dict[str, Any]:
        return {"mask": self.mask(x), "edges": (self.edge(x),)}


def test_what_a_head_gives_is_kept_whatever_its_layers_are():
    def network() -> Network:
        torch.manual_seed(0)
        first, second = nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 32, 3, padding=1)
        return Network(nn.Sequential(first, nn.BatchNorm2d(32), nn.ReLU(), second, nn.ReLU()), Maps()).eval()

    pruned, inputs = network(), {"image": torch.rand(2, 1, 8, 8)}
    pruning.prune(pruned, inputs, 0.5)
    found = pruned(inputs)
    assert found["mask"].shape == (2, 3, 8, 8) and found["edges"][0].shape == (2, 2, 16, 16)
    assert pruned.encoder[0].weight.shape[0] == pruned.encoder[3].weight.shape[0] == pruned.head.mask.weight.shape[1] == 16
    again = network()
    take_widths(again, pruned.state_dict())
    again.load_state_dict(pruned.state_dict())
    assert torch.equal(again.eval()(inputs)["mask"], found["mask"])


def test_a_whole_model_that_only_knows_its_losses_is_not_pruned():
    class Whole(nn.Module):
        def losses(self, inputs, targets, rng):
            return {}

    with pytest.raises(UsageError, match="F-PRUNE-NOTHING"):
        pruning.prune(Network(Whole(), nn.Identity()), {"image": torch.rand(2, 1, 8, 8)}, 0.5)


def test_pruning_is_the_same_whenever_it_is_done():
    _choice, spec, network = network_of("cnn", "image")
    other = copy.deepcopy(network)
    for one in (network, other):
        pruning.prune(one, {"image": small_batch(spec)}, 0.5)
    assert all(torch.equal(a, b) for a, b in zip(network.parameters(), other.parameters(), strict=True))


def test_single_weights_that_were_pruned_stay_zero_while_the_network_learns():
    made = learner(steps=3)
    pruning.prune(made.network, {}, 0.5, structured=False)
    zero = {name: p == 0 for name, p in made.network.named_parameters() if p.ndim > 1}
    assert all(0.45 < mask.float().mean() <= 0.51 for mask in zero.values())
    from fukami.engine.loop import train

    before = {name: p.clone() for name, p in made.network.named_parameters()}
    for _progress in train(made):
        pass
    for name, mask in zero.items():
        parameter = dict(made.network.named_parameters())[name]
        assert (parameter[mask] == 0).all() and not torch.equal(parameter, before[name])


def test_weights_of_another_kind_of_layer_are_refused():
    with pytest.raises(RunError) as refused:
        take_widths(nn.Linear(3, 2), {"weight": torch.zeros(2, 3, 1)})
    assert refused.value.code == "F-CHECKPOINT-WIDTHS"


# -- number formats ------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    """A small network, its ONNX file and inputs."""
    _choice, spec, network = network_of("cnn", "image")
    inputs = {"image": small_batch(spec, 16)}
    path = tmp_path_factory.mktemp("graph") / "model.onnx"
    write_graph(network, inputs, path)
    return network, path.read_bytes(), inputs


@pytest.mark.slow
def test_an_onnx_network_answers_as_the_network_it_was_made_from(graph):
    network, model, inputs = graph
    assert torch.allclose(OnnxNetwork(model)(inputs), network(inputs), atol=1e-5)
    one = {"image": inputs["image"][:1].contiguous(memory_format=torch.channels_last)}
    assert torch.allclose(copy.deepcopy(OnnxNetwork(model))(one), network(one), atol=1e-5)


@pytest.mark.parametrize("way", ["static", pytest.param("dynamic", marks=pytest.mark.slow)])
def test_int8_is_a_quarter_of_the_size_and_nearly_the_same_answers(graph, way):
    network, model, inputs = graph
    arrays = [{"image": inputs["image"].numpy()}]
    made = quantise.static(model, arrays) if way == "static" else quantise.dynamic(model, operations=("Conv", "MatMul"))
    assert len(made) < len(model) / 2.5
    outputs, expected = OnnxNetwork(made)(inputs), network(inputs)
    assert 0 < (outputs - expected).abs().max() < 0.1 * expected.abs().max()


def test_a_file_that_is_no_graph_is_told(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"nothing")
    with pytest.raises(RunError) as refused:
        OnnxNetwork.read(tmp_path / "model.onnx")({"image": torch.zeros(1, 1, 2, 2)})
    assert refused.value.code == "F-CHECKPOINT-FILE"
    with pytest.raises(RunError):
        OnnxNetwork.read(tmp_path / "missing.onnx")


# -- distillation --------------------------------------------------------------------------------------------------------
def test_a_student_that_answers_as_its_teacher_has_nothing_to_learn_from_it():
    several = Categories(state={"classes": ["a", "b", "c"]})
    for target in (learned("image-classification")[0].target, learned("tabular-regression")[0].target, several):
        taught, other = torch.randn(2, 4, 1, target.num_outputs)
        own = taught.expand(4, 2, -1).clone().requires_grad_()
        loss = target.taught(own, taught, 2.0)
        assert torch.autograd.grad(loss, own)[0].abs().max() < 1e-6
        assert target.taught(other, taught, 2.0) > loss + 0.01


def test_softened_answers_are_the_divergence_of_hinton():
    target = learned("image-classification")[0].target
    own, taught = torch.randn(5, 1, 3), torch.randn(5, 1, 3)
    p, q = (taught / 3).softmax(-1), (own / 3).softmax(-1)
    assert torch.allclose(target.taught(own, taught, 3.0), 9 * (p * (p / q).log()).sum(-1).mean(), atol=1e-6)


def test_features_of_other_widths_are_compared_by_how_alike_examples_are():
    features = torch.randn(6, 5)
    turned = torch.linalg.qr(torch.randn(5, 5))[0]
    assert float(similarity_loss(features @ turned, features)) == pytest.approx(0, abs=1e-6)
    assert float(similarity_loss(torch.randn(6, 9), features)) > 0.01


def test_the_weights_of_the_loss():
    task, store = learned("image-classification")
    batch = store.batch(np.arange(6))
    network = learner().network.eval()
    objective, rng = task.objective(task, LearningChoices()), torch.Generator()
    taught = network({"image": batch["image"]}, features=True)
    plain = objective(network, batch, rng).loss.mean()

    def loss(**choices):
        learning = LearningChoices(**choices)
        return distilled(objective, task.target, learning, lambda _inputs: taught)(network, batch, rng).loss

    # a student that is its own teacher has only the labels left
    assert torch.allclose(loss(distill_weight=0.25), 0.75 * plain, atol=1e-5)
    assert torch.allclose(loss(distill_weight=0.0), plain, atol=1e-5)
    other = (torch.zeros_like(taught[0]), None)  # a teacher without features, as one in int8
    learning = LearningChoices(distill_weight=1.0)
    assert distilled(objective, task.target, learning, lambda _inputs: other)(network, batch, rng).loss.item() > 0


# -- gate and budget -----------------------------------------------------------------------------------------------------
def test_the_gate_holds_up_to_what_is_allowed_and_names_what_was_lost():
    good = gate.proof("accuracy", 0.9, 0.892, max_drop=1.0, examples=100, how="int8")
    assert good["held"] and good["drop"] == pytest.approx(0.8)
    gate.require(good, "accuracy", 0.9, 0.892, "runs/a")
    bad = gate.proof("accuracy", 0.9, 0.88, max_drop=1.0, examples=100, how="int8")
    with pytest.raises(GateError) as refused:
        gate.require(bad, "accuracy", 0.9, 0.88, "runs/a")
    assert refused.value.code == "F-COMPRESS-GATE" and refused.value.exit_code == 1 and "2.00" in refused.value.got


def test_the_example_that_differs_most_is_one_that_was_judged():
    scores, rows = np.array([[0.2, 0.8], [0.5, 0.5]]), np.array([7, 9])
    before, after = [(scores, None, rows)], [(scores + np.array([[0, 0], [0.1, 0]]), None, rows)]
    assert gate.worst_example(Category(), before, after) == (pytest.approx(0.1), 9)  # type: ignore[arg-type]
    assert gate.worst_example(Category(), before, before) == (0.0, 7)  # type: ignore[arg-type]


def test_a_drop_that_is_no_number_does_not_pass():
    assert not gate.proof("accuracy", 0.9, float("nan"), max_drop=1.0, examples=1, how="int8")["held"]


def test_an_answer_that_is_no_number_is_the_worst_and_does_not_pass():
    scores, rows = np.array([[0.2, 0.8], [0.5, 0.5], [0.1, 0.9]]), np.array([7, 9, 4])
    for bad in (np.nan, np.inf):
        damaged = scores.copy()
        damaged[0] += 0.7
        damaged[1, 0] = bad
        before, after = Spool([(scores, rows, rows)]), Spool([(damaged, rows, rows)])
        difference, row = gate.worst_example(Category(), before, after)
        assert (difference, row) == (float("inf"), 9) and not gate.are_numbers(after) and gate.are_numbers(before)
        with pytest.raises(GateError) as refused:
            gate.require_numbers(difference, "row 10")
        assert refused.value.code == "F-COMPRESS-NUMBER" and refused.value.where == "row 10"


# -- what a budget says --------------------------------------------------------------------------------------------------
UNITS = {
    "latency": {"us": 0.001, "µs": 0.001, "ms": 1, "s": 1000},
    "size": {"B": 1, "kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3},
    "f1_macro-drop": {"": 1, "%": 1},
}


def test_a_condition_means_the_same_however_it_is_typed():
    """Any number, unit, sign, spacing and width of letters; a few hundred of the combinations, drawn."""
    rng, wide = generator(0, "budgets"), {code: code + 0xFEE0 for code in range(ord("!"), ord("~") + 1)}
    for _ in range(300):
        name, units = list(UNITS.items())[rng.integers(len(UNITS))]
        unit = list(units)[rng.integers(len(units))]
        number = ["7", "0.5", "12.25", ".5", "5."][rng.integers(5)]
        sign, space = ["<=", "≤", "≦", "=<"][rng.integers(4)], ["", " "][rng.integers(2)]
        typed = f"{space}{name}{space}{sign}{space}{number}{space}{unit}"
        typed = typed.translate(wide) if rng.integers(2) and "µ" not in unit else typed
        joined = f"accuracy-drop<=3{',，、'[rng.integers(3)]}{typed}"
        first, second = wishes.wishes(joined)
        assert (first.what, first.most) == ("accuracy", 3.0)
        assert (second.what, second.most) == (name.removesuffix("-drop"), pytest.approx(float(number) * units[unit])), typed


@pytest.mark.parametrize(
    ("text", "code", "fix"),
    [
        *(
            (text, "F-BUDGET-FORM", "latency<=10ms")
            for text in ("", " , ", "fast", "latency>=3ms", "latency<=1.2.3ms", "size<=ms")
        ),
        *(
            (text, "F-BUDGET-FORM", "latency<=10ms")
            for text in ("accuracy<=1", "size<=ms", "latency<=0ms", "size<=-1MB", "drop<=1")
        ),
        *((f"latency<={number}ms", "F-BUDGET-FORM", "latency<=10ms") for number in ("nan", "inf", "1e3", "9" * 400)),
        ("latency<10ms", "F-BUDGET-STRICT", '"latency<=10ms"'),
        ("latency<=10", "F-BUDGET-UNIT", '"latency<=10ms"'),
        ("latency<=3MB", "F-BUDGET-UNIT", '"latency<=3ms"'),
        ("size<=5", "F-BUDGET-UNIT", '"size<=5MB"'),
        ("rmse-drop<=2ms", "F-BUDGET-UNIT", '"rmse-drop<=2"'),
        ("acuracy-drop<=1", "F-METRIC-NAME", "accuracy"),
    ],
)
def test_budgets_that_cannot_be_read_are_told_with_what_to_type(text, code, fix):
    with pytest.raises(UsageError) as refused:
        wishes.wishes(text)
    assert refused.value.code == code and fix in refused.value.fix


def test_a_form_is_best_unless_another_is_better_in_everything():
    def found(ms, size, drop):
        return Found(None, ms, size, {"accuracy": drop}, 0.9, False)  # type: ignore[arg-type]

    table = [found(2, 4, 0), found(1, 1, 0.5), found(1, 2, 0.5), found(3, 4, 0)]
    assert [is_best(one, table) for one in table] == [True, True, False, False]


def test_of_forms_that_lose_as_little_and_are_about_as_fast_the_smallest_is_chosen():
    def found(ms, size, drop):
        return Found(None, ms, size, {"accuracy": drop}, 0.9, True)  # type: ignore[arg-type]

    as_it_is, half, slow, small = found(0.071, 91, 0), found(0.0725, 46, 0), found(0.08, 30, 0), found(0.02, 20, 1)
    assert search.chosen([as_it_is, half, slow, small]) is half
    assert search.chosen([as_it_is, slow, small]) is as_it_is


def test_a_run_that_meets_the_budget_as_it_is_is_told():
    found = {"size": [1.0, 1.0], "time": [1.0, 1.0]}
    assert "as it is" in note(found, same=True) and "--distill" in note(found)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "F-COMPRESS-HOW"),
        ({"to": "int4"}, "F-COMPRESS-TO"),
        ({"to": "prune"}, "F-COMPRESS-TO"),
        *(({"prune": share}, "F-COMPRESS-SHARE") for share in (1.5, 1, -0.5, float("nan"))),
        *(({"to": "int8", "max_drop": most}, "F-COMPRESS-DROP") for most in (-1, float("nan"), float("inf"))),
        *(({"prune": 0.5, "epochs": count}, "F-COMPRESS-EPOCHS") for count in (0, -1, float("nan"), float("inf"))),
        ({"to": "int8", "unstructured": True}, "F-COMPRESS-SHARE"),
        ({"to": "int8", "budget": "size<=1MB"}, "F-OPTION-TOGETHER"),
        ({"distill": "cnn", "prune": 0.5}, "F-OPTION-TOGETHER"),
    ],
)
def test_what_cannot_be_done_is_told_before_anything_is_read(asked, code):
    with pytest.raises(UsageError) as refused:
        Asked(**asked)
    assert refused.value.code == code


@pytest.mark.parametrize(("typed", "fix"), [("foo", ""), ("distill", ""), ("int4", "int8"), ("bf6", "bf16")])
def test_what_is_proposed_for_a_number_format_is_one(typed, fix):
    with pytest.raises(UsageError) as refused:
        Asked(to=typed)
    assert "bf16, int8" in refused.value.expected and "prune" not in refused.value.expected and fix in refused.value.fix


def test_a_search_tries_what_is_cheap_first_and_prunes_only_where_it_has_to(monkeypatch):
    def way(_room, name):
        return SimpleNamespace(compress=lambda form, _work, given: replace(form, how=(*form.how, given.words(name))))

    monkeypatch.setattr(search, "load", way)
    form: Any = Form(Path("run"), *([None] * 2))  # type: ignore[arg-type]
    plans, lines = search.planned(Asked(budget="size<=1MB", distill="mlp")), []

    def tried(enough: bool) -> list[str]:
        course = Course([name for name, _given in plans], {"prune": 30.0}, lines.append)
        return [made.name for made in search._forms(form, form, plans, course, lambda: enough)]

    student = ["bf16", "int8", "distill mlp", "distill mlp + int8"]
    pruned = [f"prune {share}{then}" for share in search.SHARES for then in ("", " + int8")]
    assert tried(enough=False) == [*student, *pruned] and tried(enough=True) == student
    assert "bf16: at work" in lines[0] and "1:30" in lines[0] and "it is the last" in lines[9]


def test_a_form_that_cannot_be_made_is_told_and_the_search_goes_on(monkeypatch):
    """Nor is anything made of it: what follows a student that did not learn is the next way, not int8 of something else."""

    def compress(name):
        def made(form, _work, given):
            if given.words(name) in ("distill mlp", "prune 0.3"):
                raise DataError("F-CATEGORY-FEW", "a class has too few examples")
            return replace(form, how=(*form.how, given.words(name)))

        return made

    monkeypatch.setattr(search, "load", lambda _room, name: SimpleNamespace(compress=compress(name)))
    form: Any = Form(Path("run"), *([None] * 2))  # type: ignore[arg-type]
    plans, lines = search.planned(Asked(budget="size<=1MB", distill="mlp")), []
    course = Course([name for name, _given in plans], {}, lines.append)
    found = list(search._forms(form, form, plans, course, lambda: False))
    failed = [one for one in found if isinstance(one, search.Failed)]
    assert [(one.name, one.reason) for one in failed] == [
        (name, "a class has too few examples") for name in ("distill mlp", "prune 0.3")
    ]
    made = [one.name for one in found if isinstance(one, Form)]
    assert made == ["bf16", "int8", "prune 0.5", "prune 0.5 + int8", "prune 0.7", "prune 0.7 + int8"]
    assert "it is the last" in lines[-1]
    told = failed[0].told()
    assert told["why"] and not told["meets"] and told.keys() > {"how", "latency_ms", "bytes", "value", "drops", "chosen"}


def test_a_metric_that_has_no_value_is_said_to_have_none():
    gate.require_value("roc_auc", 0.9, 1, where="runs/a", part="test_fraction")
    with pytest.raises(GateError) as refused:
        gate.require_value("roc_auc", math.nan, 1, where="runs/a", part="test_fraction")
    assert refused.value.code == "F-COMPRESS-METRIC" and "roc_auc" in refused.value.what
    assert refused.value.got == "1 example" and "test_fraction=" in refused.value.fix


def test_what_learns_goes_first_and_names_the_folder():
    asked = Asked(to="int8", distill="cnn")
    assert [way.name for way in asked.steps] == ["distill", "int8"]
    assert asked.beside(Path("runs/a")).name == "a-distill-int8"
    assert Asked(budget="size<=1MB").beside(Path("runs/a")).name == "a-budget"


def test_what_may_be_lost_is_said_by_hand_or_by_the_budget():
    budget = "size<=1MB,accuracy-drop<=2,accuracy-drop<=3,f1_macro-drop<=5"
    assert Asked(to="int8").allowed("accuracy") == 1.0
    assert Asked(budget=budget).allowed("accuracy") == 2.0
    assert Asked(budget=budget, max_drop=0).allowed("accuracy") == 0


def test_every_way_says_how_it_is_asked_for():
    from fukami.core.cards import cards, load

    found = cards("compress/ways")
    assert {card.flag.split()[0] for card in found.values()} == {"--to", "--prune", "--distill"}
    assert all(callable(load("compress/ways", name).compress) for name in found)
