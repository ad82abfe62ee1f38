"""ETTh1, oil temperature and six loads of an electricity transformer, hourly from July 2016 on: Zhou et al. 2021.

Parts as in that paper and all that compare with it: 12, 4 and 4 months of 30 days; the last four months are not used.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="etth1",
    summary="14,400 hours of an electricity transformer: oil temperature and six loads, with given parts",
    task="forecasting",
    examples=14400,
    licence="CC BY-ND 4.0",
    home="https://github.com/zhouhaoyi/ETDataset",
    files={
        "ETTh1.csv": {
            "urls": ["https://raw.githubusercontent.com/zhouhaoyi/ETDataset/main/ETT-small/ETTh1.csv"],
            "sha256": "f18de3ad269cef59bb07b5438d79bb3042d3be49bdeecf01c1cd6d29695ee066",
            "bytes": 2589657,
        },
    },
)

MONTH = 30 * 24
"""Hours of a month, as the parts count them."""


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import delimited

    found = delimited.read(files["ETTh1.csv"], DataChoices()).take(np.arange(20 * MONTH))
    return replace(found, parts=np.repeat(["train", "valid", "test"], [12 * MONTH, 4 * MONTH, 4 * MONTH]))
