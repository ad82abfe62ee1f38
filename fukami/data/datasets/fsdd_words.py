"""Spoken words: the recordings of `fsdd`, each with the word that is said in it, zero to nine. Test as its makers say."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fukami.core.cards import DatasetCard
from fukami.core.tables import Column, Table
from fukami.data.datasets import fsdd

CARD = DatasetCard(
    name="fsdd-words",
    summary="2,000 recordings of the words zero to nine, 50 of each by each of four speakers, 200 of them for the test",
    task="speech-recognition",
    examples=2000,
    licence="CC BY-SA 4.0",
    home="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files={"fsdd_4speakers.tar.gz": {"urls": [], "bytes": 8842136}},
    copies=({"fsdd_4speakers.tar.gz": "fsdd/fsdd_4speakers.tar.gz"},),
)

WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def table(files: dict[str, Path]) -> Table:
    found = fsdd.table(files)
    words = pa.array([WORDS[int(digit)] for digit in found.columns["label"].values.to_pylist()], pa.string())
    path = found.columns["path"]
    columns = {"path": path, "text": Column("text", words, files=path.files), "speaker": found.columns["speaker"]}
    hints = {"audio": "path", "transcript": "text", "target": "text"}
    return replace(found, name=CARD.name, columns=columns, hints=hints)
