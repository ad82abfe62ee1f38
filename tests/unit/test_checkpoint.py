"""Checkpoints are whole or refused, the one before is kept, and a disk that is full costs nothing but the wait."""

import errno
import json
import os
import signal
import time

import pytest
import torch
from safetensors import safe_open

from fukami.core.errors import RunError
from fukami.engine import checkpoint, events, history
from fukami.training import lock
from fukami.training.lock import locked

TREE = {
    "step": 3,
    "none": None,
    "rate": 0.1,
    "net": {"a": torch.randn(5, 3), "b": torch.randn(4, 3, 2, 2).to(memory_format=torch.channels_last)},
    "state": {0: [torch.tensor(2.0), torch.zeros(0)], 1: {"betas": (0.9, 0.99)}},
    "kinds": [
        torch.ones(3, dtype=d) for d in (torch.bfloat16, torch.float16, torch.float64, torch.int64, torch.uint8, torch.bool)
    ],
}


@pytest.fixture
def place(tmp_path):
    return tmp_path / "checkpoint.safetensors"


def test_what_is_saved_is_read_back_by_us_and_by_the_library(place):
    checkpoint.save(place, TREE)
    told = checkpoint.load(place)
    assert told["step"] == 3 and told["none"] is None and told["state"][1] == {"betas": [0.9, 0.99]}
    assert all(torch.equal(told["net"][name], TREE["net"][name]) for name in "ab")
    assert [t.dtype for t in told["kinds"]] == [t.dtype for t in TREE["kinds"]]
    assert told["state"][0][0].shape == () and told["state"][0][1].shape == (0,)
    with safe_open(place, "pt") as file:
        assert torch.equal(file.get_tensor("/net/a"), TREE["net"]["a"])
    assert [path.name for path in place.parent.iterdir()] == [place.name]


@pytest.mark.parametrize("where", ["first", "header", "tree", "data", "last", "cut", "longer", "empty"])
def test_a_file_that_was_altered_anywhere_is_refused_and_the_one_before_is_taken(place, where):
    checkpoint.save(place, {"step": 1, "w": torch.zeros(100)})
    checkpoint.save(place, {"step": 2, "w": torch.ones(100)})
    data = bytearray(place.read_bytes())
    at = {"first": 0, "header": 20, "tree": data.index(b"step"), "data": len(data) - 200, "last": len(data) - 1}.get(where)
    if at is not None:
        data[at] ^= 1
    place.write_bytes({"cut": data[:-9], "longer": data + b"\0", "empty": b""}.get(where, data))
    with pytest.raises(RunError, match="F-CHECKPOINT"):
        checkpoint.load(place)
    before = {path.name: path.read_bytes() for path in place.parent.iterdir()}
    told, damage = checkpoint.load_last(place, mend=False)
    assert told["step"] == 1 and damage and {path.name: path.read_bytes() for path in place.parent.iterdir()} == before
    told, damage = checkpoint.load_last(place)
    assert told["step"] == 1 and damage
    again, damage = checkpoint.load_last(place)  # in the place of the damaged one
    assert again["step"] == 1 and not damage
    checkpoint.save(place, {"step": 2, "w": torch.ones(100)})
    place.write_bytes(b"")
    assert checkpoint.load_last(place)[0]["step"] == 1


def test_both_damaged_is_an_error(place):
    for step in (1, 2):
        checkpoint.save(place, {"step": step, "w": torch.zeros(3)})
    for path in (place, checkpoint.previous_of(place)):
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(RunError, match="F-CHECKPOINT"):
        checkpoint.load_last(place)


def test_a_kill_between_the_two_renames_loses_nothing(place):
    for step in (1, 2):
        checkpoint.save(place, {"step": step, "w": torch.zeros(3)})
    place.unlink()
    assert checkpoint.exists(place)
    assert checkpoint.load_last(place, mend=False)[0]["step"] == 1 and not place.exists()
    assert checkpoint.load_last(place) == ({"step": 1, "w": pytest.approx(torch.zeros(3))}, "")


@pytest.mark.parametrize("number", checkpoint.DISK)
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_that_is_full_leaves_the_last_checkpoint_and_no_draft(place, monkeypatch, number, call):
    for step in (1, 2):
        checkpoint.save(place, {"step": step, "w": torch.zeros(3)})
    before = {path.name: path.read_bytes() for path in place.parent.iterdir()}

    def full(*_args):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        if call == "fsync":
            patch.setattr(os, "fsync", full)
        with pytest.raises(OSError) as told:
            checkpoint.save(place, {"step": 3, "w": torch.zeros(3)}, watch=full if call == "write" else None)
    assert told.value.errno == number
    assert {path.name: path.read_bytes() for path in place.parent.iterdir()} == before
    checkpoint.save(place, {"step": 3, "w": torch.zeros(3)})
    assert checkpoint.load(place)["step"] == 3


# -- files that are appended to ------------------------------------------------------------------------------------------
@pytest.fixture
def disk(monkeypatch):
    """`disk["free"]`: bytes that the disk still takes; None for as many as there are."""
    told, plain, put = {"free": None}, os.write, os.fsync

    def write(handle, data):
        if told["free"] is None:
            return plain(handle, data)
        if told["free"] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        took = plain(handle, data[: told["free"]])
        told["free"] -= took
        return took

    def sync(handle):
        if told["free"] == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        put(handle)

    monkeypatch.setattr(os, "write", write)
    monkeypatch.setattr(os, "fsync", sync)
    return told


def test_a_history_waits_for_a_disk_that_is_full_and_loses_no_line(tmp_path, disk):
    place = tmp_path / "history.jsonl"
    with history.History(place) as log:
        log.write({"step": 1})
        disk["free"] = 5  # a line is torn
        for step in (2, 3):
            log.write({"step": step})
        assert [line["step"] for line in history.read(place)] == [1]
        with pytest.raises(OSError, match="No space"):
            log.sync()
        disk["free"] = None
        log.write({"step": 4})
        log.sync()
    assert [json.loads(line)["step"] for line in place.read_text().splitlines()] == [1, 2, 3, 4]


def test_a_disk_that_stays_full_is_told_with_the_file_unless_something_worse_is_under_way(tmp_path, disk):
    with pytest.raises(OSError) as told, history.History(tmp_path / "history.jsonl") as log:
        disk["free"] = 3
        log.write({"step": 1})
    assert told.value.errno == errno.ENOSPC and told.value.filename == str(tmp_path / "history.jsonl")
    with pytest.raises(KeyError), history.History(tmp_path / "second.jsonl") as log:
        log.write({"step": 1})
        raise KeyError


def test_events_wait_as_well(tmp_path, disk):
    with events.Events(tmp_path) as log:
        disk["free"] = 7
        log.write(1, {"loss": 0.5})
        disk["free"] = None
        log.write(2, {"loss": 0.25})
    assert list(events.read(tmp_path)) == [(1, "loss", 0.5), (2, "loss", 0.25)]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")  # noqa: PTH110
def test_a_file_on_a_device_that_is_really_full():
    from pathlib import Path

    file = history.Buffered(Path("/dev/full"))
    file.append(b"line")
    assert file.waiting == b"line"
    with pytest.raises(OSError, match="No space"):
        file.close()


def test_a_history_goes_back_without_double_lines_and_keeps_what_tells_of_it(tmp_path):
    place = tmp_path / "history.jsonl"
    back = {"at": 8, "event": "rolled-back", "back": 5}
    with history.History(place) as log:
        for step in range(1, 8):
            log.write({"step": step})
        log.write({"at": 7, "event": "out-of-memory"})
        log.back_to(5)
        log.write(back)
        log.write({"step": 6})
    assert history.read(place) == [*({"step": step} for step in range(1, 6)), back, {"step": 6}]
    with history.History(place, resume_at=5, returns=1):
        pass
    assert history.read(place)[-1] == back
    with history.History(place, resume_at=5, returns=0):  # saved before it went back: it will again
        pass
    assert history.read(place)[-1] == {"step": 5}


def test_going_back_waits_for_a_disk_that_is_full(tmp_path, disk):
    place, back = tmp_path / "history.jsonl", {"at": 5, "event": "rolled-back", "back": 2}
    with history.History(place) as log:
        for step in range(1, 4):
            log.write({"step": step})
        disk["free"] = 7  # a line is torn, and the next one waits
        for step in (4, 5):
            log.write({"step": step})
        log.back_to(2)
        log.write(back)
        log.write({"step": 3})
        assert [line["step"] for line in history.read(place)] == [1, 2, 3], "what was there is whole until there is room"
        with pytest.raises(OSError, match="No space"):  # no checkpoint may know of lines that are not there
            log.sync()
        log.back_to(1)
        log.write({"step": 2})
        assert [path.name for path in tmp_path.iterdir()] == [place.name]
        disk["free"] = None
        log.write({"step": 3})
    assert history.read(place) == [{"step": 1}, back, {"step": 2}, {"step": 3}]


def test_going_back_on_a_disk_that_stays_full_leaves_the_lines_that_were_there(tmp_path, disk):
    place = tmp_path / "history.jsonl"
    with pytest.raises(OSError) as told, history.History(place) as log:
        for step in range(1, 4):
            log.write({"step": step})
        disk["free"] = 0
        log.back_to(1)
    assert told.value.errno == errno.ENOSPC and told.value.filename == str(place)
    assert [line["step"] for line in history.read(place)] == [1, 2, 3]
    disk["free"] = None
    with history.History(place, resume_at=1):
        pass
    assert [line["step"] for line in history.read(place)] == [1]


# -- one training at a time ----------------------------------------------------------------------------------------------
def test_a_place_is_held_by_one_training_and_by_nobody_who_died(tmp_path, monkeypatch):
    place = tmp_path / ".run.unfinished"
    child = os.fork()
    if child == 0:
        with locked(place):
            (place / "holds").touch()
            time.sleep(60)
        os._exit(0)
    while not (place / "holds").exists():
        time.sleep(0.01)
    with pytest.raises(RunError) as told, locked(place):
        pass
    assert told.value.code == "F-RUN-BUSY" and str(child) in told.value.got
    for name, value in {"RANK": "1", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    with locked(place):  # a further process of one training
        pass
    monkeypatch.setenv("RANK", "0")
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with locked(place), pytest.raises(RunError, match="F-RUN-BUSY"), locked(place):
        pass
    assert place.exists()  # it holds more than the lock


def test_a_place_that_was_made_for_the_lock_alone_goes_with_it(tmp_path):
    place = tmp_path / ".run.unfinished"
    with locked(place):
        assert place.exists()
    assert not place.exists()


def test_a_place_is_taken_away_while_it_is_still_held(tmp_path, monkeypatch):
    place, busy = tmp_path / ".run.unfinished", []

    def asked(folder):
        with pytest.raises(RunError) as told, locked(place):
            pass
        busy.append(told.value.code)
        return plain(folder)

    plain = lock.is_empty
    with locked(place):
        monkeypatch.setattr(lock, "is_empty", asked)
    assert busy == ["F-RUN-BUSY"] and not place.exists()
