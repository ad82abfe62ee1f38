"""Whether an attribution is true to the network: what it calls important is taken away first, or put back first.

Deletion (Petsiuk et al. 2018, RISE; Samek et al. 2017): units go in the order of their weights, and the area below the
answer's curve is small where the first ones carried it. Insertion: they come back in that order to an input of which nothing
is known, and the area is large. The score is insertion minus deletion.

Beside it stand random orders. An order and its reverse ask for the same copies, and their scores are each other's negative;
so R random orders give 2R scores around exactly 0, and the share of them that is at least as good is a p-value without
assumptions (Phipson & Smyth 2010). U units, O orders, S steps.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from fukami.core.seeds import generator
from fukami.explain.case import Case

RANDOM = 10
"""Random orders: with fewer none could be better than all of them at 5 %."""
STEPS = 5
DRAWS = 4
"""Fillings that are averaged, at most: the test needs fewer than the attribution."""
LEVEL = 0.05


@dataclass(frozen=True)
class Faithfulness:
    """The areas of one attribution, and of random ones."""

    deletion: float
    insertion: float
    random_area: float
    """The mean area of random orders, which is the same for deletion and insertion."""
    random_scores: tuple[float, ...]
    shares: tuple[float, ...]
    """Shares of the units that are gone, or back, at each step."""
    deleted: tuple[float, ...]
    inserted: tuple[float, ...]

    @property
    def score(self) -> float:
        """Insertion minus deletion."""
        return self.insertion - self.deletion

    @property
    def p_value(self) -> float:
        """How often a random order is at least as good."""
        both = np.array([*self.random_scores, *(-score for score in self.random_scores)])
        return float((1 + (both >= self.score - 1e-9).sum()) / (1 + len(both)))

    @property
    def better_than_random(self) -> bool:
        return self.p_value <= LEVEL

    def as_dict(self) -> dict[str, Any]:
        spread = float(np.sqrt(np.mean(np.square(self.random_scores)))) if self.random_scores else 0.0
        return {
            "deletion": self.deletion,
            "insertion": self.insertion,
            "score": self.score,
            "random": {
                "deletion": self.random_area,
                "insertion": self.random_area,
                "score": 0.0,
                "spread": spread,
                "orders": len(self.random_scores),
            },
            "p_value": self.p_value,
            "better_than_random": self.better_than_random,
            "curves": {"share": list(self.shares), "deletion": list(self.deleted), "insertion": list(self.inserted)},
        }


def faithfulness_of(case: Case, weights_U: np.ndarray, *, signed: bool = True, random: int = RANDOM) -> Faithfulness:
    """Deletes and inserts the units of `case` in the order of their weights, and in random orders.

    Weights without a sign cannot know whether a unit raises a value or lowers it; then the distance to the answer counts.
    """
    total = len(weights_U)
    rng = generator(case.seed, "faithfulness")
    ties = rng.permutation(total)  # weights that are equal say nothing about their order
    own = ties[np.argsort(-weights_U[ties], kind="stable")]
    orders_OU = np.stack([own, *(rng.permutation(total) for _time in range(random))])
    counts_S = steps(total)
    place_OU = np.argsort(orders_OU, axis=1)
    gone_OSU = place_OU[:, None, :] < counts_S[None, 1:-1, None]
    ends_2U = np.stack([np.zeros(total, bool), np.ones(total, bool)])
    inner = gone_OSU.reshape(-1, total)
    found = case.values(np.concatenate([ends_2U, inner, ~inner]), draws=DRAWS)
    if not signed and not case.question.directed:
        found = -np.abs(found - found[0])
    whole, nothing = found[:2]
    deleted_OS, kept_OS = found[2:].reshape(2, len(orders_OU), len(counts_S) - 2)

    def curve(first: float, inside: np.ndarray, last: float) -> np.ndarray:
        edges = np.ones((len(inside), 1))
        return np.concatenate([first * edges, inside, last * edges], axis=1)

    deleted = curve(whole, deleted_OS, nothing)
    inserted = curve(nothing, kept_OS, whole)
    shares = counts_S / max(1, total)
    areas_2O = np.trapezoid(np.stack([deleted, inserted]), shares, axis=2)
    deletion_O, insertion_O = areas_2O
    return Faithfulness(
        float(deletion_O[0]),
        float(insertion_O[0]),
        float(areas_2O[:, 1:].mean()) if random else 0.0,
        tuple((insertion_O - deletion_O)[1:].tolist()),
        tuple(shares.tolist()),
        tuple(deleted[0].tolist()),
        tuple(inserted[0].tolist()),
    )


def steps(total: int, most: int = STEPS) -> np.ndarray:
    """How many of `total` units are gone at each step: from none to all, the same from either end.

    >>> steps(3).tolist(), steps(49).tolist()
    ([0, 1, 2, 3], [0, 9, 19, 30, 40, 49])
    """
    half = np.floor(np.linspace(0, total, most + 1)[: most // 2 + 1]).astype(int)
    return np.unique(np.concatenate([half, total - half]))


def together(found: list[Faithfulness]) -> dict[str, Any]:
    """The test of many examples: their mean score beside 0, the mean of random orders.

    The p-value is that of a one-sided sign-flip test with a normal deviate: under random orders every score is as likely as its
    negative. A single example keeps its own, so that one example has one verdict.
    """
    scores = np.array([one.score for one in found])
    from scipy.special import ndtr

    norm = float(np.sqrt(np.square(scores).sum()))
    p_value = float(ndtr(-scores.sum() / norm)) if norm else 1.0
    p_value = found[0].p_value if len(found) == 1 else p_value
    orders = {"orders": len(found[0].random_scores)} if len(found) == 1 else {}
    mean = {name: float(np.mean([getattr(one, name) for one in found])) for name in ("deletion", "insertion", "random_area")}
    return {
        "deletion": mean["deletion"],
        "insertion": mean["insertion"],
        "score": float(scores.mean()),
        "random": {"deletion": mean["random_area"], "insertion": mean["random_area"], "score": 0.0, **orders},
        "examples": len(found),
        "better_examples": int(sum(one.better_than_random for one in found)),
        "p_value": p_value,
        "better_than_random": p_value <= LEVEL,
    }
