"""Breast tumours: Street, Wolberg, Mangasarian 1993. Inside scikit-learn."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="breast-cancer",
    summary="569 breast tumours, malignant or benign, thirty measurements of cell nuclei each",
    task="tabular-classification",
    examples=569,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/17/breast+cancer+wisconsin+diagnostic",
)


def table(files: dict[str, Path]) -> Table:
    from sklearn.datasets import load_breast_cancer

    from fukami.data.datasets._bunch import table_of

    return table_of(load_breast_cancer(), kinds=("row",))
