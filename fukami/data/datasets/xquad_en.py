"""XQuAD in English, a part of SQuAD 1.1: Artetxe et al. 2020.

It was made to test models that learned from SQuAD. Here parts are drawn by the seed of the training, each article in one.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="xquad-en",
    summary="1,190 English questions about 240 paragraphs of the Wikipedia",
    task="question-answering",
    examples=1190,
    licence="CC BY-SA 4.0",
    home="https://github.com/google-deepmind/xquad",
    files={
        "xquad.en.json": {
            "urls": ["https://raw.githubusercontent.com/google-deepmind/xquad/60cac4116491/xquad.en.json"],
            "sha256": "e4c57d1c9143aaa1c5d265ba5987a65f4e69528d2a98f29d6e75019b10344f29",
            "bytes": 609_383,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import squad

    return squad.read(files["xquad.en.json"], DataChoices())
