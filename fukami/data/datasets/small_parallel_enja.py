"""small_parallel_enja, short sentences in English and Japanese: Neubig's part of the Tanaka corpus, as odashi gives it.

Both sides come divided into words and in small letters; English is translated into Japanese. BLEU counts the words as they are
divided there (`none`), as those who use the corpus do; figures over other words do not compare.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="small-parallel-enja",
    summary="51,000 short sentences in English and Japanese, with given parts",
    task="translation",
    examples=51_000,
    licence="not stated; derived from the Tanaka corpus (CC BY)",
    home="https://github.com/odashi/small_parallel_enja",
    files={
        "train.en": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/train.en"],
            "sha256": "148b05dcd28638fe20ee84f2b1127001c80982be352007dda241fb759adadc76",
            "bytes": 1_701_356,
        },
        "train.ja": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/train.ja"],
            "sha256": "fc81a1434349ec98a449d7ae9cd2530057f689637684ecfed3501ea6a8a07ecc",
            "bytes": 2_784_447,
        },
        "dev.en": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/dev.en"],
            "sha256": "04a2673449770657fd5e3b963cb856be3130923212b6db8ac7eaeef18f06c041",
            "bytes": 17_054,
        },
        "dev.ja": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/dev.ja"],
            "sha256": "cd534f56b8639dc130f86a365e5ec0aa70042000bdd740a622fbbf8b6be4acca",
            "bytes": 27_781,
        },
        "test.en": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/test.en"],
            "sha256": "45edb380749ec2b49cca7618fc5a7595fc9f791180672ba466b90c873a4aa8bf",
            "bytes": 17_301,
        },
        "test.ja": {
            "urls": ["https://raw.githubusercontent.com/odashi/small_parallel_enja/312408a11c5f/test.ja"],
            "sha256": "d37dc460a81b064e4106c8913eb11fa300da05cf3f58a7a5bbfec7e20947ddef",
            "bytes": 27_793,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import parallel

    parts = {"train": "train", "valid": "dev", "test": "test"}
    sides = ("en", "ja")
    tables = [
        (part, parallel.of_files({side: files[f"{name}.{side}"] for side in sides}, DataChoices()))
        for part, name in parts.items()
    ]
    return parallel.directed(joined(tables, name="", layout="catalogue"), DataChoices())
