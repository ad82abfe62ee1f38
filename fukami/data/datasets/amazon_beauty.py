"""Amazon, beauty: who reviewed what, in the order of time (McAuley et al. 2015), as Zhou et al. 2020 (S3-Rec) cut it."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="amazon-beauty",
    summary="198,502 choices of 22,363 users among 12,101 articles of beauty, in the order of time",
    task="recommendation",
    examples=198502,
    licence="not stated",
    home="https://github.com/RUCAIBox/CIKM2020-S3Rec",
    files={
        "Beauty.txt": {
            "urls": ["https://raw.githubusercontent.com/RUCAIBox/CIKM2020-S3Rec/master/data/Beauty.txt"],
            "sha256": "226cce9c3105299ca0db9615d7d3fb32b3175e90da43100ae352599f0f0107b8",
            "bytes": 1090094,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import choices

    return choices.read(files["Beauty.txt"], DataChoices())
