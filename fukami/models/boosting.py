"""Boosting: gradient-boosted trees, grown at once by scikit-learn and kept as tensors.

Friedman 2001, "Greedy function approximation: a gradient boosting machine"; histograms and growth by leaves as in LightGBM (Ke
et al. 2017). Trees are grown until the validation loss has not fallen for a while, and those after its lowest point are left
out. What is kept are the trees (`layers/trees.py`), whose values the head adds up; nothing of scikit-learn is.

Shapes: N examples, D features, K outputs, T trees.
"""

from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.errors import RunError
from fukami.core.language import _
from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.layers.heads import LinearHead
from fukami.layers.trees import LARGEST, Grown, Leaf, Split, Trees
from fukami.models.contract import Known, Network
from fukami.models.widths import mark_narrowed

CARD = ModelCard(
    name="boosting",
    summary="gradient-boosted trees, grown at once by scikit-learn",
    takes=("row",),
    gives=("vector",),
    fitted={"row": {"learning_rate": 0.05}},
    parameters={"row": {"": 0}},
    options={"trees": 0, "leaves": 31},
    source="Friedman 2001; Ke et al. 2017; scikit-learn",
    exempt={"pruning": "trees have no hidden layers"},
)

MOST_TREES, LEAST_ROUNDS = 2000, 10
"""Each round grows a tree, or one for each of several classes; so many classes get fewer rounds."""
PATIENCE = 30
"""Rounds without a lower validation loss after which no more trees are grown."""
MOST_MASKED = 255
"""scikit-learn tells so many values of a category apart; of more, the codes are cut like numbers."""
CHECKED, CLOSE = 1000, 1e-4
"""Of so many rows the tensors' outputs have to be so near to scikit-learn's, as a share of the largest or of 1."""


def build(spec: RowSpec, *, gives: str = "vector", trees: int = 0, leaves: int = 31) -> nn.Module:
    """One tree that says nothing: `fit` grows others. `trees` and `leaves` are how many at most; 0 trees: as many as help."""
    return Trees(spec)


def fit(network: Network, known: Known, *, trees: int, leaves: int) -> dict[str, Any]:
    """Grows the trees and gives them to the network. Of the options it returns the number of trees that turned out to help."""
    encoder: Any = network.encoder
    features, per_round = table(encoder, known.inputs), known.num_outputs if known.num_outputs > 2 else 1
    rounds = max(1, trees // per_round) if trees else max(LEAST_ROUNDS, MOST_TREES // per_round)
    held = None if trees or known.valid is None else (table(encoder, known.valid.inputs), known.valid.targets)
    options = {"max_iter": rounds, "max_leaf_nodes": leaves, "learning_rate": known.learning.learning_rate}
    options |= {"early_stopping": held is not None, "n_iter_no_change": PATIENCE}
    model = grown(features, known.targets, encoder.told_apart(MOST_MASKED), seed=known.learning.seed, valid=held, **options)
    encoder.take(trees_of(model, encoder))
    network.head = head_of(model, known.num_outputs)
    mark_narrowed(network)
    require_agreement(network, model, known, features)
    return {"trees": len(model._predictors) * per_round, "leaves": leaves}


def table(encoder: Trees, cells: Cells) -> np.ndarray:
    """Rows as scikit-learn takes them: float32 (N, D) with NaN for missing; numbers, then categories by their codes."""
    values_ND = encoder.values(cells)[: encoder.num_plain + encoder.num_categories].T
    return values_ND.masked_fill(values_ND < -LARGEST, torch.nan).numpy()


def grown(
    features: np.ndarray, targets: np.ndarray, categorical: np.ndarray, *, seed: int, valid: Any = None, **options: Any
) -> Any:
    """scikit-learn's histogram boosting of classes (integers) or numbers, with its defaults but for `options`.

    `valid` are features and targets: rounds after their lowest loss are left out. Without them all are kept.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if np.issubdtype(targets.dtype, np.integer) else HistGradientBoostingRegressor
    masked = {"categorical_features": categorical} if categorical.any() else {}
    model = kind(random_state=seed, **masked, **options)
    if valid is None:
        return model.fit(features, targets)
    model.fit(features, targets, X_val=valid[0], y_val=valid[1])
    del model._predictors[int(np.argmax(model.validation_score_[1:])) + 1 :]  # the first score is that of no tree at all
    return model


def trees_of(model: Any, encoder: Trees) -> Grown:
    """Splits and leaves of a fitted model of scikit-learn, round by round."""
    order, codes = _order(model, encoder.num_plain + encoder.num_categories)
    return [_tree(one, encoder, order, codes) for several in model._predictors for one in several]


def _order(model: Any, num_features: int) -> tuple[np.ndarray, dict[int, np.ndarray]]:
    """Where the features of the grown trees stood (D): categories come first there. And of each category its codes in turn."""
    if model.is_categorical_ is None:
        return np.arange(num_features), {}
    first = np.flatnonzero(model.is_categorical_)
    encoder = model._preprocessor.named_transformers_["encoder"]
    codes = {int(at): known[~np.isnan(known)].astype(np.int64) for at, known in zip(first, encoder.categories_, strict=True)}
    return np.concatenate([first, np.flatnonzero(~model.is_categorical_)]), codes


def _tree(grown: Any, encoder: Trees, order: np.ndarray, codes: dict[int, np.ndarray]) -> tuple[list[Split], list[Leaf]]:
    splits: list[Split] = []
    leaves: list[Leaf] = []
    waiting: list[tuple[int, tuple[tuple[int, bool], ...]]] = [(0, ())]
    while waiting:
        number, way = waiting.pop()
        node = grown.nodes[number]
        if node["is_leaf"]:
            leaves.append(Leaf(float(node["value"]), way))
            continue
        waiting += [(int(node["left"]), (*way, (len(splits), True))), (int(node["right"]), (*way, (len(splits), False)))]
        feature, missing_left = int(order[node["feature_idx"]]), bool(node["missing_go_to_left"])
        if node["is_categorical"]:
            bits = grown.raw_left_cat_bitsets[node["bitset_idx"]]
            left = np.full(encoder.num_values, missing_left)  # a code that was not seen counts as missing
            for position, code in enumerate(codes[feature]):
                left[code] = bool(int(bits[position // 32]) >> (position % 32) & 1)
            splits.append(Split(feature - encoder.num_plain, left=left))
        else:
            source = encoder.low(feature) if missing_left else encoder.high(feature)
            splits.append(Split(source, float(node["num_threshold"])))
    return splits, leaves


def head_of(model: Any, num_outputs: int) -> LinearHead:
    """Adds up the values of the trees of each output, from where the model begins before its first tree."""
    base = model._baseline_prediction.reshape(-1)  # of two classes the second one's alone, which leaves the first at 0
    head = LinearHead(len(model._predictors) * len(base), num_outputs)
    with torch.no_grad():
        head.bias.zero_()
        head.weight.zero_()
        for turn, output in enumerate(range(num_outputs - len(base), num_outputs)):
            head.weight[output, turn :: len(base)] = 1.0
            head.bias[output] = float(base[turn])
    return head


def require_agreement(network: Network, model: Any, known: Known, features: np.ndarray) -> None:
    """Raises `RunError` F-BOOSTING-TREES where the network does not answer as the model that its trees are from."""
    few = Cells(known.inputs.numbers[:CHECKED], known.inputs.categories[:CHECKED])
    theirs = (model.decision_function if known.are_classes else model.predict)(features[:CHECKED]).reshape(len(few.numbers), -1)
    with torch.no_grad():
        ours = network({"row": few})[:, 0, -theirs.shape[1] :].numpy()
    apart = float(np.abs(ours - theirs).max() / max(1.0, np.abs(theirs).max()))
    if not apart < CLOSE:
        raise RunError(
            "F-BOOSTING-TREES",
            _("the trees that were kept do not answer as those that were grown"),
            expected=f"< {CLOSE:g}",
            got=f"{apart:.3g}",
            fix=_("install the version of scikit-learn that constraints.txt names"),
        )
