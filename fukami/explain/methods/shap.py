"""SHAP: each unit's fair share of what the input adds to the answer (Shapley values).

Lundberg & Lee 2017; the library's kernel estimator, which asks for answers with units taken away and solves a weighted
regression. Weights add up to the difference between the answer's margin (log-odds) and the one without any unit.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from fukami.core.cards import MethodCard
from fukami.core.extras import needed
from fukami.core.seeds import derive
from fukami.explain.case import Case
from fukami.explain.contract import Weights

CARD = MethodCard(
    name="shap",
    summary="each part's fair share of what the input adds to the answer (Shapley values)",
    asks="units",
    source="Lundberg & Lee 2017, arXiv:1705.07874; shap",
)

SAMPLES = 512
"""Patterns that are asked for besides two for each unit."""


def weigh(case: Case) -> Weights:
    """Shapley values; exact where all patterns of the units fit into the samples."""
    total = len(case.units)
    if total < 2:  # the regression of the library needs two
        base = float(case.margins(np.ones((1, total), bool))[0])
        return Weights(np.full(total, case.margin - base), base=base)
    shap = needed("shap", extra="explain")

    def asked(present_PU: np.ndarray) -> np.ndarray:
        return case.margins(present_PU < 0.5)

    explainer = shap.KernelExplainer(asked, np.zeros((1, total)))
    samples = case.samples or 2 * total + SAMPLES
    with seeded(derive(case.seed, "shap")):
        found = explainer.shap_values(np.ones((1, total)), nsamples=samples, l1_reg=False, silent=True)
    return Weights(np.asarray(found, float).reshape(-1)[:total], base=float(np.ravel(explainer.expected_value)[0]))


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """NumPy's global generator, which the library draws from, seeded inside and as it was after."""
    before = np.random.get_state()
    np.random.seed(seed % 2**32)
    try:
        yield
    finally:
        np.random.set_state(before)
