"""What is done about rare classes, decided from the counts.

The rule of `auto`: nothing while the most frequent class has at most ten times the examples of the rarest one; beyond that,
weights, because below that ratio weighting costs accuracy and calibration and gains little. Weights are the inverse *square
root* of the counts: full inverse frequency overfits a handful of examples. Like the effective number of Cui et al. 2019 it lies
between no weights and full ones, without a parameter. They are scaled so that their mean over the training examples is 1,
which keeps the meaning of the learning rate. Weighted training shifts the probabilities, so calibration matters more after it.

Resampling draws each epoch's examples with replacement by the same weights. K classes, N examples.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fukami.core.errors import UsageError
from fukami.core.language import _

WEIGHT_FROM = 10.0
"""`auto` weights classes when the most frequent one has more than this many times the examples of the rarest."""


def decide(counts_K: np.ndarray, choice: str) -> str:
    """`none`, `weights` or `resample`: the choice itself, or what `auto` takes for these counts. Empty classes are not counted.

    >>> decide(np.array([500, 40]), "auto"), decide(np.array([500, 60]), "auto"), decide(np.array([5, 5]), "resample")
    ('weights', 'none', 'resample')
    """
    if choice != "auto":
        return choice
    present = np.asarray(counts_K)[np.asarray(counts_K) > 0]
    return "weights" if len(present) > 1 and present.max() > WEIGHT_FROM * present.min() else "none"


def class_weights(counts_K: np.ndarray) -> np.ndarray:
    """float32 (K): 1 / sqrt(count), with mean 1 over the training examples; an empty class gets weight 1.

    >>> [round(float(w), 3) for w in class_weights(np.array([100, 4]))]
    [0.867, 4.333]
    """
    counts = np.asarray(counts_K, dtype=np.float64)
    raw = 1 / np.sqrt(np.maximum(counts, 1))
    mean = (raw * counts).sum() / max(counts.sum(), 1)
    return np.where(counts > 0, raw / max(mean, 1e-30), 1.0).astype(np.float32)


def given_weights(classes: Sequence[str], weights: Mapping[str, Any]) -> np.ndarray:
    """float32 (K): what the user says that an example of each class counts, 1 where nothing is said.

    >>> given_weights(["no", "yes"], {"yes": 5}).tolist(), given_weights(["0", "1"], {"1.0": "2"}).tolist()
    ([1.0, 5.0], [1.0, 2.0])

    Raises:
        UsageError: F-CLASS-WEIGHTS for a class that there is not, or a weight that is no number above zero.
    """
    found = np.ones(len(classes), np.float32)
    for name, weight in weights.items():
        at = next((i for i, known in enumerate(classes) if _same(known, name)), None)
        if at is None:
            raise _no_weight(_("there is no such class"), got=name, expected=", ".join(classes))
        try:
            found[at] = float(weight)
        except (TypeError, ValueError):
            found[at] = np.nan
        if not 0 < found[at] < np.inf:
            raise _no_weight(
                _("the weight of a class cannot be that"), got=f"{name}={weight}", expected=_("a number above zero")
            )
    return found


def _same(known: str, name: str) -> bool:
    """Whether a class is meant by a key: text as it stands, truth values in any case, numbers by their value."""
    if known == name or name.lower() == known in ("true", "false"):
        return True
    try:
        return float(known) == float(name)
    except ValueError:
        return False


def _no_weight(what: str, *, got: str, expected: str) -> UsageError:
    return UsageError("F-CLASS-WEIGHTS", what, where="class_weights", got=got, expected=expected)


def row_weights(counts_K: np.ndarray, rarest_N: np.ndarray) -> np.ndarray:
    """float64 (N): how often each example is drawn where rare classes are resampled, in proportion.

    `rarest_N` is the rarest class of each example, as `Scored.rarest` tells it: -1 for none, whose weight is 1.

    >>> row_weights(np.array([100, 4]), np.array([0, 1, -1])).round(3).tolist()
    [0.867, 4.333, 1.0]
    """
    return np.append(class_weights(counts_K), 1.0)[rarest_N].astype(np.float64)
