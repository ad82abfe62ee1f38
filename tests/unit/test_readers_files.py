"""Folders, archives, JSON, Parquet, IDX, NumPy archives, and everything that is not there."""

import gzip
import json
import os
import stat
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from fukami.core.errors import DataError, FukamiError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data import read


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FUKAMI_DATA", raising=False)


def picture(path: Path, colour: tuple[int, int, int] = (1, 2, 3)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), colour).save(path)


def images(source: Path | str, **choices) -> Table:
    return read(str(source), DataChoices(**choices), kinds=("image",))


def codes(table: Table) -> set[str]:
    return {problem.code for problem in table.problems}


def raises(source: Path | str, code: str, kinds: tuple[str, ...] = ("image",), **choices) -> FukamiError:
    with pytest.raises(FukamiError) as caught:
        read(str(source), DataChoices(**choices), kinds=kinds)
    assert caught.value.code == code
    return caught.value


# -- folders -------------------------------------------------------------------------------------------------------------
def test_a_folder_per_class(tmp_path):
    for name in ("cat/1.jpg", "cat/old/2.JPG", "dog/1.png"):
        picture(tmp_path / name)
    (tmp_path / "cat" / ".hidden.jpg").write_bytes(b"x")
    (tmp_path / "cat" / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    found = images(tmp_path)
    assert found.columns["path"].strings() == ["cat/1.jpg", "cat/old/2.JPG", "dog/1.png"]
    assert found.columns["class"].strings() == ["cat", "cat", "dog"]
    assert found.hints == {"image": "path", "target": "class"}
    assert found.columns["path"].where(2) == str(tmp_path / "dog/1.png")
    assert found.columns["path"].take(np.array([2, 0])).where(0) == str(tmp_path / "dog/1.png")
    assert found.parts is None and found.problems == ()


@pytest.mark.parametrize("valid", ["val", "valid", "validation", "dev"])
def test_parts_above_the_classes(tmp_path, valid):
    for part in ("train", valid, "test"):
        for name in ("cat", "dog"):
            picture(tmp_path / part / name / "1.png")
    found = images(tmp_path)
    assert found.parts.tolist() == ["train", "train", "valid", "valid", "test", "test"]
    assert images(tmp_path / "test").parts is None


def test_folders_that_only_wrap_are_looked_through(tmp_path):
    picture(tmp_path / "data" / "images" / "cat" / "1.png")
    picture(tmp_path / "data" / "images" / "dog" / "1.png")
    assert images(tmp_path).columns["class"].strings() == ["cat", "dog"]


def test_a_class_called_test_is_a_class(tmp_path):
    picture(tmp_path / "control" / "1.png")
    picture(tmp_path / "test" / "1.png")
    assert images(tmp_path).columns["class"].strings() == ["control", "test"]


def test_class_names_of_other_systems_are_the_same(tmp_path):
    picture(tmp_path / "train" / "か\u3099" / "1.png")  # as macOS writes it
    picture(tmp_path / "test" / "が" / "1.png")
    assert set(images(tmp_path).columns["class"].strings()) == {"が"}


def test_whatever_is_passed_over_is_told(tmp_path):
    for name in ("train/cat/1.png", "train/dog/1.png", "test/cat/2.png", "test/dog/2.png", "train/loose.png"):
        picture(tmp_path / name)
    (tmp_path / "train" / "cat" / "note.xcf").write_bytes(b"x")
    (tmp_path / "train" / "bird").mkdir()
    (tmp_path / "extra").mkdir()
    (tmp_path / "train" / "cat" / "gone.jpg").symlink_to("/nowhere/at/all.jpg")
    os.mkfifo(tmp_path / "train" / "cat" / "pipe.jpg")
    found = images(tmp_path)
    assert len(found) == 4
    assert codes(found) == {
        "F-FOLDER-STRANGE", "F-FOLDER-CLASS-EMPTY", "F-FOLDER-OTHERS", "F-FOLDER-LINK", "F-FOLDER-SPECIAL", "F-FOLDER-LOOSE",
    }  # fmt: skip
    assert any(problem.where.endswith("note.xcf") for problem in found.problems)


def test_a_link_that_leads_back_ends(tmp_path):
    picture(tmp_path / "cat" / "1.png")
    picture(tmp_path / "dog" / "1.png")
    (tmp_path / "cat" / "again").symlink_to(tmp_path / "cat")
    assert len(images(tmp_path)) == 2


def test_pictures_without_classes_have_no_target(tmp_path):
    picture(tmp_path / "1.png")
    picture(tmp_path / "2.png")
    found = images(tmp_path)
    assert list(found.columns) == ["path"] and len(found) == 2


def test_texts_in_folders_are_read(tmp_path):
    for name, encoding in (("良/1.txt", "utf-8"), ("悪/1.txt", "cp932")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes("これは映画の感想です。".encode(encoding))
    found = read(str(tmp_path), DataChoices(), kinds=("text",))
    assert found.columns["text"].strings() == ["これは映画の感想です。"] * 2
    assert found.hints == {"text": "text", "target": "class"} and codes(found) == {"F-ENCODING-FOUND"}
    assert found.columns["text"].where(0).endswith("1.txt")


def test_a_table_beside_pictures(tmp_path):
    picture(tmp_path / "pictures" / "1.png")
    (tmp_path / "labels.csv").write_text("path,label\npictures/1.png,cat\n")
    found = images(tmp_path)
    assert list(found.columns) == ["path", "label"] and found.columns["path"].base == tmp_path


def test_classes_and_a_table_leave_the_choice_to_the_user(tmp_path):
    picture(tmp_path / "cat" / "1.png")
    picture(tmp_path / "dog" / "1.png")
    (tmp_path / "labels.csv").write_text("path,label\ncat/1.png,x\n")
    error = raises(tmp_path, "F-LAYOUT-AMBIGUOUS")
    assert "layout=folder" in error.fix and "layout=tables" in error.fix
    assert len(images(tmp_path, layout="folder")) == 2 and len(images(tmp_path, layout="tables")) == 1
    raises(tmp_path, "F-LAYOUT-NAME", layout="foldr")


# -- tables in folders ---------------------------------------------------------------------------------------------------
def test_parts_from_file_names(tmp_path):
    (tmp_path / "train.tsv").write_text("text\tlabel\na\t1\nb\t0\n")
    (tmp_path / "dev.tsv.gz").write_bytes(gzip.compress(b"text\tlabel\nc\t1\n"))
    (tmp_path / "test.tsv").write_text("text\tlabel\nd\t0\n")
    (tmp_path / "notes.tsv").write_text("a\tb\n1\t2\n")
    found = read(str(tmp_path), DataChoices(), kinds=("text",))
    assert found.parts.tolist() == ["train", "train", "valid", "test"]
    assert found.columns["text"].where(3) == f"{tmp_path}/test.tsv:2 (text)"
    assert codes(found) == {"F-TABLES-OTHERS"}


def test_shards_of_a_part(tmp_path):
    (tmp_path / "data").mkdir()
    for name, value in (("train-00000-of-00002", "a"), ("train-00001-of-00002", "b"), ("test-00000-of-00001", "c")):
        pq.write_table(pa.table({"text": [value], "label": [1]}), tmp_path / "data" / f"{name}.parquet")
    found = read(str(tmp_path), DataChoices(), kinds=("text",))
    assert found.columns["text"].strings() == ["a", "b", "c"] and found.parts.tolist() == ["train", "train", "test"]


def test_a_test_table_without_answers_is_left_out(tmp_path):
    (tmp_path / "train.csv").write_text("id,age,survived\n1,20,0\n2,30,1\n")
    (tmp_path / "test.csv").write_text("id,age\n3,40\n")
    found = read(str(tmp_path), DataChoices(), kinds=("row",))
    assert len(found) == 2 and codes(found) == {"F-PARTS-COLUMNS"}


def test_tables_that_say_no_part(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "b.csv").write_text("a\n1\n")
    assert "a.csv" in raises(tmp_path, "F-TABLES-SEVERAL", ("row",)).fix
    (tmp_path / "a.csv").rename(tmp_path / "train.csv")
    (tmp_path / "b.csv").rename(tmp_path / "test.csv")
    (tmp_path / "test.csv").write_text("b\n1\n")
    raises(tmp_path, "F-PARTS-COLUMNS", ("row",))


# -- JSON and Parquet ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "content",
    [
        '{"a": 1, "b": "x"}\n{"a": 2}\n',
        '[{"a": 1, "b": "x"}, {"a": 2}]',
        '{"a": [1, 2], "b": ["x", null]}',
        '{"version": 1, "data": [{"a": 1, "b": "x"}, {"a": 2, "b": null}]}',
        '{\n "a": [1, 2],\n "b": ["x", null]\n}',
    ],
)
def test_every_form_of_json(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    found = read(str(tmp_path / "a.json"), DataChoices(), kinds=("row",))
    assert {n: c.values.to_pylist() for n, c in found.columns.items()} == {"a": [1, 2], "b": ["x", None]}


def test_broken_json(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n' * 150 + "oops\n" + '{"a": 2}\n')
    found = read(str(path), DataChoices(), kinds=("row",))
    (problem,) = found.problems
    assert len(found) == 151 and problem.severity == "warning" and problem.where.endswith(":151")
    path.write_text('{"a": 1}\noops\n')
    assert read(str(path), DataChoices(), kinds=("row",)).problems[0].severity == "error"
    path.write_text('[{"a": 1},\n{"a": ]')
    assert raises(path, "F-JSON-SYNTAX", ("row",)).where.endswith(":2")
    path.write_text("")
    raises(path, "F-TABLE-EMPTY", ("row",))
    path.write_text("[" * 100_000)
    raises(path, "F-JSON-SHAPE", ("row",))


def test_mixed_and_nested_cells_become_text_and_say_so(tmp_path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": 1, "b": {"c": 2}, "tags": ["x"]}) + "\n" + json.dumps({"a": "z"}) + "\n")
    found = read(str(tmp_path / "a.jsonl"), DataChoices(), kinds=("row",))
    assert found.columns["a"].strings() == ["1", "z"] and found.columns["b"].strings() == ['{"c": 2}', ""]
    assert found.columns["tags"].values.to_pylist() == [["x"], None] and codes(found) == {"F-JSON-CELLS"}


def test_parquet(tmp_path):
    pictures = [{"bytes": b"png", "path": "a.png"}, {"bytes": None, "path": "b.png"}]
    labels = pa.array(["x", "y"]).dictionary_encode()
    pq.write_table(pa.table({"image": pictures, "label": labels, "n": [1, 2]}), tmp_path / "a.parquet")
    found = images(tmp_path / "a.parquet")
    assert found.columns["image"].values.to_pylist() == [b"png", None]
    assert found.columns["label"].values.type == pa.string() and found.columns["n"].values.type == pa.int64()
    (tmp_path / "cut.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:100])
    raises(tmp_path / "cut.parquet", "F-PARQUET-DAMAGED")


# -- arrays in files -----------------------------------------------------------------------------------------------------
def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">4B{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def write_mnist(folder: Path) -> None:
    for part, count in (("train", 4), ("t10k", 2)):
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(np.arange(count * 9).reshape(count, 3, 3))))
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(count)))


def test_the_files_of_mnist(tmp_path):
    write_mnist(tmp_path)
    found = images(tmp_path)
    assert found.columns["image"].values.shape == (6, 3, 3) and found.columns["image"].values.dtype == np.uint8
    assert found.columns["label"].strings() == ["0", "1", "2", "3", "0", "1"]
    assert found.parts.tolist() == ["train"] * 4 + ["test"] * 2
    assert len(images(tmp_path / "t10k-labels-idx1-ubyte")) == 2


def test_broken_idx_files(tmp_path):
    write_mnist(tmp_path)
    labels = tmp_path / "t10k-labels-idx1-ubyte"
    good = labels.read_bytes()
    labels.write_bytes(good[:-1])
    assert raises(tmp_path, "F-IDX-LENGTH").where == str(labels)
    labels.write_bytes(idx(np.arange(3)))
    raises(tmp_path, "F-IDX-LENGTHS")
    labels.write_bytes(b"\x01\x02\x03\x04\x05")
    raises(tmp_path, "F-IDX-HEADER")
    labels.unlink()
    raises(tmp_path, "F-IDX-PARTNER")


@pytest.mark.parametrize(
    "names", [("x_train", "y_train", "x_test", "y_test"), ("train_images", "train_labels", "test_images", "test_labels")]
)
def test_numpy_archives_with_parts(tmp_path, names):
    arrays = [np.zeros((3, 8, 8)), np.array([[0], [1], [0]]), np.ones((2, 8, 8)), np.array([[1], [0]])]
    np.savez(tmp_path / "a.npz", **dict(zip(names, arrays, strict=True)))
    found = images(tmp_path / "a.npz")
    assert found.columns["x"].values.shape == (5, 8, 8) and found.columns["target"].strings() == ["0", "1", "0", "1", "0"]
    assert found.parts.tolist() == ["train"] * 3 + ["test"] * 2


def test_numpy_archives_without_parts(tmp_path):
    np.savez(tmp_path / "a.npz", data=np.arange(6.0).reshape(3, 2), target=np.array(["a", "b", "a"]))
    found = read(str(tmp_path / "a.npz"), DataChoices(), kinds=("row",))
    assert list(found.columns) == ["x1", "x2", "target"] and found.columns["x2"].values.to_pylist() == [1.0, 3.0, 5.0]


def test_pickles_are_never_loaded(tmp_path):
    class Trap:
        def __reduce__(self):
            return (Path.touch, (tmp_path / "sprung",))

    np.savez(tmp_path / "a.npz", x=np.array([Trap()], dtype=object), y=[1])
    raises(tmp_path / "a.npz", "F-NPZ-PICKLE")
    assert not (tmp_path / "sprung").exists()
    np.save(tmp_path / "a.npy", np.zeros(3))
    assert "savez" in raises(tmp_path / "a.npy", "F-NPY-ALONE").fix
    (tmp_path / "b.npz").write_bytes((tmp_path / "a.npz").read_bytes()[:50])
    raises(tmp_path / "b.npz", "F-NPZ-DAMAGED")


# -- archives ------------------------------------------------------------------------------------------------------------
def test_archives_are_unpacked_once_and_read(tmp_path):
    for name in ("cat", "dog"):
        picture(tmp_path / "photos" / name / "1.png")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted((tmp_path / "photos").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path))
        archive.writestr("__MACOSX/photos/cat/._1.png", "junk")
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "photos", "photos")
    for name in ("a.zip", "a.tar.gz"):
        found = images(tmp_path / name)
        assert found.columns["class"].strings() == ["cat", "dog"] and found.name.endswith(name)
        assert images(tmp_path / name).columns["path"].base == found.columns["path"].base
    assert len(list((tmp_path / "cache" / "unpacked").iterdir())) == 2


def test_an_archive_of_one_table(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("x/table.csv", "a,b\n1,2\n")
    assert len(read(str(tmp_path / "a.zip"), DataChoices(), kinds=("row",))) == 1


def test_names_from_japanese_windows(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("AA/1.txt", "x")
        archive.writestr("BB/1.txt", "x")
    data = (tmp_path / "a.zip").read_bytes()  # Windows writes cp932 where Python would write, and declare, UTF-8
    for ascii_name, name in ((b"AA/", "犬/"), (b"BB/", "猫/")):
        data = data.replace(ascii_name, name.encode("cp932"))
    (tmp_path / "b.zip").write_bytes(data)
    found = read(str(tmp_path / "b.zip"), DataChoices(), kinds=("text",))
    assert found.columns["class"].strings() == ["犬", "猫"]


@pytest.mark.parametrize("name", ["../evil.csv", "/etc/evil.csv", "a/../../evil.csv", "..\\evil.csv", "C:/evil.csv"])
def test_archives_never_write_outside(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "a\n1\n")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        info = tarfile.TarInfo(name)
        archive.addfile(info)
    raises(tmp_path / "a.zip", "F-ARCHIVE-PATH", ("row",))
    raises(tmp_path / "a.tar", "F-ARCHIVE-PATH", ("row",))
    assert not list(tmp_path.rglob("evil.csv"))
    assert not list((tmp_path / "cache" / "unpacked").iterdir())


def test_links_in_archives_are_passed_over(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        link = tarfile.TarInfo("train.csv")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    raises(tmp_path / "a.tar", "F-FOLDER-EMPTY", ("row",))


def test_archives_that_unfold_too_far_or_are_cut(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", "a,b\n" + "1,2\n" * 10_000)
    monkeypatch.setattr("fukami.data.readers.archive.MOST_BYTES", 1000)
    raises(tmp_path / "a.zip", "F-ARCHIVE-LARGE", ("row",))
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "a.zip", "a.zip")
    (tmp_path / "b.tar.gz").write_bytes((tmp_path / "b.tar.gz").read_bytes()[:100])
    raises(tmp_path / "b.tar.gz", "F-DATA-DAMAGED", ("row",))
    assert not list((tmp_path / "cache" / "unpacked").iterdir())


# -- what is not there ---------------------------------------------------------------------------------------------------
def test_missing_and_special_sources(tmp_path):
    picture(tmp_path / "photos" / "cat" / "1.png")
    assert "photos" in raises(tmp_path / "photo", "F-DATA-MISSING").fix
    raises("digitz", "F-DATA-MISSING")
    assert "relative paths" in raises("qqq", "F-DATA-MISSING").fix
    assert "where it lies now" in raises(tmp_path / "qqq", "F-DATA-MISSING").fix
    raises("", "F-DATA-NAME")
    raises("hub:zzz", "F-HUB-NAME")
    (tmp_path / "empty").mkdir()
    raises(tmp_path / "empty", "F-FOLDER-EMPTY")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x.bin").write_bytes(b"\0\1\2\3" * 99)
    raises(tmp_path / "other", "F-FOLDER-NOTHING")
    raises(tmp_path / "other" / "x.bin", "F-FILE-KIND")
    os.mkfifo(tmp_path / "pipe")
    raises(tmp_path / "pipe", "F-DATA-SPECIAL")
    (tmp_path / "link").symlink_to(tmp_path / "gone")
    raises(tmp_path / "link", "F-DATA-LINK")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path):
    (tmp_path / "a.csv").write_text("a\n1\n")
    (tmp_path / "a.csv").chmod(0)
    raises(tmp_path / "a.csv", "F-DATA-PERMISSION", ("row",))
    (tmp_path / "a.csv").chmod(stat.S_IRUSR)


def test_a_name_that_is_both_public_and_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    picture(tmp_path / "digits" / "a" / "1.png")
    picture(tmp_path / "digits" / "b" / "1.png")
    with pytest.raises(UsageError) as caught:
        images("digits")
    assert caught.value.code == "F-DATA-AMBIGUOUS" and "./digits" in caught.value.fix
    assert len(images("./digits")) == 2 and len(images("digits", layout="catalogue")) == 1797


def test_unreadable_folders_name_themselves(tmp_path, monkeypatch):
    picture(tmp_path / "cat" / "1.png")
    picture(tmp_path / "dog" / "1.png")
    scan = os.scandir

    def refuse(path):
        if str(path).endswith("dog"):
            raise PermissionError(13, "no", str(path))
        return scan(path)

    monkeypatch.setattr("fukami.data.readers.folder.os.scandir", refuse)
    with pytest.raises(DataError) as caught:
        images(tmp_path, layout="folder")
    assert caught.value.code == "F-DATA-PERMISSION" and caught.value.where.endswith("dog")
