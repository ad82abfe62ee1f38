"""A linear model on how many words, and runs of two and three, both texts of a pair have in common: it knows no word."""

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.models.linear import logistic, ridge

CARD = BaselineCard(
    name="overlap", summary="how many words both texts share", of=("category", "number"), needs="overlap_features"
)

MAX_EXAMPLES = 20_000


def fit(examples: Examples) -> Answers:
    import numpy as np

    examples = examples.sample(MAX_EXAMPLES)
    ((name, field),) = examples.inputs.items()

    def raw(columns: InputColumns) -> np.ndarray:
        return field.overlap_features(columns[name])  # type: ignore[attr-defined]

    train_ND = raw(examples.columns)
    mean_D, scale_D = train_ND.mean(0), train_ND.std(0) + 1e-6

    def features(columns: InputColumns) -> np.ndarray:
        return (raw(columns) - mean_D) / scale_D

    train_ND = (train_ND - mean_D) / scale_D
    if not np.issubdtype(examples.targets.dtype, np.integer):
        middle = examples.targets.mean()
        line = ridge(train_ND, examples.targets.astype(np.float64) - middle)
        return lambda columns: line.predict(features(columns)) + middle
    present = np.unique(examples.targets)
    if len(present) < 2:
        return lambda columns: examples.guess(len(columns[name][0]))
    model = logistic(train_ND, examples.targets)

    def answer(columns: InputColumns) -> np.ndarray:
        scores_BK = np.zeros((len(columns[name][0]), examples.guess().shape[1]))
        scores_BK[:, present] = model.predict_proba(features(columns))
        return scores_BK

    return answer
