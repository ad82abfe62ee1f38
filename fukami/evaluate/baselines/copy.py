"""The source as it stands: what most of a correction is, and names and numbers of a translation."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.evaluate.rewritten import said

CARD = BaselineCard(name="copy", summary="the source as it stands", of=("sentence",))


def fit(examples: Examples) -> Answers:
    (name,) = examples.inputs

    def answer(columns: InputColumns):
        return said(examples.target, columns[name][0])

    return answer
