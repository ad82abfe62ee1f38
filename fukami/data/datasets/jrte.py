"""JRTE, pairs of Japanese sentences of hotel reviews: does the second follow from the first? Hayashibe 2020.

The part of textual entailment in the version of NLP 2020, whose last column divides it.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

NAMES = ["id", "label", "text", "hypothesis", "judges", "reasons", "part"]
PARTS = {"train": "train", "dev": "valid", "test": "test"}


CARD = DatasetCard(
    name="jrte",
    summary="7,750 pairs of Japanese sentences of hotel reviews, of which one follows from the other or not, with given parts",
    task="text-pair-classification",
    examples=7750,
    licence="CC BY-NC-SA 4.0",
    home="https://github.com/megagonlabs/jrte-corpus",
    files={
        "rte.nlp2020_base.tsv": {
            "urls": ["https://raw.githubusercontent.com/megagonlabs/jrte-corpus/fa164496fccf/data/rte.nlp2020_base.tsv"],
            "sha256": "bd658bcac0acc385da6447d23ceed422860ed4ef5227ffd2981f4529c30d08b8",
            "bytes": 1_542_515,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    import numpy as np

    from fukami.core.recipe import DataChoices
    from fukami.data.datasets._text import named
    from fukami.data.readers import delimited

    read = delimited.read(files["rte.nlp2020_base.tsv"], DataChoices(), names=NAMES)
    parts = np.array([PARTS[part] for part in read.columns["part"].values.to_pylist()])
    columns = {name: read.columns[name] for name in ("text", "hypothesis", "label")}
    found = replace(read, columns=columns, parts=parts, hints={"target": "label"})
    return named(found, "label", {"0": "none", "1": "entailment"})
