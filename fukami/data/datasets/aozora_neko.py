"""I Am a Cat, Natsume Soseki 1905, in Japanese, a sentence a line: from Aozora Bunko, as "100 exercises of language processing"
give it. The last tenth is judged, the 5 % before it validate."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="aozora-neko",
    summary="338,685 characters of a Japanese novel; the last tenth is the test part",
    task="language-modeling",
    examples=1500,
    licence="public domain",
    home="https://nlp100.github.io/",
    files={
        "neko.txt": {
            "urls": ["https://nlp100.github.io/data/neko.txt"],
            "sha256": "4819ee9e1b9d53bd73aee807fd2bcee644e1d43a824cff07b02f09c4421110a2",
            "bytes": 975789,
        }
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._documents import in_shares

    return in_shares(files["neko.txt"], {"train": 0.85, "valid": 0.05, "test": 0.1})
