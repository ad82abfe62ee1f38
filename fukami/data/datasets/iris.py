"""Iris flowers: Fisher 1936. Inside scikit-learn."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="iris",
    summary="150 iris flowers of three species, four measurements each",
    task="tabular-classification",
    examples=150,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/53/iris",
)


def table(files: dict[str, Path]) -> Table:
    from sklearn.datasets import load_iris

    from fukami.data.datasets._bunch import table_of

    return table_of(load_iris(), kinds=("row",))
