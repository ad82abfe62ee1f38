"""A run folder is whole or not there, and an altered one is refused."""

import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from fukami.core import artefact, exchange
from fukami.core.errors import RunError, UsageError


@pytest.fixture
def run(tmp_path):
    with artefact.creating(tmp_path / "run") as draft:
        artefact.write_json(draft / "run.json", {"schema": artefact.SCHEMA, "task": "x"})
        artefact.write_json(draft / "proofs" / "split.json", {"train": 3})
    return tmp_path / "run"


def test_a_written_run_verifies_and_reads(run):
    assert artefact.read_run(run)["task"] == "x"
    assert not [p for p in run.parent.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("name", ["run.json", "proofs/split.json"])
def test_an_altered_file_is_named(run, name):
    (run / name).write_text((run / name).read_text() + " ")
    with pytest.raises(RunError, match=r"F-RUN-ALTERED") as told:
        artefact.read_run(run)
    assert told.value.where.endswith(name)


def test_a_missing_file_and_a_foreign_file_are_refused(run):
    (run / "extra.txt").write_text("hello")
    with pytest.raises(RunError, match="does not name"):
        artefact.verify(run)
    (run / "extra.txt").unlink()
    (run / "proofs" / "split.json").unlink()
    with pytest.raises(RunError, match="missing"):
        artefact.verify(run)


def test_nothing_is_overwritten(run):
    with pytest.raises(UsageError, match="F-RUN-EXISTS"), artefact.creating(run):
        pass


@pytest.mark.parametrize("making", [artefact.creating, artefact.scratch])
@pytest.mark.parametrize("name", ["file/run", "file/deep/run", "x" * 300], ids=["file", "deep", "long"])
def test_a_place_where_no_folder_can_be_is_told_before_anything_is_made(tmp_path, making, name):
    (tmp_path / "file").write_text("theirs")
    with pytest.raises(UsageError, match="F-RUN-PLACE") as told, making(tmp_path / name):
        raise AssertionError("what is made here could not be written")
    assert told.value.where == str(tmp_path / name) and [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_what_appears_meanwhile_stays_as_it_is(tmp_path, kind):
    target = tmp_path / "run"
    with pytest.raises(UsageError, match="F-RUN-EXISTS"), artefact.creating(target):
        if kind == "folder":
            target.mkdir()
        (target / "theirs" if kind == "folder" else target).write_text("theirs")
    assert [p.name for p in tmp_path.iterdir()] == ["run"]
    assert (target / "theirs" if kind == "folder" else target).read_text() == "theirs"


def test_a_failed_writing_leaves_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError), artefact.creating(tmp_path / "run") as draft:
        (draft / "half").write_text("…")
        _ = 1 / 0
    assert list(tmp_path.iterdir()) == []


def test_a_change_replaces_the_run_and_a_failed_one_does_not(run):
    with artefact.changing(run) as draft:
        artefact.replace_text(draft / "report.html", "<p>new</p>")
    assert (run / "report.html").read_text() == "<p>new</p>"
    artefact.verify(run)
    with pytest.raises(ZeroDivisionError), artefact.changing(run) as draft:
        artefact.replace_text(draft / "report.html", "<p>newer</p>")
        _ = 1 / 0
    assert (run / "report.html").read_text() == "<p>new</p>"
    artefact.verify(run)


@pytest.fixture
def without_rights(tmp_path):
    """Somebody who may read `tmp_path` and write nothing there, also where the tests run as root, who may do anything."""
    if os.geteuid() != 0:
        yield
        return
    opened = [folder for folder in (tmp_path, *tmp_path.parents) if folder.stat().st_mode & 0o055 != 0o055]
    modes = [folder.stat().st_mode for folder in opened]
    for folder, mode in zip(opened, modes, strict=True):
        folder.chmod(mode | 0o055)
    nobody = 65534
    os.setresuid(nobody, nobody, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        for folder, mode in zip(opened, modes, strict=True):
            folder.chmod(mode)


@pytest.fixture
def protected(run):
    """The run in a folder in which nothing may be changed."""
    folders = [run.parent, run, *(path for path in run.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield run
    for folder in folders:
        folder.chmod(0o755)


def test_what_may_not_be_written_names_the_folder_that_refuses(protected, without_rights):
    artefact.verify(protected)
    place = protected.parent
    for making in (artefact.creating, artefact.scratch):
        with pytest.raises(PermissionError) as told, making(place / "new"):
            pass
        assert told.value.filename == str(place)
    with pytest.raises(PermissionError) as told, artefact.changing(protected):
        pass
    assert told.value.filename == str(protected)
    assert [path.name for path in place.iterdir()] == [protected.name]


def test_a_copy_of_a_protected_run_can_be_written_to(protected, without_rights):
    with tempfile.TemporaryDirectory() as place:
        copied = Path(place)
        artefact.copy_into(copied, protected, without=("manifest.json",))
        (copied / "proofs" / "more").write_text("")
        assert sorted(path.name for path in copied.iterdir()) == ["proofs", "run.json"]
        assert (copied / "run.json").read_bytes() == (protected / "run.json").read_bytes()


def test_a_change_that_is_killed_before_its_last_step_leaves_the_run_as_it_was(run, monkeypatch):
    monkeypatch.setattr(artefact, "exchange", lambda draft, target: os._exit(9))
    child = os.fork()
    if child == 0:
        with artefact.changing(run) as draft:
            artefact.replace_text(draft / "report.html", "<p>new</p>")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    artefact.verify(run)
    monkeypatch.undo()
    with artefact.changing(run) as draft:
        artefact.replace_text(draft / "report.html", "<p>newer</p>")
    assert [path.name for path in run.parent.iterdir()] == [run.name], "what the killed one left lies there still"


@pytest.mark.parametrize("at_once", [True, False], ids=["swapped", "renamed"])
def test_a_run_that_several_change_at_once_keeps_all_and_is_whole_at_any_time(run, monkeypatch, at_once):
    if not at_once:  # there a reader may come while nothing has the name
        monkeypatch.setattr(exchange, "_swapped", lambda one, other: False)
    failed, changes = [], 8

    def change(name):
        try:
            for number in range(changes):
                with artefact.changing(run) as draft:
                    artefact.replace_text(draft / name / f"{number}.txt", name)
        except Exception as error:
            failed.append(error)

    writers = [threading.Thread(target=change, args=(name,)) for name in ("a", "b")]
    for writer in writers:
        writer.start()
    while at_once and any(writer.is_alive() for writer in writers):
        artefact.verify(run)
    for writer in writers:
        writer.join()
    artefact.verify(run)
    assert not failed and len(list(run.rglob("*.txt"))) == 2 * changes
    assert [path.name for path in run.parent.iterdir()] == [run.name]


def test_a_change_cut_between_its_renames_is_put_back(run):
    run.rename(run.parent / f".{run.name}.old")
    assert artefact.read_run(run)["task"] == "x"


def test_a_newer_schema_is_refused(run):
    with artefact.changing(run) as draft:
        artefact.replace_json(draft / "run.json", {"schema": artefact.SCHEMA + 1})
    with pytest.raises(RunError, match="F-RUN-NEWER"):
        artefact.read_run(run)


def test_a_writer_that_is_killed_leaves_no_run(tmp_path):
    code = f"""
import os, pathlib
from fukami.core import artefact
with artefact.creating(pathlib.Path({str(tmp_path)!r}) / "run") as draft:
    (draft / "run.json").write_text("x" * 1000)
    os.kill(os.getpid(), 9)
"""
    assert subprocess.run([sys.executable, "-c", code], env=os.environ, check=False).returncode == -9
    assert not (tmp_path / "run").exists()
    others = tmp_path / f".run.{os.getppid()}.new"  # of a process that lives
    others.mkdir()
    with artefact.creating(tmp_path / "run") as draft:
        (draft / "run.json").write_text("{}")
    assert sorted(path.name for path in tmp_path.iterdir()) == [others.name, "run"]


def test_json_is_strict(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        artefact.write_json(tmp_path / "x.json", {"loss": float("nan")})
    artefact.write_json(tmp_path / "y.json", {"名": "値"})
    assert json.loads((tmp_path / "y.json").read_text("utf-8")) == {"名": "値"}
