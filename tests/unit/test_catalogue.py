"""Public data: cards, where files are looked for, downloads that break off, checksums. The only server is this machine."""

import hashlib
import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from fukami.core.cards import DatasetCard
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.data import catalogue, download, read
from fukami.data.datasets import adult, california_housing, cifar10, credit_default, fashion_mnist, sst2

CONTENT = bytes(range(256)) * 2000
SHA = hashlib.sha256(CONTENT).hexdigest()


class Server(http.server.BaseHTTPRequestHandler):
    """Serves CONTENT; `/cut` breaks off in the middle, `/norange` knows no ranges, `/gone` is not there."""

    asked: ClassVar[list[tuple[str, str]]] = []

    def do_GET(self):
        self.asked.append((self.path, self.headers.get("Range", "")))
        if self.path == "/gone":
            self.send_error(404)
            return
        start = 0
        if self.headers.get("Range") and self.path != "/norange":
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            if start >= len(CONTENT):
                self.send_error(416)
                return
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(CONTENT) - start))
        self.end_headers()
        self.wfile.write(CONTENT[start : len(CONTENT) // 2] if self.path == "/cut" else CONTENT[start:])

    def log_message(self, *_args):
        pass


@pytest.fixture
def address(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("FUKAMI_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "*")
    Server.asked.clear()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "datasets" / "toy" / "a.bin"


def test_a_file_is_downloaded_once(address, tmp_path, capsys):
    told = {"urls": [f"{address}/a"], "sha256": SHA}
    assert download.fetch("toy", "a.bin", told).read_bytes() == CONTENT
    assert download.fetch("toy", "a.bin", told) == place(tmp_path)
    assert len(Server.asked) == 1
    shown = capsys.readouterr()
    assert shown.out == "" and "a.bin" in shown.err
    assert [p.name for p in place(tmp_path).parent.iterdir()] == ["a.bin"]


def test_an_interrupted_download_goes_on_where_it_stopped(address, tmp_path):
    with pytest.raises(DataError) as caught:
        download.fetch("toy", "a.bin", {"urls": [f"{address}/cut"], "sha256": SHA})
    assert caught.value.code == "F-DOWNLOAD" and not place(tmp_path).exists()
    assert download.fetch("toy", "a.bin", {"urls": [f"{address}/a"], "sha256": SHA}).read_bytes() == CONTENT
    assert Server.asked[-1] == ("/a", f"bytes={len(CONTENT) // 2}-")


@pytest.mark.parametrize(("path", "left"), [("/norange", CONTENT[:100]), ("/a", CONTENT + b"more")])
def test_what_cannot_be_continued_starts_anew(address, tmp_path, path, left):
    place(tmp_path).parent.mkdir(parents=True)
    place(tmp_path).with_name(".a.bin.part").write_bytes(left)
    assert download.fetch("toy", "a.bin", {"urls": [f"{address}{path}"], "sha256": SHA}).read_bytes() == CONTENT


def test_a_wrong_file_is_not_kept(address, tmp_path):
    with pytest.raises(DataError) as caught:
        download.fetch("toy", "a.bin", {"urls": [f"{address}/a"], "sha256": "0" * 64})
    assert caught.value.code == "F-DOWNLOAD-CHECKSUM" and SHA in caught.value.got
    assert list(place(tmp_path).parent.iterdir()) == []
    assert download.fetch("toy", "a.bin", {"urls": [f"{address}/a"], "md5": hashlib.md5(CONTENT).hexdigest()}).is_file()


def test_the_next_address_is_tried(address):
    told = {"urls": [f"{address}/gone", f"{address}/a"], "sha256": SHA}
    assert download.fetch("toy", "a.bin", told).read_bytes() == CONTENT


def test_an_unknown_checksum_is_taken_on_first_use(address, tmp_path, monkeypatch):
    told = {"urls": [f"{address}/a"]}
    path = download.fetch("toy", "a.bin", told)
    assert json.loads((path.parent / "checksums.json").read_text()) == {"a.bin": SHA}
    path.unlink()
    assert download.fetch("toy", "a.bin", told).read_bytes() == CONTENT
    path.unlink()
    monkeypatch.setitem(globals(), "CONTENT", b"changed" * 1000)
    with pytest.raises(DataError) as caught:
        download.fetch("toy", "a.bin", told)
    assert caught.value.code == "F-DOWNLOAD-CHECKSUM" and SHA in caught.value.expected


def test_without_a_connection_the_fix_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("FUKAMI_CACHE", str(tmp_path))
    with pytest.raises(DataError) as caught:
        download.fetch("toy", "a.bin", {"urls": ["http://127.0.0.1:9/a"], "sha256": SHA})
    assert "FUKAMI_DATA" in caught.value.fix and caught.value.code == "F-DOWNLOAD"


def test_the_hub_without_a_connection(monkeypatch):
    pytest.importorskip("huggingface_hub")
    with pytest.raises(DataError) as caught:
        read("hub:nobody/nothing-of-this-name", DataChoices(), kinds=("text",))
    assert caught.value.code == "F-HUB-OFFLINE"


def test_listing_imports_nothing_heavy():
    code = "import sys; from fukami.data.catalogue import datasets, as_json; [as_json(c) for c in datasets().values()]"
    check = f"{code}; print([m for m in ('numpy', 'pyarrow', 'torch', 'sklearn') if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize("card", catalogue.datasets().values(), ids=lambda card: card.name)
def test_every_card_is_complete(card: DatasetCard):
    from fukami.core.cards import cards

    assert card.summary and card.licence and card.home.startswith("http") and card.examples > 0
    assert card.task in cards("tasks")
    for told in card.files.values():
        assert all(url.startswith("http") for url in told["urls"])
        assert len(told.get("sha256", "0" * 64)) == 64 and len(told.get("md5", "0" * 32)) == 32


@pytest.mark.parametrize("name", [n for n, card in catalogue.datasets().items() if not card.files and not card.names])
def test_what_scikit_learn_brings(name):
    card = catalogue.datasets()[name]
    table = read(name, DataChoices(), kinds=("image",) if name == "digits" else ("row",))
    assert len(table) == card.examples and table.name == name
    assert table.hints["target"] in table.columns


def test_fukami_data_is_looked_at_first(tmp_path, monkeypatch):
    folder = tmp_path / "sst2"
    folder.mkdir()
    (folder / "train.tsv").write_text('a fine film\t1\n"never again\t0\n')
    (folder / "dev.tsv").write_text("so so\t0\n")
    (folder / "test.tsv").write_text("great\t1\n")
    monkeypatch.setenv("FUKAMI_DATA", str(tmp_path))
    table = read("sst2", DataChoices(), kinds=("text",))
    assert table.columns["label"].strings() == ["positive", "negative", "negative", "positive"]
    assert table.parts.tolist() == ["train", "train", "valid", "test"] and table.hints == {"target": "label"}


def test_adult_as_its_makers_wrote_it(tmp_path):
    row = "39, State-gov, 77516, Bachelors, 13, Never-married, ?, Not-in-family, White, Male, 2174, 0, 40, United-States, "
    (tmp_path / "adult.data").write_text(f"{row}<=50K\n{row}>50K\n\n")
    (tmp_path / "adult.test").write_text(f"|1x3 Cross validator\n{row}<=50K.\n{row}>50K.\n\n")
    table = adult.table({"adult.data": tmp_path / "adult.data", "adult.test": tmp_path / "adult.test"})
    assert table.columns["income"].strings() == ["<=50K", ">50K"] * 2
    assert table.columns["occupation"].values.null_count == 4 and table.columns["age"].strings() == ["39"] * 4
    assert table.parts.tolist() == ["train", "train", "test", "test"]
    assert table.columns["age"].where(2).endswith("adult.test:2 (age)")


def test_cifar_as_its_makers_wrote_it(tmp_path):
    import io
    import tarfile

    pixels = np.arange(3 * 32 * 32, dtype=np.int64) % 251
    record = bytes([3]) + pixels.astype(np.uint8).tobytes()
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        for name in [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]:
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            info.size = 2 * len(record)
            archive.addfile(info, io.BytesIO(record * 2))
    table = cifar10.table({"cifar-10-binary.tar.gz": tmp_path / "a.tar.gz"})
    assert table.columns["image"].values.shape == (12, 32, 32, 3) and table.columns["label"].strings() == ["cat"] * 12
    assert (table.columns["image"].values[0, 0, 1] == pixels.reshape(3, 32, 32)[:, 0, 1]).all()
    assert (table.parts == "test").sum() == 2


@pytest.mark.data
@pytest.mark.parametrize("module", [adult, california_housing, credit_default, fashion_mnist, sst2], ids=lambda m: m.CARD.name)
def test_real_data(module, request):
    import os

    if not os.environ.get("FUKAMI_DATA"):
        pytest.skip("FUKAMI_DATA names no folder")
    table = catalogue.load_dataset(module.CARD.name)
    assert len(table) == module.CARD.examples and not [p for p in table.problems if p.severity == "error"]
