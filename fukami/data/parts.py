"""The names people give to the parts of a dataset: what `val`, `dev` or `t10k` mean."""

import re

_NAMES = {
    "train": ("train", "training", "trn", "学習", "訓練"),
    "valid": ("valid", "validation", "val", "dev", "development", "検証", "開発"),
    "test": ("test", "testing", "tst", "eval", "t10k", "テスト", "評価"),
}
PART_OF = {name: part for part, names in _NAMES.items() for name in names}


def part_named(name: str) -> str:
    """The part that a whole name means, or "" where it means none.

    >>> part_named("Val"), part_named("validity")
    ('valid', '')
    """
    return PART_OF.get(name.strip().lower(), "")


def part_in(name: str) -> str:
    """The part that a file name mentions as a word of its own, or "" where it mentions none or several.

    >>> part_in("train-00000-of-00002"), part_in("reviews_dev"), part_in("contest"), part_in("train_test")
    ('train', 'valid', '', '')
    """
    found = {PART_OF[word] for word in re.split(r"[-_.\s]+", name.lower()) if word in PART_OF}
    return found.pop() if len(found) == 1 else ""
