"""Default of credit card clients, Taiwan 2005: Yeh, Lien 2009. The running number `ID` is left out: it says nothing.

One client in five defaults, so accuracy flatters; judge by ROC-AUC.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="credit-default",
    summary="30,000 credit card clients of Taiwan in 2005, 23 columns each; who defaulted in the next month",
    task="tabular-classification",
    examples=30000,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/350/default+of+credit+card+clients",
    files={
        "UCI_Credit_Card.csv": {
            "urls": [
                "https://raw.githubusercontent.com/kevin-shu/NTNU-107-2_ML_final_assignment/0bac25bf8237f0fbf8cf0aac21b9b626cc3582e1/data/UCI_Credit_Card.csv"
            ],
            "sha256": "1fb1be2b4c85213ce7f669990baafe6abb43cd39daccb78df6ad0b039860388d",
        },
    },
)

TARGET = "default.payment.next.month"


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.datasets._text import named
    from fukami.data.readers import delimited

    found = named(delimited.read(files["UCI_Credit_Card.csv"], DataChoices()), TARGET, {"0": "no", "1": "yes"})
    columns = {name: column for name, column in found.columns.items() if name != "ID"}
    return replace(found, columns=columns, hints={"target": TARGET})
