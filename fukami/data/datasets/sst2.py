"""SST-2, sentences of film reviews, negative or positive: Socher et al. 2013, whole sentences only.

Lower case, tokenised, `text<TAB>label` without names, as most papers since Kim 2014 use it (those also train on phrases).
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="sst2",
    summary="9,613 sentences of film reviews, negative or positive, with given parts",
    task="text-classification",
    examples=9613,
    licence="not stated",
    home="https://nlp.stanford.edu/sentiment/",
    files={
        "train.tsv": {
            "urls": [
                "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2/train.tsv"
            ],
            "sha256": "ec192f833a64da08f475488a77b0d0b47db47acd0f458bd18433fc793b569920",
            "bytes": 720259,
        },
        "dev.tsv": {
            "urls": [
                "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2/dev.tsv"
            ],
            "sha256": "eddea6b39e601dd4e7a672b53cc40fdf6019fa80522f351206c24340ca5d9359",
            "bytes": 92057,
        },
        "test.tsv": {
            "urls": [
                "https://raw.githubusercontent.com/clairett/pytorch-sentiment-classification/457ffd83de90a9d6d472d8ffc31bbffe40a8b236/data/SST2/test.tsv"
            ],
            "sha256": "831169c7e2e429d6026e1bdbb542f33b636e3e596caad9602ebc953c205928b7",
            "bytes": 188749,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._text import tables_of

    parts = {"train": files["train.tsv"], "valid": files["dev.tsv"], "test": files["test.tsv"]}
    return tables_of(parts, ["text", "label"], target="label", classes={"0": "negative", "1": "positive"})
