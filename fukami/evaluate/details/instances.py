"""Details for instances: those of boxes, by what masks have in common, and pictures with masks on them."""

from typing import Any

import numpy as np

from fukami.evaluate.details import boxes
from fukami.fields.instances.bits import runs_of


class CollectedDetails(boxes.CollectedDetails):
    """Per class, confusions, faults, and the pictures that have most of them, with the runs of the masks."""

    def one(self, rows: dict[str, np.ndarray], at: int) -> dict[str, Any]:
        return super().one(rows, at) | {"runs": runs_of(np.unpackbits(rows["mask"][at], axis=1)).tolist()}
