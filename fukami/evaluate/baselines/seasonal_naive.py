"""Every step as the one a season before; where the past is shorter than a season, as the last known one.

B examples, L steps of the past, H steps of the future, C channels.
"""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns

CARD = BaselineCard(name="seasonal-naive", summary="the last season again", of=("series",))


def fit(examples: Examples) -> Answers:
    season = examples.target.state["season"]
    return lambda columns: repeated(examples, columns, season)


def repeated(examples: Examples, columns: InputColumns, season: int) -> np.ndarray:
    """The last `season` steps of the past over and over, `values_BHC` in the channels' own units."""
    target: Any = examples.target
    ((name, field),) = examples.inputs.items()
    x_BLC = field.batch(field.encode(columns[name]), np.arange(len(columns[name][0])))
    season = season if season <= x_BLC.shape[1] else 1
    last_BSC = x_BLC[:, -season:]
    return target.from_unit(last_BSC[:, np.arange(target.state["length"]) % season]).numpy()
