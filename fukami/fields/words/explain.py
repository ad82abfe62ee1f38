"""Words of a sentence: what an explanation of its tags weighs, how they are hidden, and the sentence with its words coloured.

A word is hidden by making it an unknown one: it keeps its place, so the tags of the others stay where they are.
Shapes: P patterns, U units, which are the L words.
"""

from __future__ import annotations

import numpy as np

from fukami.core.lazily import torch
from fukami.fields.text import explain
from fukami.fields.units import Portrait, Units
from fukami.fields.words.cutting import Sentence
from fukami.fields.words.spec import Words


def units_of(sentence: Sentence) -> Units:
    """One unit for each word."""
    spans = [[int(start), int(end)] for start, end in zip(sentence.starts, sentence.ends, strict=True)]
    told = tuple({"span": span} for span in spans)
    return Units(tuple(sentence.words), np.arange(len(spans)), told, {"text": sentence.text})


def without(batch: Words, gone_PU: np.ndarray) -> Words:
    """The one sentence of the batch, with the words of each pattern unknown in every look and letter."""
    gone_PL1 = torch.from_numpy(gone_PU).to(batch.looks.device).unsqueeze(2)
    looks_PLF = batch.looks[:, : gone_PU.shape[1]].expand(len(gone_PU), -1, -1)
    letters_PLC = batch.letters[:, : gone_PU.shape[1]].expand(len(gone_PU), -1, -1)
    hidden_PLC = letters_PLC.clamp(max=1)
    lengths_P = batch.lengths.expand(len(gone_PU))
    return batch._replace(
        looks=torch.where(gone_PL1, 1, looks_PLF), letters=torch.where(gone_PL1, hidden_PLC, letters_PLC), lengths=lengths_P
    )


def portrait(units: Units, weights_U: np.ndarray) -> Portrait:
    """The text with each word on its colour."""
    return explain.portrait(units, weights_U)
