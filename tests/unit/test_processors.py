"""Processors that are really there, and work of others beside."""

import os
import subprocess
import sys
import time

import pytest

from fukami.core import processors


@pytest.mark.parametrize(
    ("told", "count"),
    [("200000 100000", 2), ("50000 100000", 1), ("150000 100000", 2), ("max 100000", 64), ("", 64)],
)
def test_a_quota_counts(monkeypatch, tmp_path, told, count):
    (tmp_path / "cpu.max").write_text(told)
    monkeypatch.setattr(processors, "_QUOTAS", ((str(tmp_path / "cpu.max"),), (str(tmp_path / "none"),)))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)
    assert processors.usable() == count


def test_quotas_of_the_older_kind_count(monkeypatch, tmp_path):
    for name, number in (("quota", "300000"), ("period", "100000")):
        (tmp_path / name).write_text(number + "\n")
    monkeypatch.setattr(processors, "_QUOTAS", ((str(tmp_path / "none"),), (str(tmp_path / "quota"), str(tmp_path / "period"))))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(64)), raising=False)
    assert processors.usable() == 3


def test_what_the_user_set_stays():
    code = "import os, fukami; print(os.environ['OMP_WAIT_POLICY'], os.environ.get('OMP_NUM_THREADS'))"
    for given, told in (({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")):
        surroundings = {k: v for k, v in os.environ.items() if not k.startswith("OMP_")} | given
        out = subprocess.run([sys.executable, "-c", code], env=surroundings, capture_output=True, text=True, check=True)
        assert out.stdout.split()[0] == told


real = processors.Watch.is_busy


@pytest.fixture(autouse=True)
def watching(monkeypatch):
    monkeypatch.setattr(processors.Watch, "is_busy", real)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells")
def test_work_of_others_is_seen(monkeypatch):
    times = iter([(0.0, 0.0, 0.0), (10.0, 1.0, 6.0), (0.0, 0.0, 0.0), (10.0, 9.0, 10.0)])
    monkeypatch.setattr(processors, "usable", lambda: 2)
    monkeypatch.setattr(processors.Watch, "_now", staticmethod(lambda: next(times)))
    assert processors.Watch().is_busy()  # of twenty seconds of two processors, others had thirteen
    assert not processors.Watch().is_busy()


def test_a_moment_tells_nothing():
    watch = processors.Watch()
    time.sleep(0.01)
    assert not watch.is_busy()
