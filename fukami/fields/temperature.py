"""Temperature scaling: one number by which logits are divided so that confidence can be taken at its word.

Source: Guo et al. 2017, "On Calibration of Modern Neural Networks". Different: it also takes probabilities (their logarithms
serve as logits), and several labels at once, each with a sigmoid; and a small part of each target is spread over all answers
(Platt 1999), or a few examples that are all right would make every answer certain. The answer itself never changes, only how
sure it is.
B examples, K classes or labels.
"""

import numpy as np

LOWEST, HIGHEST = 0.05, 20.0
_CLOSE = 1e-12


def fit_temperature(scores_BK: np.ndarray, targets: np.ndarray) -> float:
    """The temperature, from 0.05 to 20, under which `targets` are likeliest; 1 where nothing can be learned.

    Of B examples, one in B + 2 is taken to be of any answer: what was right 30 times out of 30 may well be wrong the next time.

    Arguments: `scores_BK` are probabilities (all from 0 to 1) or logits; `targets` class numbers (B,), or labels 0 or 1 (B, K).
    Take scores of validation examples: those that the model was trained on would make it look surer than it is.

    >>> logits = np.array([[4.0, 0.0]] * 3 + [[0.0, 4.0]])  # 98 % sure, right in three cases of four
    >>> round(fit_temperature(logits, np.zeros(4, dtype=int)), 2)
    4.51
    """
    from scipy.optimize import minimize_scalar

    scores_BK, targets = np.asarray(scores_BK, dtype=np.float64), np.asarray(targets)
    finite_B = np.isfinite(scores_BK).all(1)
    logits_BK, targets = _logits(scores_BK[finite_B], targets), targets[finite_B]
    if not len(targets) or (logits_BK.shape[1] < 2 and targets.ndim == 1):
        return 1.0
    # Convex in 1 / T, so one dip in log T: a bounded search finds it.
    found = minimize_scalar(
        lambda log_t: _loss(logits_BK / np.exp(log_t), targets),
        bounds=(np.log(LOWEST), np.log(HIGHEST)),
        method="bounded",
        options={"xatol": 1e-5},
    )
    better = float(found.fun) < _loss(logits_BK, targets)
    return float(np.exp(found.x)) if better else 1.0


def _logits(scores_BK: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Logits as they are; those of probabilities by their logarithm (up to a constant per example), or by their log odds."""
    if scores_BK.size and (scores_BK.min() < 0 or scores_BK.max() > 1):
        return scores_BK
    kept_BK = np.clip(scores_BK, _CLOSE, 1.0)
    return np.log(kept_BK) - np.log(np.clip(1 - scores_BK, _CLOSE, 1.0)) if targets.ndim == 2 else np.log(kept_BK)


def _loss(logits_BK: np.ndarray, targets: np.ndarray) -> float:
    """Mean negative log-likelihood, where one target in B + 2 may be any."""
    any_share = 1 / (len(targets) + 2)
    if targets.ndim == 2:
        wrong_BK = np.where(targets > 0.5, -logits_BK, logits_BK)  # log odds of not answering as the target says
        return float(np.mean(np.logaddexp(0, wrong_BK) - any_share / 2 * wrong_BK))
    top_B1 = logits_BK.max(1, keepdims=True)
    total_B = np.log(np.exp(logits_BK - top_B1).sum(1)) + top_B1[:, 0]
    told_B = logits_BK[np.arange(len(targets)), targets]
    return float(np.mean(total_B - (1 - any_share) * told_B - any_share * logits_BK.mean(1)))
