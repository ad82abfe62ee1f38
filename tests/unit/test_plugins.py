"""Plugins: folders and installed packages bring tasks, fields, models, metrics, readers and the rest as if they lay here."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fukami
from fukami.cli import _verbs
from fukami.cli.main import main
from fukami.core import language
from fukami.core.cards import card, cards, known, load
from fukami.core.errors import UsageError
from fukami.data.doctor import checks
from fukami.data.readers import layouts
from fukami.export.assemble import program
from fukami.fields.registry import field_class

TASK = """
from fukami.core.cards import TaskCard
from fukami.fields.category.field import Category
from fukami.fields.row.field import Row
from fukami.tasks.compose import predict_one_target

CARD = TaskCard(
    name="row-weather",
    summary="a row in, the weather out",
    inputs=("row",),
    targets=("category",),
    needs="vector",
    headline="accuracy",
    also=("far-off",),
    recipe="weather/usual",
)


def contract():
    return predict_one_target(CARD, (Row(name="row"),), Category(name="label"))
"""
METRIC = """
from fukami.core.cards import MetricCard
from fukami.metrics.states.mean import Mean

CARD = MetricCard(name="far-off", summary="share of answers that are wrong", of=("category",), higher_is_better=False)


class State(Mean):
    def per_example(self, scores, targets):
        return scores.argmax(1) != targets


def compute(state):
    return state.mean()
"""
MODEL = """
from torch import nn

from fukami.core.cards import ModelCard
from fukami.layers.rows import FlatRow

CARD = ModelCard(name="flat-plug", summary="the row itself", takes=("row",), gives=("vector",), learning={"learning_rate": 0.1})


def build(spec, *, gives="vector"):
    return Flat(spec)


class Flat(nn.Module):
    def __init__(self, spec):
        super().__init__()
        self.embed = FlatRow(spec, 0)
        self.num_features = self.embed.num_features

    def forward(self, cells):
        return self.embed(cells)
"""
READER = """
import numpy as np

from fukami.core.language import N_
from fukami.core.tables import Column, Table

TOLD = N_("readings of a weather station")


def claims(source, kinds):
    return 1.0 if source.suffix == ".weather" else 0.0


def read(source, choices, *, kinds=()):
    lines = [line.split("|") for line in source.read_text("utf-8").splitlines()]
    heat, wind = (np.array([float(line[at]) for line in lines]) for at in (0, 1))
    columns = (Column("heat", heat), Column("wind", wind), Column("label", np.array([line[2] for line in lines])))
    return Table(name=str(source), columns={c.name: c for c in columns}, hints={"target": "label"}, layout="weather-log")
"""
FIELD = """
from fukami.core.cards import FieldCard
from fukami.fields.shade.check import NAMES
from fukami.fields.category.field import Category

CARD = FieldCard(name="shade", summary="one of the shades", usual_targets=("shade",))


class Shade(Category):
    kind = "shade"
    names = NAMES
"""
FILES = {
    "tasks/row_weather.py": TASK,
    "metrics/far_off.py": METRIC,
    "models/flat_plug/model.py": MODEL,
    "data/readers/weather_log.py": READER,
    "data/checks/weather.py": "def check(evidence):\n    return ()\n",
    "fields/shade/field.py": FIELD,
    "fields/shade/check.py": 'NAMES = ("light", "dark")\n',
    "recipes/weather.py": 'def usual(facts):\n    return {"name": "flat-plug", "epochs": 3, "batch_size": 16}\n',
    "report/sections/weather.py": 'TITLE = "Weather"\n\n\ndef build(content):\n    return {"sky": "blue as ever"}\n',
    "report/templates/sections/weather.html": "<p>{{ view.sky }}</p>",
    "export/standalone/weather.py": "def weather():\n    return 3\n",
    "cli/forecast.py": 'SUMMARY = "what the weather will be"\n',
    "locale/ja/weather.po": 'msgid "what the weather will be"\nmsgstr "明日の天気"\n',
}


def laid_out(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text if text.startswith("msgid") else f'"""Of a plugin."""\n{text}', "utf-8")
    return root


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return laid_out(tmp_path_factory.mktemp("plugin"), FILES)


@pytest.fixture
def plugged(monkeypatch, folder):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(folder))
    yield folder
    for name in [name for name, module in sys.modules.items() if str(getattr(module, "__file__", "")).startswith(str(folder))]:
        del sys.modules[name]


def weather(path: Path, n: int = 200) -> Path:
    rng = np.random.default_rng(0)
    heat, wind = rng.normal(size=(2, n))
    path.write_text("\n".join(f"{h:.3f}|{w:.3f}|{'fair' if h > 0 else 'foul'}" for h, w in zip(heat, wind, strict=True)))
    return path


@pytest.mark.usefixtures("plugged")
def test_what_a_folder_brings_is_known_everywhere(tmp_path):
    data = weather(tmp_path / "june.weather")
    assert not [problem for problem in fukami.check("row-weather", data)["problems"] if problem["severity"] == "error"]
    run = fukami.train("row-weather", data, out=tmp_path / "run", plan="default")
    assert run.evaluation["metrics"]["far-off"]["value"] < 0.3
    assert 'name = "flat-plug"' in (run.path / "recipe.toml").read_text()
    (answer,) = fukami.load(run.path).predict({"heat": 3.0, "wind": 0.0})
    assert answer["label"] == "fair"
    assert "blue as ever" in (run.path / "report.html").read_text()


def test_files_of_every_room_are_seen_and_imported_by_their_name_here(plugged):
    assert card("models", "flat-plug").gives == ("vector",) and known("tasks", "row-weather") and "shade" in cards("fields")
    assert vars(field_class("shade"))["names"] == ("light", "dark")
    assert sys.modules["fukami.fields.shade.field"].__file__ == str(plugged / "fields" / "shade" / "field.py")
    assert "weather-log" in layouts() and "fukami.data.checks.weather" in [check.__module__ for check in checks()]
    assert "def weather" in program(["weather"], head="Sky.")
    assert _verbs.present()[-1] == "forecast"
    with language.speaking("ja"):
        assert language._("what the weather will be") == "明日の天気"


def test_without_plugins_there_are_none():
    assert not known("metrics", "far-off") and "weather-log" not in layouts()
    with pytest.raises(ModuleNotFoundError):
        __import__("fukami.metrics.far_off")


@pytest.mark.parametrize(
    ("name", "text", "first"),
    [
        ("metrics/own.py", METRIC.replace("far-off", "accuracy"), "accuracy.py"),  # the name of a card
        ("metrics/accuracy.py", METRIC, "accuracy.py"),  # the name of a file, which could not be imported
        ("models/registry.py", MODEL, "registry.py"),
        ("fields/image.py", FIELD, "image/field.py"),
        ("data/readers/idx.py", READER, "idx.py"),
    ],
)
def test_a_name_that_is_there_already_is_refused_with_both_files(tmp_path, monkeypatch, name, text, first):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(laid_out(tmp_path, {name: text})))
    room = name.rpartition("/")[0]
    with pytest.raises(UsageError) as caught:
        layouts() if room == "data/readers" else card(room, "accuracy")
    assert caught.value.code == "F-PLUGIN-NAME"
    assert caught.value.where == str(tmp_path / name) and first in caught.value.got


def test_two_plugins_do_not_share_a_name(tmp_path, monkeypatch):
    one, two = (laid_out(tmp_path / name, {"metrics/far_off.py": METRIC}) for name in "ab")
    monkeypatch.setenv("FUKAMI_PLUGINS", os.pathsep.join((str(one), str(two), str(one))))
    with pytest.raises(UsageError, match=r"F-PLUGIN-NAME(.|\n)*/b/metrics(.|\n)*/a/metrics"):
        cards("metrics")


@pytest.mark.parametrize(
    ("text", "got"),
    [
        ('CARD = MetricCard(name="odd"', "SyntaxError"),
        ('CARD = MetricCard(name=NAME, summary="")', "malformed"),
        ('CARD = MetricCard(name="odd", summery="")', "summery"),
        ('CARD = BaselineCard(name="odd", summary="", of=())', "a MetricCard here"),
    ],
)
def test_a_card_that_cannot_be_read_is_told_by_its_file(tmp_path, monkeypatch, text, got):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(laid_out(tmp_path, {"metrics/odd.py": text})))
    with pytest.raises(UsageError) as caught:
        cards("metrics")
    assert caught.value.code == "F-PLUGIN-BROKEN"
    assert str(tmp_path / "metrics" / "odd.py") in caught.value.where and got in caught.value.got


@pytest.mark.parametrize(
    ("more", "line", "got"), [("import no_such_library", 4, "no_such_library"), ("def broken(:", 4, "SyntaxError")]
)
def test_a_file_that_cannot_be_imported_is_told_by_its_line(tmp_path, monkeypatch, more, line, got):
    card = 'CARD = MetricCard(name="odd", summary="", of=(), higher_is_better=True)'
    text = f"from fukami.core.cards import MetricCard\n{card}\n{more}\n"
    monkeypatch.setenv("FUKAMI_PLUGINS", str(laid_out(tmp_path, {"metrics/odd.py": text})))
    with pytest.raises(UsageError) as caught:
        load("metrics", "odd")
    assert caught.value.code == "F-PLUGIN-BROKEN" and got in caught.value.got
    assert caught.value.where == f"{tmp_path / 'metrics' / 'odd.py'}:{line}"


def test_what_goes_wrong_in_a_plugin_is_no_mistake_of_ours(plugged, monkeypatch, capsys, tmp_path):
    text = TASK.replace("return predict", "return unheard, predict")
    monkeypatch.setenv("FUKAMI_PLUGINS", str(laid_out(plugged.parent / "broken", {**FILES, "tasks/row_weather.py": text})))
    assert main(["check", "row-weather", str(weather(tmp_path / "june.weather"))]) == 2
    told = capsys.readouterr().err
    line = next(n for n, said in enumerate(text.split("\n"), start=2) if "unheard" in said)
    assert "F-PLUGIN-BROKEN" in told and f"tasks/row_weather.py:{line}" in told and "unheard" in told and "F-BUG" not in told


def test_a_folder_that_is_not_there_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_PLUGINS", str(tmp_path / "none"))
    with pytest.raises(UsageError, match="F-PLUGIN-FOLDER"):
        cards("metrics")


# -- installed packages --------------------------------------------------------------------------------------------------
def installed(place: Path, entry_points: str, files: dict[str, str]) -> Path:
    """A folder of the path that holds a package as an installer leaves it."""
    info = place / "sky-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: sky\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    laid_out(place / "sky", {"__init__.py": "", **files})
    return place


ASK = """
import json, sys
from fukami.core.cards import cards, load
early = sorted(name for name in sys.modules if name.startswith("sky"))
print(json.dumps([early, cards("metrics")["far-off"].of, load("metrics", "far-off").__name__, "sky" in sys.modules]))
"""


@pytest.mark.parametrize(
    ("entry_points", "files", "module"),
    [
        ("[fukami.plugins]\nsky = sky.brought\n", {"brought/metrics/far_off.py": METRIC}, "fukami.metrics.far_off"),
        pytest.param(
            "[console_scripts]\nx = y:z\n\n[fukami.metrics]\nfar = sky.measures.far\n",
            {"measures/far.py": METRIC},
            "sky.measures.far",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_installed_package_brings_files(tmp_path, entry_points, files, module):
    place = installed(tmp_path / "site", entry_points, files)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run([sys.executable, "-c", ASK], env=environment, capture_output=True, text=True)
    assert done.stdout.strip() == f'[[], ["category"], "{module}", {str(module.startswith("sky")).lower()}]', done.stderr


def test_an_entry_point_to_nothing_is_told_by_its_package(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(installed(tmp_path, "[fukami.metrics]\nfar = sky.nothing\n", {}))
    with pytest.raises(UsageError) as caught:
        cards("metrics")
    assert caught.value.code == "F-PLUGIN-BROKEN"
    assert "sky-1.0.dist-info" in caught.value.where and "sky.nothing" in caught.value.got
