"""MNIST, handwritten digits: LeCun, Cortes, Burges 1998. Checksums as published by several mirrors."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="mnist",
    summary="70,000 handwritten digits of 28 × 28 grey pixels, 10,000 of them for the test",
    task="image-classification",
    examples=70000,
    licence="CC BY-SA 3.0",
    home="http://yann.lecun.com/exdb/mnist/",
    files={
        "train-images-idx3-ubyte.gz": {
            "urls": [
                "https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz",
                "https://storage.googleapis.com/cvdf-datasets/mnist/train-images-idx3-ubyte.gz",
            ],
            "sha256": "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
            "bytes": 9912422,
        },
        "train-labels-idx1-ubyte.gz": {
            "urls": [
                "https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz",
                "https://storage.googleapis.com/cvdf-datasets/mnist/train-labels-idx1-ubyte.gz",
            ],
            "sha256": "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
            "bytes": 28881,
        },
        "t10k-images-idx3-ubyte.gz": {
            "urls": [
                "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-images-idx3-ubyte.gz",
                "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-images-idx3-ubyte.gz",
            ],
            "sha256": "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
            "bytes": 1648877,
        },
        "t10k-labels-idx1-ubyte.gz": {
            "urls": [
                "https://ossci-datasets.s3.amazonaws.com/mnist/t10k-labels-idx1-ubyte.gz",
                "https://storage.googleapis.com/cvdf-datasets/mnist/t10k-labels-idx1-ubyte.gz",
            ],
            "sha256": "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
            "bytes": 4542,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._idx import table_of_four

    return table_of_four(files, "mnist")
