"""Multi30k, descriptions of pictures in English and German (Elliott et al. 2016): task 1, raw text, tested on those of 2016.

Published on that part: BLEU 41.0 of a small transformer (Wu et al. 2021), over tokens in small letters; figures over other
words do not compare. Given in `FUKAMI_DATA` it lies in `multi30k` or `multi30k-en-de`.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="multi30k",
    summary="31,014 descriptions of pictures in English and German, with given parts; tested on those of 2016",
    task="translation",
    examples=31_014,
    licence="not stated; descriptions derive from Flickr30k",
    home="https://github.com/multi30k/dataset",
    files={
        "train.en": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/train.en.gz"],
            "sha256": "460a15fbd157e34a7a9957ee388c1ca247fe47af3ef25fb50442af6c274e0fc6",
            "bytes": 1_801_238,
        },
        "train.de": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/train.de.gz"],
            "sha256": "2c2b73fd2b548fbcde3a875e0a78d6ee94d498bfdee6bd3eae3945779e9ddf72",
            "bytes": 2_110_398,
        },
        "val.en": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/val.en.gz"],
            "sha256": "1f2a23d992769b5b3d209b0a10dd0b77c08cceb1f20dfb97ed0aafa49d107227",
            "bytes": 63_297,
        },
        "val.de": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/val.de.gz"],
            "sha256": "660e09eb7e1da2f856ea13ee5ad3cf6d36b3d5b0b733c857e94c5747a3dfc660",
            "bytes": 75_981,
        },
        "test_2016_flickr.en": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/test_2016_flickr.en.gz"],
            "sha256": "399a4382932c1aadd3ceb9bef1008d388a64c76d4ae4e9d4728c6f4301cac182",
            "bytes": 62_076,
        },
        "test_2016_flickr.de": {
            "urls": ["https://raw.githubusercontent.com/multi30k/dataset/a3d2e0d26b56/data/task1/raw/test_2016_flickr.de.gz"],
            "sha256": "4be6b5b3236b79c25475c6bb829800a7ce559e9ba7a1f6c2394fe4d40be46d16",
            "bytes": 70_649,
        },
    },
    copies=(
        {
            "train.en": "multi30k-en-de/train.en",
            "train.de": "multi30k-en-de/train.de",
            "val.en": "multi30k-en-de/val.en",
            "val.de": "multi30k-en-de/val.de",
            "test_2016_flickr.en": "multi30k-en-de/test_2016_flickr.en",
            "test_2016_flickr.de": "multi30k-en-de/test_2016_flickr.de",
        },
    ),
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import parallel

    parts = {"train": "train", "valid": "val", "test": "test_2016_flickr"}
    sides = ("en", "de")
    tables = [
        (part, parallel.of_files({side: files[f"{name}.{side}"] for side in sides}, DataChoices()))
        for part, name in parts.items()
    ]
    return parallel.directed(joined(tables, name="", layout="catalogue"), DataChoices())
