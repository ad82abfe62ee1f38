"""Handwritten digits, 8 × 8: Alpaydin, Kaynak 1998 (the test part of the original). Inside scikit-learn.

scikit-learn has grey levels 0 to 16; they are spread over 0 to 255 so that they are pictures like others.
"""

from pathlib import Path
from typing import Any

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="digits",
    summary="1,797 handwritten digits of 8 × 8 grey pixels",
    task="image-classification",
    examples=1797,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
)


def table(files: dict[str, Path]) -> Table:
    import numpy as np
    from sklearn.datasets import load_digits

    from fukami.data.readers.idx import table_of

    bunch: Any = load_digits()
    pictures = np.round(bunch.images * (255 / 16)).astype(np.uint8)
    return table_of("digits", [pictures], [bunch.target.astype(np.int64)], None)
