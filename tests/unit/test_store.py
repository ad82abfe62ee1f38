"""The prepared store on disk: found again, shared, whole or not there."""

import errno
import io
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow

from fukami.core import kept
from fukami.core.errors import DataError, UsageError
from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.data import store
from fukami.data.store import CHUNK, WORTH_KEEPING, prepare
from fukami.fields.contract import Ragged
from fukami.fields.image.field import Image
from fukami.fields.row.field import Row
from fukami.fields.text.field import Text
from fukami.tasks.registry import contract
from tests.synthetic import columns

TOTAL = WORTH_KEEPING + 44


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FUKAMI_STORE_GB", raising=False)
    return tmp_path / "cache" / "store"


def photos(total: int = TOTAL) -> Column:
    """Encoded colour pictures of 12 × 8 px, all different."""
    rng = np.random.default_rng(0)
    cells = []
    for _picture in range(total):
        out = io.BytesIO()
        Pillow.fromarray(rng.integers(0, 256, (8, 12, 3), dtype=np.uint8)).save(out, "PNG")
        cells.append(out.getvalue())
    return Column("image", pa.array(cells, pa.binary()))


class Counting:
    """How many examples a field has encoded."""

    def __init__(self, monkeypatch, kind=Image):
        self.count, encode = 0, kind.encode

        def counted(field, columns):
            self.count += len(columns[0])
            return encode(field, columns)

        monkeypatch.setattr(kind, "encode", counted)


def prepared(field, column, **told):
    return prepare({"x": field}, {"x": [column]}, {"x": field.fingerprint([column])}, **told)


def stores(cache: Path) -> list[Path]:
    return [path.parent for path in cache.glob("*/meta.json")]


def test_a_large_table_without_numbers_is_stored(cache, monkeypatch):
    monkeypatch.setattr("fukami.data.store.IN_MEMORY_BYTES", 100)
    column = Column("colour", pa.array(["red", "green", "blue"] * CHUNK))
    field = Row(name="row").learn([column])
    for _once_written_once_found in range(2):
        assert prepared(field, column).batch(np.arange(3))["x"].numbers.shape == (3, 0)
    assert len(stores(cache)) == 1


def test_what_is_there_is_not_decoded_again(cache, monkeypatch):
    column = photos()
    field = Image(name="x").learn([column])
    counting = Counting(monkeypatch)
    seen: list[tuple[int, int]] = []
    first = prepared(field, column, progress=lambda *told: seen.append(told))
    assert counting.count == TOTAL and seen == [(TOTAL, TOTAL)]
    again = prepared(field, column)
    assert counting.count == TOTAL
    np.testing.assert_array_equal(first.batch(np.arange(TOTAL))["x"], again.batch(np.arange(TOTAL))["x"])
    np.testing.assert_array_equal(again.arrays["x"]["pixels"], field.encode([column])["pixels"])


@pytest.mark.parametrize("kept", [True, False], ids=["on disk", "in memory"])
def test_chunks_of_pictures_are_joined_channels_last(cache, monkeypatch, kept):
    monkeypatch.setattr("fukami.data.store.COSTLY_CHUNK", 100)
    column, seen = photos(), []
    field = Image(name="x").learn([column])
    prints = {"x": field.fingerprint([column])} if kept else {}
    store = prepare({"x": field}, {"x": [column]}, prints, progress=lambda *told: seen.append(told))
    pixels = store.arrays["x"]["pixels"]
    assert isinstance(pixels, np.ndarray) and pixels.transpose(0, 2, 3, 1).flags.c_contiguous
    np.testing.assert_array_equal(pixels, field.encode([column])["pixels"])
    assert seen == [(100, TOTAL), (200, TOTAL), (TOTAL, TOTAL)] and len(stores(cache)) == kept


def test_augmentation_and_normalisation_share_a_store_and_size_does_not(cache):
    column = photos()
    field = Image(name="x").learn([column])
    prepared(field, column)
    for options in (Image.Options(flip="yes", shift=0.1, erase=0.5), Image.Options(normalise="half")):
        prepared(replace(field, options=options).learn([column]), column)
    assert len(stores(cache)) == 1
    prepared(replace(field, options=Image.Options(size_px=5)).learn([column]), column)
    assert len(stores(cache)) == 2


def test_token_dropout_does_not_shape_what_is_stored():
    (column,) = columns({"x": "text"})["x"]
    plain, varied = Text(name="x"), Text(name="x", options=Text.Options(token_dropout=0.3))
    assert plain.learn([column]).stored_as() == varied.learn([column]).stored_as()
    assert plain.learn([column]).stored_as() != Text(name="x", options=Text.Options(max_tokens=3)).learn([column]).stored_as()


def test_chunks_of_ragged_rows_are_joined_on_disk(cache, monkeypatch):
    monkeypatch.setattr("fukami.data.store.IN_MEMORY_BYTES", 100)
    column = Column("x", pa.array([f"word{i % 7} and {'more ' * (i % 5)}" for i in range(CHUNK * 2 + 3)]))
    field = Text(name="x").learn([column])
    ids, whole = prepared(field, column).arrays["x"]["ids"], field.encode([column])["ids"]
    assert len(stores(cache)) == 1 and isinstance(ids, Ragged) and isinstance(whole, Ragged)
    np.testing.assert_array_equal(ids.values, whole.values)
    np.testing.assert_array_equal(ids.offsets, whole.offsets)


@pytest.mark.parametrize("damage", ["short", "long", "gone", "a bit", "no meta", "other meta", "meta of another"])
def test_a_damaged_store_is_made_again(cache, monkeypatch, damage):
    column = photos()
    field = Image(name="x").learn([column])
    whole = np.array(prepared(field, column).arrays["x"]["pixels"])
    (place,) = stores(cache)
    values, meta = place / "pixels.values", place / "meta.json"
    if damage == "short":
        os.truncate(values, values.stat().st_size - 7)
    elif damage == "long":
        values.write_bytes(values.read_bytes() + b"x")
    elif damage == "gone":
        values.unlink()
    elif damage == "a bit":
        data = bytearray(values.read_bytes())
        data[-5] ^= 4
        values.write_bytes(data)
    elif damage == "no meta":
        meta.write_text('{"checksum": 1, "to')
    elif damage == "meta of another":
        meta.write_text(meta.read_text().replace("|u1", "|i1"))
    else:
        found = kept.read(meta)
        assert found is not None
        found[0]["pixels.values"]["rows"] -= 1
        kept.write(meta, found[0])
    counting, said = Counting(monkeypatch), []
    again = prepared(field, column, tell=said.append)
    assert counting.count == TOTAL
    name = "meta.json" if "meta" in damage and damage != "other meta" else "pixels.values"
    assert said == [f"the prepared examples are damaged on the disk ({place / name}); they are made again"]
    np.testing.assert_array_equal(again.arrays["x"]["pixels"], whole)
    prepared(field, column)
    assert counting.count == TOTAL, "what was made again is found"


def test_an_offset_that_disagrees_is_noticed(cache, monkeypatch):
    monkeypatch.setattr("fukami.data.store.IN_MEMORY_BYTES", 100)
    column = Column("x", pa.array(["some words here"] * (CHUNK + 1)))
    field = Text(name="x").learn([column])
    prepared(field, column)
    (place,) = stores(cache)
    with (place / "ids.offsets").open("r+b") as file:
        file.seek(-8, 2)
        file.write(np.int64(5).tobytes())
    with pytest.raises(kept.Damaged, match=r"ids\.offsets"):
        kept.mapped(place)


def test_a_large_file_is_looked_at_in_part_and_damage_is_found_in_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(kept, "BLOCK", 16)
    data = generator(0, "file").bytes(16 * 1000 + 7)
    with (tmp_path / "file").open("wb") as file:
        summed = kept.SummedFile(file)
        for start in range(0, len(data), 37):  # blocks end in the midst of what is written
            summed.write(data[start : start + 37])
    assert len(summed.sums) == 1001

    def looks(count: int) -> set[int | None]:
        return {kept.damaged_block(tmp_path / "file", summed.sums, generator(i, "look")) for i in range(count)}

    assert looks(200) == {None}
    spoilt = bytearray(data)
    spoilt[16 * 500] ^= 1  # of 999 blocks between the first and the last, a look reads 30
    (tmp_path / "file").write_bytes(spoilt)
    assert looks(200) == {None, 500}
    for at in (3, len(data) - 1):
        spoilt = bytearray(data)
        spoilt[at] ^= 1
        (tmp_path / "file").write_bytes(spoilt)
        assert looks(20) == {at // 16}


@pytest.mark.parametrize("told", ["abc", "nan", "-1", "inf"])
def test_a_cap_that_is_no_number_is_a_usage_error(monkeypatch, told):
    monkeypatch.setenv("FUKAMI_STORE_GB", told)
    column = photos()
    with pytest.raises(UsageError, match="F-STORE-CAP"):
        prepared(Image(name="x").learn([column]), column)


def test_the_store_used_longest_ago_goes_first(cache, monkeypatch):
    column = photos()
    for moment, size in enumerate((6, 7, 8)):
        prepared(Image(name="x", options=Image.Options(size_px=size)).learn([column]), column)
        newest = max(stores(cache), key=lambda place: place.stat().st_mtime_ns)
        os.utime(newest, (1000 + moment, 1000 + moment))
    monkeypatch.setenv("FUKAMI_STORE_GB", str(TOTAL * 3 * (8 * 8 + 9 * 9 + 10) / (1 << 30)))
    prepared(Image(name="x", options=Image.Options(size_px=9)).learn([column]), column)
    sizes = {len(arrays["pixels.values"][0, 0]) for place in stores(cache) if (arrays := kept.mapped(place))}
    assert sizes == {8, 9}


def full(_file) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_is_told_and_leaves_nothing(cache, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    column, told = photos(), []
    field = Image(name="x").learn([column])
    store = prepared(field, column, tell=told.append)
    np.testing.assert_array_equal(store.arrays["x"]["pixels"], field.encode([column])["pixels"])
    assert [text.split()[0] for text in told] == ["F-STORE-DISK"] and "No space left" in told[0]
    assert list(cache.iterdir()) == []


def test_no_room_is_seen_before_decoding(cache, monkeypatch):
    monkeypatch.setattr(store, "room_for", lambda _folder, _size: False)
    monkeypatch.setattr(store, "memory_left", lambda: 0.0)
    column = photos()
    field = Image(name="x").learn([column])
    with pytest.raises(DataError, match="F-STORE-DISK") as caught:
        prepared(field, column)
    assert str(cache) in caught.value.where and "FUKAMI_CACHE" in caught.value.fix


def test_a_cache_folder_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "file"))
    column, told = photos(), []
    assert len(prepared(Image(name="x").learn([column]), column, tell=told.append)) == TOTAL
    assert told and told[0].startswith("F-STORE-DISK")


TWO = """
import sys, time
import tests.unit.test_store as told
from fukami.fields.image.field import Image
column, encode = told.photos(), Image.encode
field = Image(name="x").learn([column])
def slow(field, columns):
    print("encodes", flush=True)
    time.sleep(0.5)
    return encode(field, columns)
Image.encode = slow
print("ready", flush=True)
sys.stdin.readline()
store = told.prepared(field, column)
print(int(store.arrays["x"]["pixels"].sum(dtype="int64")), flush=True)
"""


@pytest.mark.slow
def test_of_two_processes_one_decodes_and_the_other_waits(cache):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    both = [
        subprocess.Popen([sys.executable, "-c", TWO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _process in range(2)
    ]
    for process in both:
        assert process.stdout and process.stdout.readline() == "ready\n"
    outputs = [""] * 2
    for process in both:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    outputs = [process.communicate(timeout=60)[0].split() for process in both]
    assert sorted(len(words) for words in outputs) == [1, 2], outputs
    assert outputs[0][-1] == outputs[1][-1]
    assert len(stores(cache)) == 1 and len(list(cache.iterdir())) == 1


def test_a_process_that_was_killed_holds_nobody_up(cache):
    """The lock is the kernel's: a file that a dead process left is no lock."""
    column = photos()
    field = Image(name="x").learn([column])
    cache.mkdir(parents=True)
    prepared(field, column)
    (place,) = stores(cache)
    (cache / f".lock-{place.name}").write_text("")
    for age_s, name in ((90_000, ".new-dead"), (60, ".new-alive")):
        (cache / name).mkdir()
        os.utime(cache / name, (time.time() - age_s, time.time() - age_s))
    os.truncate(place / "pixels.values", 3)
    assert len(prepared(field, column)) == TOTAL
    assert (cache / ".new-alive").exists() and not (cache / ".new-dead").exists()


def test_arrays_that_lie_on_the_device_give_the_same_batches():
    task = contract("image-classification")
    raw = columns({n: f.kind for n, f in task.fields.items()})
    fields = {n: f.learn(raw[n]) for n, f in task.fields.items()}
    store = prepare(fields, raw, {})
    rows = np.array([3, 0, 7])
    there = store.resident(torch.device("cpu"), room_bytes=1 << 30)
    nowhere = store.resident(torch.device("cpu"))
    assert all(isinstance(a, torch.Tensor) for arrays in there.arrays.values() for a in arrays.values())
    assert not any(isinstance(a, torch.Tensor) for arrays in nowhere.arrays.values() for a in arrays.values())
    for name, value in store.batch(rows).items():
        torch.testing.assert_close(there.batch(rows)[name], value, rtol=0, atol=0)
        assert there.batch(rows)[name].stride() == value.stride()
