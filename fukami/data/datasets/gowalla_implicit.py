"""Gowalla: places that people checked in at, without their order, with the parts of He et al. 2020 (LightGCN).

A part of the training choices validates, as in the data that this copy comes from (Lee et al. 2024, LightGCN++)."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="gowalla-implicit",
    summary="1,027,370 choices of 29,858 users among 40,981 places, with given parts",
    task="recommendation",
    examples=1027370,
    licence="not stated",
    home="https://github.com/gusye1234/LightGCN-PyTorch",
    files={
        "train.txt": {
            "urls": ["https://raw.githubusercontent.com/geon0325/LightGCNpp/main/data/gowalla/train.txt"],
            "sha256": "d47e01d060624f389956c0b2f89a1ed8c453ea158631cd2b5320c241f3e1a073",
            "bytes": 4132444,
        },
        "valid.txt": {
            "urls": ["https://raw.githubusercontent.com/geon0325/LightGCNpp/main/data/gowalla/valid.txt"],
            "sha256": "ddc22c1cd9a7d14fd5cd0c98b1473b614f4323038fef74ae0d28cc9c92a08ba2",
            "bytes": 669008,
        },
        "test.txt": {
            "urls": ["https://raw.githubusercontent.com/geon0325/LightGCNpp/main/data/gowalla/test.txt"],
            "sha256": "099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3",
            "bytes": 1372559,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import choices

    parts = ("train", "valid", "test")
    tables = [(part, choices.read(files[f"{part}.txt"], DataChoices())) for part in parts]
    return joined(tables, name=CARD.name, layout="choices")
