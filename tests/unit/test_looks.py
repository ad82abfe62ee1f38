"""Looks at pictures are kept from one command to the next, and never where that could tell something untrue."""

import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image as Pillow

import fukami
from fukami.core import language
from fukami.core.errors import DataError
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields.image import decode, look_cache, looks
from fukami.fields.image.look import FORMAT, Look, look
from fukami.fields.image.look_cache import Key

N = 300
LONG_AGO = 1_600_000_000


@pytest.fixture(autouse=True)
def a_process_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))
    another_process()
    yield
    another_process()


def another_process() -> None:
    looks._remembered.clear()
    looks._complained.clear()


@pytest.fixture
def opened(monkeypatch) -> list:
    """The cells of which the bytes were read."""
    found, real = [], decode.content

    def counted(cell, base, where):
        found.append(cell)
        return real(cell, base, where)

    monkeypatch.setattr(decode, "content", counted)
    return found


def png(number: int) -> bytes:
    out = io.BytesIO()
    Pillow.fromarray(generator(number, "picture").integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(out, "PNG")
    return out.getvalue()


def put(path: Path, data: bytes, *, at: int = LONG_AGO) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (at, at))


def folder(tmp_path: Path, n: int = N) -> Column:
    """Pictures of two classes under `photos`, three of which cannot be read."""
    base, names = tmp_path / "photos", [f"{'ab'[i % 2]}/{i}.png" for i in range(n)]
    for i, name in enumerate(names):
        put(base / name, png(i))
    put(base / names[3], png(3)[:60])
    put(base / names[4], b"<html>not found</html>")
    put(base / names[5], b"")
    return Column("image", pa.array(names), base=base)


def cache_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "glances").glob("*"))


def told(given: list[Look]) -> list:
    return [look._replace(error=look.error and look.error.as_dict()) for look in given]


# -- kept ------------------------------------------------------------------------------------------------------------------
def test_the_next_command_opens_no_file_and_sees_the_same(tmp_path, opened):
    column = folder(tmp_path)
    first = looks.looks_at(column)
    assert len(opened) == N
    assert [row for row, seen in enumerate(first) if seen.error] == [3, 4, 5]
    looks.looks_at(column)
    assert len(opened) == N, "remembered within a process"
    another_process()
    assert told(looks.looks_at(column)) == told(first)
    assert len(opened) == N, "and from one to the next, what cannot be read as well"
    error = first[4].error
    assert error is not None
    assert (error.code, error.where) == ("F-IMAGE-UNREADABLE", str(tmp_path / "photos" / "a/4.png"))
    assert error.__traceback__ is error.__context__ is None, "no frame with a picture's bytes is held"


def test_a_second_check_opens_no_file(tmp_path, opened):
    column = folder(tmp_path)
    first = fukami.check("image-classification", column.base)
    assert len(opened) >= N and "F-IMAGE-BROKEN" in {p["code"] for p in first["problems"]}
    opened.clear()
    another_process()
    assert fukami.check("image-classification", column.base) == first
    assert not opened


@pytest.mark.parametrize("same", ["size and time", "size", "nothing"])
def test_a_changed_file_is_noticed(tmp_path, opened, same):
    column = folder(tmp_path)
    before = looks.looks_at(column)
    opened.clear()
    another_process()
    path = tmp_path / "photos" / "a/10.png"
    data = png(1000).ljust(path.stat().st_size, b"\0")[: path.stat().st_size]
    put(tmp_path / "new.png", png(1000) if same == "nothing" else data, at=LONG_AGO + (same != "size and time"))
    (tmp_path / "new.png").replace(path)  # another inode
    assert looks.looks_at(column)[10].content != before[10].content
    assert opened == ["a/10.png"]
    another_process()
    looks.looks_at(column)
    assert opened == ["a/10.png"], "the new look is kept"


def test_a_file_that_may_still_be_written_is_not_trusted(tmp_path, opened):
    column = folder(tmp_path)
    moment = time.time()
    os.utime(tmp_path / "photos" / "a/10.png", (moment, moment))
    os.utime(tmp_path / "photos" / "b/11.png", (moment + 3600, moment + 3600))  # by another clock
    for _ in range(2):
        looks.looks_at(column)
        another_process()
    assert len(opened) == N + 2 and set(opened[N:]) == {"a/10.png", "b/11.png"}


def test_bytes_and_hub_cells_are_known_by_their_bytes(opened):
    cells = [png(i) for i in range(N)]
    as_bytes, as_hub = (
        Column("image", pa.array(v), file="a.parquet") for v in (cells, [{"bytes": c, "path": "x"} for c in cells])
    )
    first = looks.looks_at(as_bytes)
    another_process()
    assert looks.looks_at(as_hub) == first
    assert len(opened) == N


def test_one_picture_in_many_rows_is_opened_once_and_named_by_each(tmp_path, opened):
    put(tmp_path / "a.png", b"no picture")
    column = Column("image", pa.array(["a.png"] * 9), base=tmp_path, file="table.csv")
    given = looks.looks_at(column)
    assert opened == ["a.png"]
    assert [look.error.where.split(" ")[0] for look in given if look.error] == [f"table.csv:{row}" for row in range(1, 10)]


def test_errors_are_told_in_the_language_of_the_reader(tmp_path):
    column = folder(tmp_path)
    english = looks.looks_at(column)[4].error
    another_process()
    language.use("ja")
    try:
        japanese = looks.looks_at(column)[4].error
    finally:
        language.use("en")
    assert english is not None and japanese is not None
    assert "picture" in english.what and "画像" in japanese.what and japanese.where == english.where


@pytest.mark.parametrize("failure", [PermissionError(13, "Permission denied"), MemoryError(), OSError(5, "Input/output error")])
def test_failures_of_the_system_are_not_blamed_on_the_picture_for_good(tmp_path, monkeypatch, failure):
    column = folder(tmp_path)

    def failing(*_anything):
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr(
            "PIL.ImageFile.ImageFile.load" if isinstance(failure, MemoryError) else "pathlib.Path.read_bytes", failing
        )
        assert all(look.error for look in looks.looks_at(column))
    assert sum(look.error is not None for look in looks.looks_at(column)) == 3
    another_process()
    assert sum(look.error is not None for look in looks.looks_at(column)) == 3


# -- what can go wrong -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("damage", [lambda d: b"", lambda d: d[:-1], lambda d: b"PK" + d, lambda d: d[:9000] + b"?" + d[9001:]])
def test_a_damaged_cache_is_made_again(tmp_path, opened, damage):
    column = folder(tmp_path)
    first = looks.looks_at(column)
    (file,) = cache_files(tmp_path)
    whole = file.read_bytes()
    assert whole[9000:9001] != b"?"
    file.write_bytes(damage(whole))
    another_process()
    opened.clear()
    assert told(looks.looks_at(column)) == told(first)
    assert len(opened) == N
    another_process()
    looks.looks_at(column)
    assert len(opened) == N, "and is whole again"


def test_looks_of_another_version_are_not_used(tmp_path, opened, monkeypatch):
    column = folder(tmp_path)
    looks.looks_at(column)
    another_process()
    monkeypatch.setattr(look_cache, "FORMAT", FORMAT + 1)
    looks.looks_at(column)
    assert len(opened) == 2 * N
    another_process()
    monkeypatch.setattr("PIL.__version__", "0.1")
    looks.looks_at(column)
    assert len(opened) == 3 * N


def test_what_a_look_tells_has_not_changed_unless_its_format_has():
    """Raise `FORMAT` with these figures: else looks that are kept on disk would be taken for the new ones."""
    y, x = np.mgrid[:20, :24]
    out = io.BytesIO()
    Pillow.fromarray(np.stack([10 * x, 12 * y, 3 * x * y % 251], 2).astype(np.uint8)).save(out, "PNG")
    seen = look(out.getvalue(), None)
    assert (FORMAT, seen.content, seen.near, sum(seen.thumbnail)) == (1, 15313507327818646746, 18446462525180985277, 29361)
    assert seen[3:9] == (24, 20, "PNG", "RGB", False, None)


SCRIPT = """
import sys, pathlib
from fukami.fields.image import look_cache as cache
from fukami.fields.image.look import Look
start, place = int(sys.argv[1]), cache.place_of("pictures")
keys = [cache.Key(f"/{i}.png", i, i, i) for i in range(1000)]
mine = {key: Look(None, key.size, 0, 1, 1, "PNG", "L", True, None, bytes(256)) for key in keys[start : start + 500]}
for _ in range(20):
    cache.keep(place, mine, mine)
    found = cache.found(place, keys)
    assert len(found) >= 500 and all(look.content == key.size for key, look in found.items()), len(found)
"""


@pytest.mark.slow
def test_two_processes_at_once_do_no_damage(tmp_path):
    started = [
        subprocess.Popen([sys.executable, "-c", SCRIPT, start], stderr=subprocess.PIPE, text=True) for start in ("0", "500")
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0 and not errors, errors
    (file,) = cache_files(tmp_path)
    assert len(look_cache.found(file, [Key(f"/{i}.png", i, i, i) for i in range(1000)])) >= 500


def test_an_interrupted_pass_goes_on_where_it_was(tmp_path, monkeypatch):
    column, seen, real = folder(tmp_path), [], decode.content

    def interrupted(cell, base, where):
        seen.append(cell)
        if len(seen) == 200:
            raise KeyboardInterrupt
        return real(cell, base, where)

    monkeypatch.setattr(decode, "content", interrupted)
    with pytest.raises(KeyboardInterrupt):
        looks.looks_at(column)
    assert len(seen) < N, "the others are not waited for"
    another_process()
    assert sum(look.error is None for look in looks.looks_at(column)) == N - 3
    assert len(seen) <= N + 2 * looks.AT_A_TIME


def test_a_cache_that_cannot_be_written_is_told_once(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "file"))
    column = folder(tmp_path)
    for _ in range(2):
        assert sum(look.error is None for look in looks.looks_at(column)) == N - 3
        looks._remembered.clear()
    text = capsys.readouterr().err
    assert text.count("cannot be kept") == 1 and "FUKAMI_CACHE" in text


# -- small -----------------------------------------------------------------------------------------------------------------
def test_few_pictures_leave_nothing_behind(tmp_path):
    looks.looks_at(folder(tmp_path, n=100))
    assert not cache_files(tmp_path)


def a_look(i: int) -> tuple[Key, Look]:
    return Key(f"/{i}.png", i, i, i), Look(None, i, i, 1, 1, "PNG", "L", True, (0.5, 2.0), bytes([i % 256]) * 256)


def test_old_looks_and_forgotten_errors_go(tmp_path, monkeypatch):
    place = look_cache.place_of("here")
    errors = [DataError("F-IMAGE-BROKEN", "cut off", got=f"{i}") for i in range(10)]
    old = {a_look(i)[0]: Look(error=errors[i]) for i in range(10)}
    look_cache.keep(place, old, old)
    moment = time.time() + look_cache.FORGOTTEN_S + 10
    monkeypatch.setattr(look_cache.time, "time", lambda: moment)
    new = dict(a_look(i) for i in range(10, 20))
    asked = [*list(old)[7:], *new]
    look_cache.keep(place, new, asked)
    found = look_cache.found(place, [*old, *new])
    assert set(found) == set(asked)
    assert [look.error.got for look in found.values() if look.error] == ["7", "8", "9"]
    assert {key: found[key] for key in new} == new
    assert b'"got": "6"' not in place.read_bytes()


def test_the_folder_keeps_to_its_size(tmp_path, monkeypatch):
    given = dict(a_look(i) for i in range(100))
    places = [look_cache.place_of(name) for name in "abc"]
    for age, place in zip((300, 100, 0), places, strict=True):
        look_cache.keep(place, given, given)
        moment = time.time() - age
        os.utime(place, (moment, moment))
    monkeypatch.setattr(look_cache, "MOST_BYTES", int(2.5 * places[0].stat().st_size))
    draft = places[0].parent / ".abc-123"
    put(draft, b"x")
    assert look_cache.found(places[0], list(given)), "used just now"
    look_cache.keep(places[2], given, given)
    assert set(cache_files(tmp_path)) == {places[0], places[2]}


def test_a_file_holds_so_many_looks_and_no_more(monkeypatch):
    monkeypatch.setattr(look_cache, "MOST_ENTRIES", 60)
    place, given = look_cache.place_of("here"), dict(a_look(i) for i in range(100))
    look_cache.keep(place, given, given)
    assert len(look_cache.found(place, list(given))) == 60


def test_ten_thousand_looks_are_read_in_a_moment():
    place, given = look_cache.place_of("here"), dict(a_look(i) for i in range(10_000))
    look_cache.keep(place, given, given)
    keys, took = list(given), []
    for _ in range(5):
        began = time.process_time()
        found = look_cache.found(place, keys)
        took.append(time.process_time() - began)
    assert found == given
    assert min(took) < 0.1, "typically 0.03 s"


# -- shown -----------------------------------------------------------------------------------------------------------------
def test_a_long_pass_is_told_and_a_short_one_is_silent(tmp_path, monkeypatch, capsys):
    column = folder(tmp_path)
    looks.looks_at(column)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(looks, "SILENT_S", 0)
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "other"))
    another_process()
    looks.looks_at(column)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("looking at every picture once: ") and line.endswith(" of 300")


@pytest.mark.parametrize("threads", [1, 2])
def test_work_in_threads_keeps_its_order(monkeypatch, threads):
    monkeypatch.setattr(looks.processors, "usable", lambda: threads)
    done = []
    assert looks.in_threads(lambda i: i * i, range(100), progress=done.append) == [i * i for i in range(100)]
    assert done == sorted(done) and done[-1] == 100 and len(done) > 5
