"""Sentences of the Japanese Wikipedia with names of eight types marked: Stockmark Inc., after Omi 2021.

There is no official division, so parts are drawn by the seed of the training.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="ner-wikipedia-ja",
    summary="5,343 Japanese sentences, eight types of names",
    task="text-tagging",
    examples=5343,
    licence="CC BY-SA 3.0",
    home="https://github.com/stockmarkteam/ner-wikipedia-dataset",
    files={
        "ner.json": {
            "urls": ["https://raw.githubusercontent.com/stockmarkteam/ner-wikipedia-dataset/main/ner.json"],
            "sha256": "5796effb85c473aec5b85784545349ed42e408bb0fecdb78f82bc107d53edbe3",
            "bytes": 4_042_700,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import json_lines

    read = json_lines.read(files["ner.json"], DataChoices())
    return replace(read, hints={"words": "text", "tags": "entities"})
