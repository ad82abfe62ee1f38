"""The beginning of the source: its first three sentences, or turns of a conversation. Hard to beat where news is summarised."""

import re
from dataclasses import replace

import pyarrow as pa

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.evaluate.rewritten import said
from fukami.fields import cells

CARD = BaselineCard(name="lead", summary="the first three sentences or turns of the source", of=("written",))
MOST = 3
_ENDS = re.compile(r"\n+|(?<=[。！？])(?![」』）])|(?<=[。！？][」』）])|(?<=[.!?])\s+")


def fit(examples: Examples) -> Answers:
    (name,) = examples.inputs

    def answer(columns: InputColumns):
        (column,) = columns[name]
        texts = [" ".join(beginning(text)) for text in cells.strings(column)]
        return said(examples.target, replace(column, values=pa.array(texts, pa.large_string())))

    return answer


def beginning(text: str) -> list[str]:
    """Its first three turns, where it has more than one line, or sentences.

    >>> beginning("One. Two? Three! Four."), beginning("A: a. b.\\nB: c"), beginning("猫だ。犬だ。")
    (['One.', 'Two?', 'Three!'], ['A: a. b.', 'B: c'], ['猫だ。', '犬だ。'])
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    parts = lines if len(lines) > 1 else [part.strip() for part in _ENDS.split(text) if part.strip()]
    return parts[:MOST]
