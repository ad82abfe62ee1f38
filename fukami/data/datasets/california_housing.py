"""California housing, median house values of districts in 1990: Pace, Barry 1997, in the form of Géron's book.

That form has a column of categories (nearness to the ocean) and 207 missing values, which scikit-learn's has not.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="california-housing",
    summary="20,640 districts of California in 1990, nine columns each, and the median value of a house",
    task="tabular-regression",
    examples=20640,
    licence="not stated",
    home="https://github.com/ageron/handson-ml/tree/master/datasets/housing",
    files={
        "housing.csv": {
            "urls": [
                "https://raw.githubusercontent.com/ageron/handson-ml/master/datasets/housing/housing.csv",
                "https://raw.githubusercontent.com/ageron/handson-ml2/master/datasets/housing/housing.csv",
            ],
            "sha256": "8a3727f4cf54ac1a327f69b1d5b4db54c5834ea81c6e4efc0d163300022a685e",
            "bytes": 1423529,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import delimited

    return replace(delimited.read(files["housing.csv"], DataChoices()), hints={"target": "median_house_value"})
