"""A linear model for each word by itself: logistic regression on the word, its shape, its ends, and the words beside it.

No word knows the tag of another, so tags are made entities afterwards: each word's likeliest type, runs of one type being one.
At most 100,000 words of training texts.
"""

from itertools import groupby
from typing import Any

import numpy as np

from fukami.core.cards import BaselineCard
from fukami.core.seeds import generator
from fukami.evaluate.baselines.contract import Answers, Examples
from fukami.evaluate.baselines.tagged import answered

CARD = BaselineCard(name="linear_tags", summary="a linear model for each word by itself", of=("tags",), needs="seen")

MOST_WORDS = 100_000
_SIZE = 1 << 18


def fit(examples: Examples) -> Answers:
    target: Any = examples.target
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher: Any = FeatureHasher(_SIZE, input_type="string", dtype=np.float32)  # type: ignore[arg-type]
    kind_K = target.outline()[2]
    kinds_T = kind_K[examples.targets["tags"].columns["tag"]]
    seen = [one for words in _seen(examples.inputs, examples.columns) for one in words]
    kept = np.arange(len(seen))
    if len(kept) > MOST_WORDS:
        kept = np.sort(generator(examples.seed, "baseline", "words").choice(kept, MOST_WORDS, replace=False))
    features = hasher.transform([seen[at] for at in kept])
    model: Any = None
    if len(np.unique(kinds_T[kept])) > 1:
        told: dict[str, Any] = {"alpha": 1e-6, "max_iter": 8, "tol": None, "random_state": 0}
        model = SGDClassifier("log_loss", **told).fit(features, kinds_T[kept])

    def answer(columns: dict[str, list]) -> Any:
        found = []
        for words in _seen(examples.inputs, columns):
            kinds = model.predict(hasher.transform(words)) if model is not None and words else np.full(len(words), kinds_T[0])
            found.append(_tags(kinds.tolist(), of_words=target.of_words))
        return answered(found)

    return answer


def _seen(inputs: dict[str, Any], columns: dict[str, list]) -> list[list[list[str]]]:
    """For each word of each sentence what is seen of it and of its neighbours, as strings."""
    (words,) = inputs.values()
    return [_beside(one) for one in words.seen(columns[words.name])]


def _beside(looks: list[tuple[str, ...]]) -> list[list[str]]:
    own = [[f"{f}={value}" for f, value in enumerate(one)] for one in looks]
    edge = [["edge"]]
    near = zip([*edge, *own], own, [*own[1:], *edge], strict=False)
    return [[*now, *(f"-{one}" for one in before[:2]), *(f"+{one}" for one in after[:2]), "any"] for before, now, after in near]


def _tags(kinds: list[int], *, of_words: bool) -> np.ndarray:
    """Types of words as numbers of tags, as `Tags` numbers them."""
    if of_words:
        return np.array(kinds, np.int64)
    row: list[int] = []
    for kind, run in groupby(kinds):
        length = len(list(run))
        if kind < 0:
            row += [0] * length
        else:
            row += [4 + 4 * kind] if length == 1 else [1 + 4 * kind, *[2 + 4 * kind] * (length - 2), 3 + 4 * kind]
    return np.array(row, np.int64)
