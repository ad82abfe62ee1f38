"""Fashion-MNIST, articles of clothing: Xiao, Rasul, Vollgraf 2017 (arXiv:1708.07747)."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="fashion-mnist",
    summary="70,000 articles of clothing in ten classes, 28 × 28 grey pixels, 10,000 of them for the test",
    task="image-classification",
    examples=70000,
    licence="MIT",
    home="https://github.com/zalandoresearch/fashion-mnist",
    files={
        "train-images-idx3-ubyte.gz": {
            "urls": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-images-idx3-ubyte.gz"],
            "sha256": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
            "bytes": 26421880,
        },
        "train-labels-idx1-ubyte.gz": {
            "urls": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/train-labels-idx1-ubyte.gz"],
            "sha256": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
            "bytes": 29515,
        },
        "t10k-images-idx3-ubyte.gz": {
            "urls": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-images-idx3-ubyte.gz"],
            "sha256": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
            "bytes": 4422102,
        },
        "t10k-labels-idx1-ubyte.gz": {
            "urls": ["http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/t10k-labels-idx1-ubyte.gz"],
            "sha256": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
            "bytes": 5148,
        },
    },
)

CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._idx import table_of_four

    return table_of_four(files, "fashion-mnist", classes=CLASSES)
