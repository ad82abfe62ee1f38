"""Exchange rates of eight currencies to the dollar, each day from 1990 to 2010: Lai et al. 2018.

Parts as in most papers on forecasting since Wu et al. 2021 (Autoformer): 70 %, 10 % and 20 % of the days, in their order. The
file tells no dates.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="exchange-rate",
    summary="7,588 days of the exchange rates of eight currencies, with given parts",
    task="forecasting",
    examples=7588,
    licence="not stated",
    home="https://github.com/laiguokun/multivariate-time-series-data",
    files={
        "exchange_rate.txt.gz": {
            "urls": [
                "https://raw.githubusercontent.com/laiguokun/multivariate-time-series-data/master/exchange_rate/exchange_rate.txt.gz"
            ],
        },
    },
)

NAMES = ["Australia", "Britain", "Canada", "Switzerland", "China", "Japan", "New Zealand", "Singapore"]


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import delimited

    found = delimited.read(files["exchange_rate.txt.gz"], DataChoices(), names=NAMES)
    train, test = int(len(found) * 0.7), int(len(found) * 0.2)
    return replace(found, parts=np.repeat(["train", "valid", "test"], [train, len(found) - train - test, test]))
