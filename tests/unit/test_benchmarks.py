"""The benchmark's harness on a work whose sides take no time: order, statistics, table, and what cannot be measured."""

import doctest
import json
import subprocess
import sys
from dataclasses import replace

import pytest

from benchmarks import __main__ as command
from benchmarks import figures, peers, summary, table
from benchmarks.contract import Outcome, Settings, Side, Work
from benchmarks.harness import Interpreters, Measurement, in_turn, measured
from benchmarks.summary import Spread, summarised

FAKE = '''
"""Sides that take no time and write down when they ran."""
import os
from pathlib import Path
from benchmarks.contract import Outcome, Settings, Side, Work

def note(settings, name):
    with open(Path(settings.place) / "log.txt", "a") as file:
        print(name, settings.seed, settings.plan.get("precision", "-"), os.listdir("."), os.environ.get("MARK"), file=file)

def fukami(settings):
    note(settings, "fukami")
    return Outcome(2.0 + settings.seed, 600, 0.75, loop_seconds=1.0, plan={"precision": "bfloat16"}, notes={"padding": 0.05})

def peer(settings):
    note(settings, "peer")
    return Outcome(4.0, 400, 0.5)

def broken(settings):
    note(settings, "broken")
    raise RuntimeError("no such luck")

def prepare(settings):
    (Path(settings.place) / "prepared").touch()

WORK = Work(
    "fake", "nothing", "images", __name__,
    (
        Side("fukami", "", fukami, own=True),
        Side("peer", "", peer, follows_plan=True, env={"MARK": "own"}),
        Side("broken", "", broken),
        Side("process", "", command=lambda settings, python: [python, "-c", "print('hello')"]),
    ),
    prepare=prepare,
)
'''


@pytest.fixture
def fake(tmp_path, monkeypatch):
    (tmp_path / "fake_work.py").write_text(FAKE)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    import fake_work  # pyright: ignore[reportMissingImports]

    yield fake_work.WORK
    sys.modules.pop("fake_work")


def test_rounds_go_there_and_back():
    sides = [Side(name, "") for name in ("fukami", "a", "b")]
    order = [(number, side.name) for number, side in in_turn(sides, 3)]
    assert [name for _number, name in order] == ["fukami", "a", "b", "b", "a", "fukami", "fukami", "a", "b"]
    assert [number for number, _name in order] == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert [number for number, _side in in_turn(sides, 1, warm=True)] == [-1, -1, -1, 0, 0, 0]


def test_every_side_runs_alone_in_every_round_and_a_broken_one_is_told(fake, tmp_path):
    settings, said = Settings(place=str(tmp_path)), []
    found = measured(fake, list(fake.sides), settings, rounds=2, interpreters=Interpreters(), say=said.append)
    assert (tmp_path / "prepared").exists()
    assert (tmp_path / "log.txt").read_text().splitlines() == [
        "fukami 0 - ['words.txt'] None",
        "peer 0 bfloat16 ['words.txt'] own",
        "broken 0 - ['words.txt'] None",
        "peer 1 bfloat16 ['words.txt'] own",
        "fukami 1 - ['words.txt'] None",
    ]
    rows = {row.side: row for row in summarised(found, [side.name for side in fake.sides])}
    assert rows["broken"].error.startswith("exit status 1") and "no such luck" in rows["broken"].error
    assert rows["peer"].seconds == Spread(4.0, 4.0, 4.0) and rows["peer"].rounds == 2
    process = rows["process"]
    assert process.seconds is not None and 0 < process.seconds.low < 5 and process.rate is None
    assert all(m.peak_bytes > 1 << 20 and m.whole_s > 0 for m in found if not m.error)
    shown = table.shown(fake, list(rows.values()))
    assert "* **broken**: exit status 1; its last words: `RuntimeError: no such luck`" in shown
    assert "bfloat16, padding 5.0%" in shown
    assert any("broken" in line for line in said)


def of(side, *rates, loop=None):
    """Measurements with so many units a second in one second each."""
    return [Measurement(side, i, 9.0, 1 << 20, Outcome(1.0, rate, 0.5, loop_seconds=loop)) for i, rate in enumerate(rates)]


def test_ratios_are_of_medians_and_their_range_is_that_of_the_rounds():
    found = of("fukami", 100, 300, 200, loop=0.5) + of("peer", 100, 100, 50)
    own, peer = summarised(found, ["fukami", "peer"])
    assert own.ratio is None and own.rate == Spread(200, 100, 300)
    assert peer.rate == Spread(100, 50, 100) and peer.ratio == Spread(2.0, 1.0, 4.0)
    assert peer.loop_ratio == Spread(4.0, 2.0, 8.0)


def test_times_are_compared_where_rates_would_mislead():
    found = [Measurement(s, 0, outcome=Outcome(t, 10, 0.9)) for s, t in (("fukami", 2.0), ("peer", 8.0))]
    _own, peer = summarised(found, ["fukami", "peer"], by_time=True)
    assert peer.ratio == Spread(0.25, 0.25, 0.25) and peer.rate is None and peer.loop_ratio is None


def test_a_side_that_learned_nothing_is_not_compared_and_where_it_is_fukami_nothing_is():
    def runs(side, *accuracies):
        return [Measurement(side, i, outcome=Outcome(1.0, 10, accuracy)) for i, accuracy in enumerate(accuracies)]

    found = runs("fukami", 0.756, 0.740, 0.769) + runs("trainer", 0.756, 0.751, 0.772) + runs("tuned", 0.762, 0.499, 0.771)
    own, trainer, tuned = summarised(found, ["fukami", "trainer", "tuned"])
    assert not own.error and trainer.ratio is not None and trainer.accuracy == Spread(0.756, 0.751, 0.772)
    assert tuned.error == "invalid: its accuracy 0.4990 lies outside the others' (0.7400 – 0.7720)" and tuned.ratio is None
    found = runs("fukami", 0.5, 0.5, 0.5) + runs("trainer", 0.75, 0.76, 0.75) + runs("tuned", 0.76, 0.75, 0.76)
    own, trainer, _tuned = summarised(found, ["fukami", "trainer", "tuned"])
    assert own.error.startswith("invalid") and trainer.ratio is None


def test_a_side_that_was_never_measured_is_told():
    _own, peer = summarised(of("fukami", 1), ["fukami", "peer"])
    assert peer.error == "not measured"


def test_a_table_lines_up_and_says_what_its_ratio_is():
    work = Work("w", "", "rows", "", ())
    text = table.shown(work, summarised(of("fukami", 1000) + of("other", 500), ["fukami", "other"]))
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert len({len(line) for line in lines}) == 1 and len(lines) == 4
    assert "Fukami ÷ side, rows/s" in lines[0] and "| 2.00" in lines[3] and "steps alone" in lines[0]


def test_a_peer_that_is_not_installed_is_told_with_the_command_that_installs_it():
    there, lacking = Side("a", "", packages=("pytest",)), Side("b", "", packages=("pytest", "no-such-peer"))
    found = peers.missing([there, lacking], Interpreters())
    command_line = f"uv pip install --python {sys.executable} no-such-peer -c constraints.txt"
    assert found == {"b": f"not installed: no-such-peer. {command_line}"}
    with pytest.raises(SystemExit, match="cannot be started"):
        peers.versions("/no/such/python", ["torch"])


def test_the_command_measures_prints_writes_and_says_what_is_missing(fake, tmp_path, monkeypatch, capsys):
    lacking = Side("gone", "", run=fake.sides[1].run, packages=("no-such-peer",))
    work = replace(fake, sides=(*fake.sides[:2], lacking))
    monkeypatch.setattr(command, "WORKS", (work,))
    words = ["fake", "--repeats", "1", "--data", str(tmp_path), "--keep", str(tmp_path), "--json", str(tmp_path / "out.json")]
    assert command.main(words) == 1
    printed = capsys.readouterr().out
    assert "## fake: nothing" in printed and "* **gone**: not installed: no-such-peer" in printed
    (told,) = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert [m["side"] for m in told["measurements"]] == ["fukami", "peer", "gone"]
    page = figures.write([told], folder=tmp_path).read_text("utf-8")
    assert page.count("## fake: nothing") == 1 and str(tmp_path) not in page
    assert figures.write([{**told, "summary": "again"}], folder=tmp_path).read_text("utf-8").count("## fake: ") == 1
    assert command.main([*words[:4], str(tmp_path), "--keep", str(tmp_path), "--peers", "peer"]) == 0


def test_names_that_are_unknown_are_answered_with_the_known_ones(monkeypatch):
    monkeypatch.delenv("FUKAMI_DATA", raising=False)
    with pytest.raises(SystemExit, match="there is no work called fashoin; there are fashion"):
        command.main(["fashoin"])
    with pytest.raises(SystemExit, match="there is no peer called kears"):
        command.sides_for(command.WORKS[0], "kears")
    assert [side.name for side in command.sides_for(command.WORKS[0], "keras")] == ["fukami", "keras-jax", "keras-torch"]
    with pytest.raises(SystemExit, match="FUKAMI_DATA"):
        command.main(["fashion"])


def test_every_work_begins_with_fukami_and_can_be_found_by_its_process():
    from benchmarks.measure import found

    assert len({work.name for work in command.WORKS}) == len(command.WORKS)
    for work in command.WORKS:
        assert found(work.module, work.name) is work
        assert work.sides[0].name == "fukami" and work.sides[0].own
        assert all((side.run is None) != (side.command is None) for side in work.sides)
        assert len({side.name for side in work.sides}) == len(work.sides)


def test_the_launching_process_stays_small():
    """What it holds would be counted as the peak of every measurement."""
    heavy = "import benchmarks.__main__, sys; print({'torch', 'numpy', 'fukami'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True).stdout.strip() == "set()"


@pytest.mark.parametrize("module", [summary, table, command], ids=lambda module: module.__name__)
def test_examples_in_docstrings_hold(module):
    assert doctest.testmod(module).failed == 0
