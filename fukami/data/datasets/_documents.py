"""Datasets that are texts from which examples are cut."""

from pathlib import Path

import numpy as np

from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.readers import document


def of_parts(paths: dict[str, Path]) -> Table:
    """Part → file, as a table of documents."""
    read = [document.document(path, DataChoices()) for path in paths.values()]
    problems = [problem for _text, noticed in read for problem in noticed]
    return document.table("", list(paths.values()), [text for text, _noticed in read], np.array(list(paths)), problems)


def in_shares(path: Path, shares: dict[str, float]) -> Table:
    """One text, whose parts are shares of its characters, in this order."""
    text, problems = document.document(path, DataChoices())
    ends = [int(len(text) * share) for share in np.cumsum(list(shares.values())).round(9)]
    texts = [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]
    return document.table("", [path] * len(texts), texts, np.array(list(shares)), problems)
