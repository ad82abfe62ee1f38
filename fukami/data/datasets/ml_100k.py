"""MovieLens 100K: ratings of films with their times (Harper and Konstan 2015), as an atomic file."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="ml-100k",
    summary="100,000 ratings of 943 users for 1,682 films, with their times",
    task="recommendation",
    examples=100000,
    licence="GroupLens: research, no redistribution",
    home="https://grouplens.org/datasets/movielens/100k/",
    files={
        "ml-100k.inter": {
            "urls": ["https://raw.githubusercontent.com/RUCAIBox/RecBole/master/dataset/ml-100k/ml-100k.inter"],
            "sha256": "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff",
            "bytes": 1979230,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import choices

    return choices.read(files["ml-100k.inter"], DataChoices())
