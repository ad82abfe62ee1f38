"""JSTS, pairs of Japanese sentences about pictures, graded from 0 to 5 by how alike they are: Kurihara et al. 2022, JGLUE."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="jsts",
    summary="15,497 pairs of Japanese sentences, graded by how alike they are, with given parts",
    task="text-similarity",
    examples=15_497,
    licence="CC BY-SA 4.0",
    home="https://github.com/yahoojapan/JGLUE",
    files={
        "train-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jsts-v1.3/train-v1.3.json"],
            "sha256": "db6bd653270ac9786759920413a48973164d322998f34dd4ae32202af5e66969",
            "bytes": 3_164_816,
        },
        "valid-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jsts-v1.3/valid-v1.3.json"],
            "sha256": "7c0bdcb381179f01096c635d058853d96da1e1248d23fe3f5c2beed5dc2d9b1a",
            "bytes": 372_253,
        },
        "test-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jsts-v1.3/test-v1.3.json"],
            "sha256": "b31ff21e07f47d580b7eb90802da45bf6a60e34fec886e28df7a21faf4469089",
            "bytes": 407_407,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets import _pairs

    return _pairs.table_of({part: files[f"{part}-v1.3.json"] for part in ("train", "valid", "test")})
