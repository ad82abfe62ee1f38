"""Spoken digits under noise: the recordings of `fsdd`, which are taken as clean, and into which noise is mixed (white, 0 dB,
unless asked otherwise). Test as its makers say: clips that nobody heard in training.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table
from fukami.data.datasets import fsdd

CARD = DatasetCard(
    name="fsdd-noisy",
    summary="2,000 recordings of spoken digits, 200 of them for the test, into which noise is mixed",
    task="audio-enhancement",
    examples=2000,
    licence="CC BY-SA 4.0",
    home="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files={"fsdd_4speakers.tar.gz": {"urls": [], "bytes": 8842136}},
    copies=({"fsdd_4speakers.tar.gz": "fsdd/fsdd_4speakers.tar.gz"},),
)


def table(files: dict[str, Path]) -> Table:
    found = fsdd.table(files)
    path = found.columns["path"]
    columns = {"noisy": replace(path, name="noisy", told={"clean": True}), "clean": replace(path, name="clean")}
    columns["speaker"] = found.columns["speaker"]
    return replace(found, name=CARD.name, columns=columns, hints={"noisy": "noisy", "clean": "clean", "target": "clean"})
