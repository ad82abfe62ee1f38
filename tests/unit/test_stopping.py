"""A stop stops: also a step that takes long, and a library that does not come back to Python."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from fukami.core.kept import BLOCK, SYNCED_BLOCKS, SummedFile
from fukami.training.interrupts import GRACE_S, interruptible

STUCK = """
import hashlib, sys
from pathlib import Path
from fukami.cli import models
from fukami.cli.main import main
from fukami.core import stopping

def told(interrupt):
    print("instead", file=sys.stderr)
    return interrupt

def call(args):
    with stopping.half_written(Path(place)) as folder, stopping.instead(told):
        folder.mkdir()
        (folder / "part").write_text("half")
        hashlib.pbkdf2_hmac("sha256", b"", b"", 200_000_000)  # minutes, without Python

models.call, place = call, sys.argv[1]
sys.argv = ["fukami", "models", "--json"]
sys.exit(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_library_that_does_not_come_back_is_not_waited_for(tmp_path, number):
    words = [sys.executable, "-c", STUCK, str(tmp_path / "draft")]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (tmp_path / "draft" / "part").exists() and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.2)
    process.send_signal(number)
    sent = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - sent < 10  # two seconds on a machine that does nothing else
    assert process.returncode == 130, err
    assert json.loads(out)["error"]["code"] == "F-INTERRUPTED"
    assert "instead" in err and "Traceback" not in err
    assert not (tmp_path / "draft").exists()


def test_a_step_that_takes_long_is_broken_off():
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt), interruptible() as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        assert asked.is_set()
        time.sleep(60)
    assert GRACE_S * 0.9 < time.monotonic() - begun < 20


def test_a_snapshot_is_never_torn_and_several_processes_end_together():
    busy = True
    with pytest.raises(KeyboardInterrupt), interruptible(busy=lambda: busy):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S + 1)  # asked again meanwhile, but not interrupted
        busy = False
        time.sleep(60)
    assert not busy
    with interruptible(patient=True) as asked:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_S + 0.5)
        assert asked.is_set()


def test_what_is_written_goes_to_the_disk_on_the_way(tmp_path, monkeypatch):
    synced = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_size))
    with (tmp_path / "values").open("wb") as file:
        summed = SummedFile(file)
        for _chunk in range(5):
            summed.write(bytes(BLOCK * SYNCED_BLOCKS // 2))
        summed.sync()
    assert len(synced) > 1 and synced[0] < synced[-1] == 5 * BLOCK * SYNCED_BLOCKS // 2

    def refused(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refused)
    with (tmp_path / "values").open("wb") as file, pytest.raises(OSError, match="No space"):
        summed = SummedFile(file)
        summed.write(b"one")
        summed.sync()


def test_a_disk_that_is_slow_is_not_waited_for(tmp_path, monkeypatch):
    over = threading.Event()
    monkeypatch.setattr(os, "fsync", lambda _handle: over.wait(60))
    begun = time.monotonic()
    with (tmp_path / "values").open("wb") as file, pytest.raises(KeyboardInterrupt), interruptible():
        summed = SummedFile(file)
        summed.write(b"one")
        os.kill(os.getpid(), signal.SIGTERM)
        summed.sync()
    over.set()
    assert time.monotonic() - begun < 20
