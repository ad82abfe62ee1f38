"""CIFAR-10 for learning what is alike: the pictures of the first five classes train, test pictures of the other five judge.

That is how Oh Song et al. (2016) divide what retrieval is learned from: the first half of the classes, in their order, and the
second, of which nothing was seen. The files are those of `cifar10`.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table
from fukami.data.datasets import cifar10

CARD = DatasetCard(
    name="cifar10-halves",
    summary="25,000 small colour pictures of five classes to learn from, 5,000 of five others to judge by",
    task="image-similarity",
    examples=30000,
    licence="not stated",
    home="https://www.cs.toronto.edu/~kriz/cifar.html",
    files={
        "cifar-10-binary.tar.gz": {
            "urls": ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
            "md5": "c32a1d4ab5d03f1284b67883e8d87530",
            "bytes": 170052171,
        },
    },
    copies=(
        {"cifar-10-binary.tar.gz": "cifar-10-binary.tar.gz"},
        {"cifar10_jpeg.tar.gz": "cifar10-jpeg/cifar10_jpeg.tar.gz"},
    ),
)


def table(files: dict[str, Path]) -> Table:
    whole = cifar10.table(files)
    assert whole.parts is not None
    names = np.array(whole.columns[whole.hints["target"]].strings(), dtype=object)
    first = np.isin(names, cifar10.CLASSES[:5])
    return replace(whole.take(np.flatnonzero(first == (whole.parts == "train"))), name=CARD.name)
