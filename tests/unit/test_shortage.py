"""Memory that runs out where nothing can be done about it: one message, whoever notices."""

import tracemalloc

import pytest
from pyarrow.lib import ArrowException

from fukami.cli import main as cli
from fukami.core.shortage import is_allocation, is_shortage, shortage
from fukami.data.files import read_bytes
from fukami.engine.loader import Loader
from fukami.engine.mishaps import NotPrepared, is_out_of_memory

SAID = [
    (MemoryError(), True),
    (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes"), True),
    (RuntimeError("could not create a primitive"), True),
    (RuntimeError("could not create a primitive descriptor for a convolution"), False),
    (RuntimeError("can't start new thread"), True),
    (ImportError("libtiff.so.6: failed to map segment from shared object"), True),
    (ArrowException("Unknown error: Failed to launch worker thread: Resource temporarily unavailable"), True),
    (ImportError("no module named nothing"), False),
    (ValueError("not enough memory of this in the text"), False),
    (RuntimeError("mat1 and mat2 must have the same dtype"), False),
]


@pytest.mark.parametrize(("error", "told"), SAID, ids=[str(error)[:30] or "MemoryError" for error, _told in SAID])
def test_what_means_that_memory_ran_out(error, told):
    assert is_shortage(error) is told
    assert is_out_of_memory(error) is told


def test_a_library_that_cannot_be_mapped_is_no_allocation():
    assert not is_allocation(ImportError("failed to map segment from shared object"))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("can't start new thread"), OSError("failed to map segment")])
def test_the_command_line_says_it_and_does_not_call_it_a_mistake_of_ours(monkeypatch, capsys, error):
    def fails(_words, _as_json):
        raise error

    monkeypatch.setattr(cli, "_dispatch", fails)
    assert cli.main(["train"]) == shortage().exit_code == 1
    assert "F-MEMORY-OUT" in capsys.readouterr().err


def test_reading_a_small_file_takes_little_memory(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"a,b\n" * 10)
    tracemalloc.start()
    try:
        assert read_bytes(tmp_path / "a.csv") == b"a,b\n" * 10
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()


def test_a_loader_whose_thread_cannot_begin_says_that_nothing_is_prepared(monkeypatch):
    def none_left(_thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", none_left)
    with pytest.raises(NotPrepared), Loader(lambda step: step, first=0, num_steps=2, ahead=1):
        pass
