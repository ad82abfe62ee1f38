"""The commonest tag for every word, whatever it is: nothing is an entity, or everything is a noun."""

from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.baselines.tagged import answered, sentences

CARD = BaselineCard(name="outside", summary="the commonest tag for every word", of=("tags",))


def fit(examples: Examples) -> Answers:
    target: Any = examples.target
    tags_T = examples.targets["tags"].columns["tag"]
    commonest = int(np.bincount(tags_T).argmax()) if target.of_words else 0

    def answer(columns: dict[str, list]) -> Any:
        return answered([np.full(len(words), commonest) for words in sentences(examples.inputs, columns)])

    return answer
