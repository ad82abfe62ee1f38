"""Wines of three growers: Forina et al. 1988. Inside scikit-learn."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="wine",
    summary="178 Italian wines of three growers, thirteen chemical measurements each",
    task="tabular-classification",
    examples=178,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/109/wine",
)


def table(files: dict[str, Path]) -> Table:
    from sklearn.datasets import load_wine

    from fukami.data.datasets._bunch import table_of

    return table_of(load_wine(), kinds=("row",))
