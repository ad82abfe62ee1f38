"""What is most often said in training."""

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, num_rows
from fukami.fields import batch as trees

CARD = BaselineCard(name="usual_transcript", summary="the text that is the most frequent one in training", of=("transcript",))


def fit(examples: Examples) -> Answers:
    rows = examples.targets["letters"]
    keys = [np.asarray(row["letter"]).tobytes() for row in rows.each()]
    _keys, first, counts = np.unique(np.array(keys, object), return_index=True, return_counts=True)
    usual = int(first[counts.argmax()])

    def answer(columns: InputColumns):
        return trees.taken(examples.targets, np.full(num_rows(columns), usual))

    return answer
