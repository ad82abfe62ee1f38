"""Exporting other kinds of answers: several tensors, places on the input, a network that is asked again.

The kind, its task and its pieces of a program are those of a plugin: where the bright spot of a picture is, in its own pixels.
"""

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from fukami import api
from fukami.compress import graphs as graphs_of_forms
from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.core.cards import card, load
from fukami.core.errors import GateError, UsageError
from fukami.core.tables import Column
from fukami.data.store import prepare
from fukami.engine.plan import Plan
from fukami.evaluate.examples import Judged
from fukami.export import parity, surroundings
from fukami.export.contract import Material, plain
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.export.verb import proven
from fukami.models.contract import Network
from fukami.models.onnx_network import OnnxNetwork, unspelled
from fukami.predictor import Predictor
from fukami.tasks.contract import Stage, Stages
from fukami.tasks.registry import contract
from tests.unit.test_plugins import laid_out

FIELD = """
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from fukami.core.cards import FieldCard
from fukami.core.tables import Column
from fukami.fields.contract import NOTHING, TargetField

CARD = FieldCard(name="spot", summary="where the bright spot is", usual_targets=("spot",))


@dataclass(frozen=True)
class Spot(TargetField):
    @dataclass(frozen=True)
    class Options:
        pass

    kind = "spot"
    losses = ("mse",)
    framed = True
    name: str = "spot"
    options: Options = Options()
    state: dict = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden, rng):
        return [Column("spot", rng.integers(0, 12, (len(hidden), 2)))]

    @classmethod
    def recognise(cls, column):
        return 0.0

    def check(self, columns):
        return iter(())

    def fingerprint(self, columns):
        return np.arange(len(columns[0]), dtype=np.uint64)

    def learn(self, columns, *, seed=0, beside=NOTHING):
        return replace(self, state={"size": beside["image"].state["size_px"]})

    def encode(self, columns, *, frames=NOTHING):
        rows = np.arange(len(columns[0]))
        return {"place": frames["image"].forth(np.asarray(columns[0].values, np.float64), rows)}

    def batch(self, stored, rows, device="cpu"):
        return torch.from_numpy(stored["place"][rows])

    def render(self, columns, row):
        return ""

    def schema(self):
        return {}

    def sketch(self, columns):
        return {}

    def portable(self, *, fixed=False):
        return {"kind": "spot", "code": ["spot"], "size": self.state["size"]}

    def truth(self, batch):
        return {"place": batch, "sure": batch.new_ones(len(batch))}

    def answers(self, outputs):
        return {"place": (outputs.place.double() + 1) / 2 * self.state["size"], "sure": outputs.sure.sigmoid()}

    def graphed(self, outputs):
        return {"sure": outputs.sure.sigmoid(), "at": outputs.place}

    def from_graph(self, outputs):
        return {"place": (outputs["at"].double() + 1) / 2 * self.state["size"], "sure": outputs["sure"]}

    def restore(self, answers, *, frames=NOTHING):
        given = frames["image"].back(answers["place"].numpy(), np.arange(len(answers["place"])))
        return [{"x": float(x), "y": float(y), "sure": float(s)} for (x, y), s in zip(given, answers["sure"])]

    def known(self, truth):
        return [{} for _one in truth["sure"]]

    def apart(self, left, right):
        far = (left["place"] - right["place"]).abs().amax(1) / self.state["size"]
        return torch.maximum(far, (left["sure"] - right["sure"]).abs().double()).nan_to_num(nan=torch.inf)
"""
FILES = {
    "fields/spot/field.py": FIELD,
    "metrics/spot_missed.py": """
import numpy as np

from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(name="spot-missed", summary="distance", of=("spot",), higher_is_better=False)


class State(Mean):
    def per_example(self, answers, truth):
        return np.abs(answers["place"] - truth["place"]).max(1)


def compute(state):
    return state.mean()
""",
    "tasks/spotting.py": """
from fukami.core.cards import TaskCard
from fukami.fields.image.field import Image
from fukami.fields.spot.field import Spot
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="spotting", summary="a picture in, its spot out", inputs=("image",), targets=("spot",), needs="vector",
    headline="spot-missed", recipe="images/classification",
)


def contract():
    return Task(card=CARD, inputs={"image": Image(name="image")}, targets={"spot": Spot()}, head=None, objective=None)
""",
    "export/standalone/spot.py": """
def answer(row, told, frame):
    (sure, at), (across, down) = row, frame["map"]
    x, y = ((float(v) + 1) / 2 * told["size"] for v in at)
    return {"x": (x - across[2]) / across[0], "y": (y - down[2]) / down[1], "sure": float(sure)}
""",
    "export/standalone/spot_asks.py": """
def ask(sessions, part, told):
    x, place = sessions["looks"].run(None, part)[0], None
    place = x[:, :2]
    for _step in range(told["steps"]):
        place, sure = sessions["step"].run(None, {"x": x, "place": place})
    return list(zip(sure, place))
""",
}


class Found(NamedTuple):
    place: torch.Tensor
    sure: torch.Tensor


class Head(nn.Module):
    """Raw outputs that are no single tensor; `steps` that go on from where the last one was."""

    def __init__(self, width: int):
        super().__init__()
        self.layer = nn.Linear(width + 2, 3)

    def step(self, x: torch.Tensor, place: torch.Tensor) -> Found:
        found = self.layer(torch.cat([x, place], 1))
        return Found(found[:, :2].tanh(), found[:, 2])

    def forward(self, x: torch.Tensor) -> Found:
        return self.step(x, x[:, :2])


class Looks(nn.Module):
    def __init__(self, network: Network):
        super().__init__()
        self.encoder = network.encoder

    def forward(self, inputs: dict[str, Any]) -> dict[str, torch.Tensor]:
        return {"features": self.encoder(inputs["image"])}


class Step(nn.Module):
    def __init__(self, network: Network):
        super().__init__()
        self.head: Any = network.head

    def forward(self, inputs: dict[str, Any]) -> dict[str, torch.Tensor]:
        place, sure = self.head.step(inputs["x"], inputs["place"])
        return {"next": place, "sure": sure.sigmoid()}


STEPS = 3


def again(task: Any, network: Any, batch: Any, rng: torch.Generator) -> Any:
    x = network.encoder(batch["image"])
    found = Found(x[:, :2], x[:, 0])
    for _step in range(STEPS):
        found = network.head.step(x, found.place)
    return task.target.answers(found)


def graphs(task: Any, network: Any, inputs: dict[str, Any]) -> Stages:
    with torch.no_grad():
        x = network.encoder(inputs["image"])
    stages = {"looks": Stage(Looks(network), inputs), "step": Stage(Step(network), {"x": x, "place": x[:, :2]})}
    return Stages(stages, code=("spot_asks",), outputs=("sure", "at"), told={"steps": STEPS})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A predictor of that kind, with pictures that are no squares."""
    folder = laid_out(tmp_path_factory.mktemp("plugin"), FILES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FUKAMI_PLUGINS", str(folder))
        rng = np.random.default_rng(0)
        pixels = rng.integers(0, 60, (24, 18, 30)).astype(np.uint8)
        places = np.stack([rng.integers(0, 30, 24), rng.integers(0, 18, 24)], 1)
        pixels[np.arange(24), places[:, 1], places[:, 0]] = 255
        raw = {"image": [Column("image", pixels)], "spot": [Column("spot", places)]}
        task = contract("spotting")
        image = task.inputs["image"].learn(raw["image"])
        learned = task.with_fields({"image": image, "spot": task.target.learn(raw["spot"], beside={"image": image})})
        torch.manual_seed(0)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(learned.input.state["size_px"] ** 2, 8), nn.Tanh())
        network = Network(encoder, Head(8)).eval()
        predictor = plain(Predictor(learned, network, api.recipe_for("spotting", {}), None, Plan()))
        yield predictor, Judged(None, raw, prepare(learned.fields, raw, {}), np.arange(20), [], 0, 0)  # type: ignore[arg-type]
    for name in [name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(folder))]:
        del sys.modules[name]


def material_of(made: Any, place: Path, **members: Any) -> Material:
    predictor, judged = made
    predictor = replace(predictor, task=replace(predictor.task, **members))
    (place / "run" / "model").mkdir(parents=True)
    (place / "run" / "model" / "config.json").write_text("{}")
    return Material(predictor, {"image": judged.store.batch(judged.rows[:3])["image"]}, place / "run")


def written(material: Material, place: Path, to: str = "onnx") -> Any:
    format, run = card("export/formats", to), SimpleNamespace(task="spotting", told={"model": {"name": "own"}})
    described = surroundings.description(run, material.predictor, format)  # type: ignore[arg-type]
    asked = load("export/formats", to).write(material, place)
    described |= {"tensors": surroundings.tensors(material, format), **surroundings.asking(material)}
    surroundings.write(place, format, described, material, ["# a run"])
    return asked


def judge(made: Any, material: Material, place: Path, asked: Any, to: str = "onnx") -> dict[str, Any]:
    limits = {"tolerance": parity.TOLERANCE, "points": parity.POINTS}
    return proven(place, card("export/formats", to), material, asked, made[1], **limits)


@pytest.mark.parametrize("to", ["onnx", "pt2"])
def test_several_tensors_and_places_on_the_input_are_exported(made, tmp_path, to):
    material = material_of(made, tmp_path)
    told = judge(made, material, tmp_path, written(material, tmp_path, to), to)
    assert told["held"] and told["max_difference"] < 1e-5 and told["metrics"]["spot-missed"]["run"] > 0
    assert list(material.given) == ["sure", "at"] and "`at`" in (tmp_path / "README.md").read_text()


def test_a_network_that_is_asked_again_is_exported_as_several_graphs(made, tmp_path):
    material = material_of(made, tmp_path, **AGAIN)
    asked = written(material, tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.onnx")) == ["looks.onnx", "step.onnx"]
    assert judge(made, material, tmp_path, asked)["max_difference"] < 1e-5
    assert "looks.onnx, step.onnx" in (tmp_path / "predict.py").read_text()


def test_what_has_no_graph_says_which_format_has(made, tmp_path):
    for place, to, members, fix in (
        ("a", "pt2", AGAIN, "--to onnx"),
        ("b", "onnx", {"answer": again}, ""),
    ):
        with pytest.raises(UsageError, match="F-TASK-ANSWER") as caught:
            load("export/formats", to).write(material_of(made, tmp_path / place, **members), tmp_path / place)
        assert caught.value.fix == fix


def swapped(folder: Path) -> None:
    model = onnx.load(folder / "model.onnx")
    model.graph.output.extend([model.graph.output[0]])
    del model.graph.output[0]
    onnx.save(model, folder / "model.onnx")


def altered(file: str, old: str, new: str) -> Any:
    def alter(folder: Path) -> None:
        text = (folder / file).read_text("utf-8")
        assert old in text
        (folder / file).write_text(text.replace(old, new), "utf-8")

    return alter


AGAIN = {"answer": again, "graphs": graphs}
FAULTS = {
    "outputs swapped": ({}, swapped),
    "frame ignored": ({}, altered("predict.py", 'down) = row, frame["map"]', "down) = row, ((1, 0, 0), (0, 1, 0))")),
    "frames of others": ({}, altered("predict.py", 'frames(values, told["input"])', 'frames(values[::-1], told["input"])')),
    "size of a picture on its side": ({}, altered("predict.py", "zip(given, wanted", "zip(given[::-1], wanted")),
    "a step less": (AGAIN, altered("preprocessing.json", '"steps": 3', '"steps": 2')),
    "an answer less": (AGAIN, altered("predict.py", "list(zip(sure, place))", "list(zip(sure, place))[:-1]")),
}


QUICK = "an answer less"


@pytest.mark.parametrize("fault", [pytest.param(one, marks=() if one == QUICK else pytest.mark.slow) for one in FAULTS])
def test_faults_of_such_exports_are_refused(made, tmp_path, fault):
    members, alter = FAULTS[fault]
    material = material_of(made, tmp_path, **members)
    asked = written(material, tmp_path)
    alter(tmp_path)
    with pytest.raises(GateError, match="F-EXPORT-"):
        judge(made, material, tmp_path, asked)


def test_a_graph_gives_its_raw_outputs_as_the_network_does(made, tmp_path):
    """As an int8 run holds one, and as it is exported from there."""
    material = material_of(made, tmp_path)
    network = OnnxNetwork.read(write_graph(material.predictor.network, material.inputs, tmp_path / "raw.onnx").path)
    with torch.no_grad():
        found, want = network(material.inputs), material.predictor.network(material.inputs)
    torch.testing.assert_close((found.place, found.sure), tuple(want), atol=1e-5, rtol=0)
    graph = write_graph(network, material.inputs, tmp_path / "joined.onnx", after=material.after)
    assert graph.outputs == ["sure", "at"]
    given = answered(session(graph.path), {"image": material.inputs["image"][:1]})
    np.testing.assert_allclose(given["at"], want.place[:1], atol=1e-5)


def test_what_has_no_graph_is_compressed_and_timed_as_its_predictor_answers(made, tmp_path):
    predictor, judged = made
    predictor = replace(predictor, task=replace(predictor.task, answer=again))
    rows = judged.rows
    work = Work(judged.store, rows, rows, rows, tmp_path, learn=None)  # type: ignore[arg-type]
    form = Form(base=tmp_path, predictor=predictor, recipe=predictor.recipe)
    half = load("compress/ways", "bf16").compress(form, work, Asked(to="bf16"))
    lines = graphs_of_forms.latencies({"before": form, "after": half}, work, seconds=0.01)
    assert all(line["ms"][name]["median"] > 0 for line in lines for name in ("before", "after"))
    with pytest.raises(UsageError, match="F-COMPRESS-GRAPH"):
        load("compress/ways", "int8").compress(form, work, Asked(to="int8"))


def test_names_of_outputs_say_how_they_belong_together():
    assert unspelled({"outputs": 1}) == 1
    assert unspelled({"outputs.levels.0.mask": 1, "outputs.levels.1.mask": 2}) == {"levels": ({"mask": 1}, {"mask": 2})}
