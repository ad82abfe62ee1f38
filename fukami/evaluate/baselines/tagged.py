"""What baselines of tags share: the words of sentences, and answers made of tags."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields.frame import Line


def sentences(inputs: Mapping[str, Any], columns: Mapping[str, list[Column]]) -> list[list[str]]:
    """The elements of each example that are tagged, as they stand in the text."""
    (line,) = (frame for name in inputs if isinstance(frame := inputs[name].frame(columns[name]), Line))
    every = zip(line.texts, line.starts, line.ends, strict=True)
    return [[text[s:e] for s, e in zip(starts.tolist(), ends.tolist(), strict=True)] for text, starts, ends in every]


def answered(tags: Sequence[np.ndarray]) -> trees.Rows:
    """Numbers of tags as answers that are wholly sure."""
    tag_T = np.concatenate(tags).astype(np.int64) if tags else np.empty(0, np.int64)
    return trees.Rows({"tag": tag_T, "score": np.ones(len(tag_T), np.float32)}, np.array([len(one) for one in tags], np.int64))
