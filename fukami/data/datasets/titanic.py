"""Titanic, who of the passengers survived: 891 of them, as in the well-known competition's training table."""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="titanic",
    summary="891 passengers of the Titanic, ten columns each; who survived",
    task="tabular-classification",
    examples=891,
    licence="not stated",
    home="https://github.com/mwaskom/seaborn-data",
    files={
        "titanic.csv": {
            "urls": ["https://raw.githubusercontent.com/mwaskom/seaborn-data/master/raw/titanic.csv"],
            "sha256": "04e495fcfcf0d1159f4c0a1727bfd3a06370632ae7def0a9407eefdd9ea387eb",
            "bytes": 57726,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.datasets._text import named
    from fukami.data.readers import delimited

    found = named(delimited.read(files["titanic.csv"], DataChoices()), "survived", {"0": "no", "1": "yes"})
    return replace(found, hints={"target": "survived"})
