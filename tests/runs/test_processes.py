"""Several processes do what one does: the same losses, the same metrics, nothing counted twice; and none is left behind.

One start of two gloo processes (`tests/two_processes.py`) serves the checks that come first. All is slow but
what needs no second process (and `tests/unit/test_ranks.py`).
"""

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from fukami import api
from fukami.core import artefact
from fukami.core.errors import UsageError
from fukami.training import launch
from tests.runs.test_first_hour import table

SETTINGS = {"epochs": 3, "batch_size": 15, "dropout": 0.0, "plan": "default", "snapshot_steps": 5, "groups": "town"}
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def people(tmp_path_factory) -> Path:
    return table(tmp_path_factory.mktemp("people") / "people.csv", {"row": "row", "label": "category"}, rows=200)


@pytest.fixture(scope="module")
def told(people, tmp_path_factory) -> list[dict]:
    """What the two processes found out, by rank; the run `pair` lies beside."""
    base = tmp_path_factory.mktemp("two")
    (base / "logs").mkdir()
    launch.start(2, ["-m", "tests.two_processes", str(base), str(people), json.dumps(SETTINGS)], base / "logs", restarts=0)
    return [json.loads((base / f"{rank}.json").read_text()) | {"base": base} for rank in range(2)]


@pytest.fixture(scope="module")
def alone(people, tmp_path_factory):
    """The same training in one process."""
    return api.train("tabular-classification", str(people), model="mlp", out=tmp_path_factory.mktemp("one") / "run", **SETTINGS)


@pytest.mark.slow
def test_messages_and_decisions_are_those_of_all(told):
    for own in told:
        assert own["message"] == {"from": 0}
        assert own["any"] == [True, False]
        assert own["most"] == 1.0


@pytest.mark.slow
def test_every_part_is_worked_on_once_and_handed_to_all_in_order(told):
    expected = [[0.0, 2.0, 4.0], [6.0, 8.0, 10.0], [12.0, 14.0, 16.0], [18.0]]
    assert [own["over"] for own in told] == [expected, expected]
    assert [own["worked"] for own in told] == [[0, 6], [3, 9]]  # the first row of each part


@pytest.mark.slow
def test_batch_statistics_are_those_of_all_examples(told):
    for own in told:
        assert max(own["norm"].values()) < 2e-4


@pytest.mark.slow
@pytest.mark.parametrize("task", ["tabular-classification", "image-classification"])
@pytest.mark.parametrize("micro_batch", [0, 3])
def test_the_loss_curve_of_two_processes_is_that_of_one(told, task, micro_batch):
    one, two = told[0][f"{task}-alone"], [own[f"{task}-{micro_batch}"] for own in told]
    assert two[0] == two[1]
    # in micro-batches, batch norms (those of the pictures' network) see fewer examples at a time; so they do in one process
    if not (micro_batch and task == "image-classification"):
        np.testing.assert_allclose(two[0]["losses"], one["losses"], rtol=1e-4)


@pytest.mark.slow
def test_a_run_of_two_processes_has_the_losses_of_one(told, alone):
    pair = api.load(told[0]["base"] / "pair").summary()
    assert pair["sharing"]["processes"] == 2 and "sharing" not in alone.summary()
    curves = [losses(told[0]["base"] / "pair"), losses(alone.path)]
    assert curves[0].keys() == curves[1].keys()
    np.testing.assert_allclose(list(curves[0].values()), list(curves[1].values()), rtol=1e-3)


def losses(run: Path) -> dict[int, float]:
    return {line["step"]: line["loss"] for line in artefact.read_lines(run / "history.jsonl") if "loss" in line}


@pytest.mark.slow
def test_metrics_over_processes_are_those_of_one_to_the_bit(told):
    run = api.load(told[0]["base"] / "pair")
    together = {name: value["value"] for name, value in run.evaluation["metrics"].items()}
    examples = run.evaluation["examples"]
    again = run.evaluate()  # in this process alone, with the same weights
    assert again["examples"] == examples
    assert {name: value["value"] for name, value in again["metrics"].items()} == together
    assert all(math.isfinite(value) for value in together.values())


@pytest.mark.slow
def test_the_recipe_says_how_many_processes_there_were(told):
    assert "devices = 2" in (told[0]["base"] / "pair" / "recipe.toml").read_text()


def test_the_callers_own_objects_cannot_be_started_elsewhere(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(40, 3)), np.arange(40) % 2
    with pytest.raises(UsageError, match="F-DEVICES-OBJECTS"):
        api.train("tabular-classification", (x, y), out=tmp_path / "run", devices=2)


# -- the command line, and what is killed --------------------------------------------------------------------------------
OPTIONS = ("epochs=40", "batch_size=16", "plan=default", "snapshot_steps=20")
WORDS = ["--model", "mlp", *(word for option in OPTIONS for word in ("--set", option))]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> Path:
    return table(tmp_path_factory.mktemp("data") / "people.csv", {"row": "row", "label": "category"}, rows=400)


def environment(tmp_path: Path, more: str = "") -> dict[str, str]:
    """One in which every Python saves a checkpoint ten times a second, as no user would want it."""
    (tmp_path / "sitecustomize.py").write_text(
        f"""
import importlib.abc, importlib.machinery, sys

class Often(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name != "fukami.training.session":
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module
        def patched(module):
            execute(module)
            module.SAVE_EVERY_S = 0.1
        spec.loader.exec_module = patched
        return spec

sys.meta_path.insert(0, Often())
{more}
"""
    )
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}


def start(words: list[str], tmp_path: Path, *, more: str = "") -> subprocess.Popen:
    return subprocess.Popen(
        words, env=environment(tmp_path, more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path
    )


def fukami(data: Path, out: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "fukami", "train", "tabular-classification", str(data), "--out", str(out), *WORDS, *more]


def torchrun(data: Path, out: Path, *more: str, agent: tuple[str, ...] = ()) -> list[str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", *agent, "-m", "fukami", "train"]
    return [*start, "tabular-classification", str(data), "--out", str(out), *WORDS, *more]


def children(process: int) -> list[int]:
    """The processes that `process` started, in the order of their numbers."""
    listed = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(None, 2) for line in listed[1:]]
    return sorted(int(pid) for pid, parent, args in rows if int(parent) == process and "python" in args)


def saved(out: Path, process: subprocess.Popen) -> list[int]:
    """Waits for a checkpoint and some steps more; the processes at work."""
    place = out.parent / f".{out.name}.unfinished" / "checkpoint.safetensors"
    for _try in range(2400):
        if place.exists():
            time.sleep(0.5)
            return children(process.pid)
        if process.poll() is not None:
            raise AssertionError(process.communicate()[1])
        time.sleep(0.05)
    raise AssertionError("no checkpoint appeared")


def ended(process: subprocess.Popen) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=300)
    return process.returncode, out, err


def weights(run: Path) -> str:
    return artefact.digest(run / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def whole(data, tmp_path_factory) -> str:
    """The weights of a training in two processes that nothing disturbed."""
    base = tmp_path_factory.mktemp("whole")
    code, out, err = ended(start(fukami(data, base / "run", "--devices", "2", "--json"), base))
    assert code == 0, err
    assert json.loads(out)["steps"] > 0
    return weights(base / "run")


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_is_started_again_and_nothing_is_lost(data, whole, tmp_path, rank):
    process = start(fukami(data, tmp_path / "run", "--devices", "2"), tmp_path)
    os.kill(saved(tmp_path / "run", process)[rank], signal.SIGKILL)
    code, _out, err = ended(process)
    assert code == 0, err
    assert "began again" in err
    assert "Traceback" not in err
    assert weights(tmp_path / "run") == whole
    steps = [line["step"] for line in artefact.read_lines(tmp_path / "run" / "history.jsonl") if "loss" in line]
    assert steps == sorted(set(steps))


@pytest.mark.slow
def test_three_processes_sum_in_one_order_however_often_they_began(data, tmp_path):
    """Of two numbers there is one sum; of three there are several."""
    ends = []
    for name in ("whole", "killed"):
        process = start(fukami(data, tmp_path / name, "--devices", "3"), tmp_path)
        if name == "killed":
            os.kill(saved(tmp_path / name, process)[1], signal.SIGKILL)
        code, _out, err = ended(process)
        assert code == 0, err
        ends.append(weights(tmp_path / name))
    assert ends[0] == ends[1]


@pytest.mark.slow
def test_torchrun_restarts_from_the_checkpoint_by_itself(data, whole, tmp_path):
    process = start(torchrun(data, tmp_path / "run", agent=("--max-restarts", "2")), tmp_path)
    os.kill(saved(tmp_path / "run", process)[1], signal.SIGKILL)
    code, _out, err = ended(process)
    assert code == 0, err
    assert weights(tmp_path / "run") == whole


@pytest.mark.slow
def test_a_lost_process_ends_the_others_with_one_message(data, tmp_path):
    process = start(torchrun(data, tmp_path / "run"), tmp_path)
    workers = saved(tmp_path / "run", process)
    began = time.monotonic()
    os.kill(workers[1], signal.SIGKILL)
    code, _out, err = ended(process)
    assert code != 0
    assert time.monotonic() - began < 60
    assert len(re.findall("F-PROCESS-LOST", err)) == 1
    assert err.count("Traceback") <= 1, err  # torchrun's own
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_and_the_same_command_resumes_to_the_same_bits(data, whole, tmp_path, number):
    process = start(fukami(data, tmp_path / "run", "--devices", "2"), tmp_path)
    workers = saved(tmp_path / "run", process)
    process.send_signal(number)
    code, _out, err = ended(process)
    assert code == 130, err
    assert err.count("F-INTERRUPTED") == 1
    assert "Traceback" not in err
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    code, _out, err = ended(start(fukami(data, tmp_path / "run", "--resume"), tmp_path))  # as many processes as before
    assert code == 0, err
    assert weights(tmp_path / "run") == whole


@pytest.mark.slow
def test_processes_do_not_outlive_the_one_that_started_them(data, tmp_path):
    process = start(fukami(data, tmp_path / "run", "--devices", "2"), tmp_path)
    workers = saved(tmp_path / "run", process)
    process.kill()
    process.communicate(timeout=60)
    until = time.monotonic() + 20
    while [pid for pid in workers if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < until, "processes were left behind"
        time.sleep(0.2)


@pytest.mark.slow
def test_resuming_in_another_number_of_processes_is_allowed_and_said(data, tmp_path):
    process = start(fukami(data, tmp_path / "run", "--devices", "2"), tmp_path)
    saved(tmp_path / "run", process)
    process.send_signal(signal.SIGTERM)
    assert ended(process)[0] == 130
    code, _out, err = ended(start(fukami(data, tmp_path / "run", "--devices", "1", "--resume"), tmp_path))
    assert code == 0, err
    assert "in 1 processes instead of 2" in err


@pytest.mark.slow
def test_memory_that_runs_out_in_one_process_makes_all_begin_again_in_smaller_parts(data, tmp_path):
    short = """
import os
if os.environ.get("RANK") == "1":
    import fukami.engine.step as step, torch
    cut = step.trees.part
    def part_of(batch, start, stop):
        if stop - start > 4:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return cut(batch, start, stop)
    step.trees.part = part_of
"""
    code, _out, err = ended(start(fukami(data, tmp_path / "run", "--devices", "2"), tmp_path, more=short))
    assert code == 0, err
    assert "in parts of at most 4 examples" in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_a_mistake_in_the_data_is_told_once(tmp_path):
    (tmp_path / "bad.csv").write_text("a,label\n1,x\n2,x\n")
    for words in (fukami(tmp_path / "bad.csv", tmp_path / "run", "--devices", "2", "--json"),):
        code, out, err = ended(start(words, tmp_path))
        assert code in (1, 2)
        assert json.loads(out)["error"]["code"].startswith("F-")
        assert err.count(json.loads(out)["error"]["code"]) == 1
    code, _out, err = ended(start(torchrun(tmp_path / "bad.csv", tmp_path / "run"), tmp_path))
    assert code != 0
    assert err.count(json.loads(out)["error"]["code"]) == 1


@pytest.mark.slow
def test_two_agents_meet_as_on_two_machines(data, whole, tmp_path):
    agent = ["--nnodes", "2", "--rdzv-id", "pair", "--rdzv-backend", "c10d", "--rdzv-endpoint", "localhost:29511"]
    words = [sys.executable, "-m", "torch.distributed.run", *agent, "--nproc-per-node", "1", "-m", "fukami", "train"]
    words += ["tabular-classification", str(data), "--out", str(tmp_path / "run"), *WORDS]
    both = [start(words, tmp_path), start(words, tmp_path)]
    told = [ended(process) for process in both]
    assert [code for code, _out, _err in told] == [0, 0], told
    assert sum("Run folder" in out for _code, out, _err in told) == 1
    assert weights(tmp_path / "run") == whole


@pytest.mark.slow
def test_weights_divided_among_processes_learn_the_same(data, tmp_path):
    runs = {}
    for parallel in ("ddp", "fsdp"):
        words = fukami(data, tmp_path / parallel, "--devices", "2", "--set", f"parallel={parallel}", "--set", "ema=0.9")
        code, _out, err = ended(start(words, tmp_path))
        assert code == 0, err
        runs[parallel] = losses(tmp_path / parallel)
    np.testing.assert_allclose(list(runs["fsdp"].values())[:40], list(runs["ddp"].values())[:40], rtol=1e-3)


@pytest.mark.slow
def test_divided_weights_are_resumed_to_the_same_bits(data, tmp_path):
    ends = []
    for name in ("whole", "killed"):
        process = start(fukami(data, tmp_path / name, "--devices", "2", "--set", "parallel=fsdp"), tmp_path)
        if name == "killed":
            os.kill(saved(tmp_path / name, process)[1], signal.SIGKILL)
        code, _out, err = ended(process)
        assert code == 0, err
        ends.append(weights(tmp_path / name))
    assert ends[0] == ends[1]
