"""Amazon, video games: who reviewed what, in the order of time (McAuley et al. 2015), as Kang and McAuley 2018 cut it.

Their protocol: the last choice of each user tests, the one before validates, each found among 100 drawn items
(--set negatives=100)."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="amazon-video-games",
    summary="287,107 choices of 31,013 users among 23,715 video games, in the order of time",
    task="recommendation",
    examples=287107,
    licence="not stated",
    home="https://github.com/kang205/SASRec",
    files={
        "Video.txt": {
            "urls": ["https://raw.githubusercontent.com/kang205/SASRec/master/data/Video.txt"],
            "sha256": "b7376fe24430743f411dc7f567285657b2adb3f74361cc7ba0aee94f3024b651",
            "bytes": 3187124,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import choices

    return choices.read(files["Video.txt"], DataChoices())
