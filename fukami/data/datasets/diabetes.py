"""Diabetes patients: Efron et al. 2004. Inside scikit-learn."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="diabetes",
    summary="442 diabetes patients, ten measurements each, and the disease's progression after a year",
    task="tabular-regression",
    examples=442,
    licence="not stated",
    home="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
)


def table(files: dict[str, Path]) -> Table:
    from sklearn.datasets import load_diabetes

    from fukami.data.datasets._bunch import table_of

    return table_of(load_diabetes(), kinds=("row",))
