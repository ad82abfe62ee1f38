"""Examples as points: which ones lie close to each other, by their inputs alone.

N examples, D numbers of each, k neighbours.
"""

import numpy as np
import torch

from fukami.engine.diagnosis.case import Case

MOST_FEATURES = 4096


def quantities(case: Case, rows: np.ndarray) -> torch.Tensor | None:
    """Inputs as standardised numbers (N, D), where they all are numbers; categories one column for each, as codes."""
    parts = []
    for value in case.inputs(case.batch(rows)).values():
        leaves = value if isinstance(value, tuple) else (value,)
        if not any(leaf.is_floating_point() for leaf in leaves):
            return None
        parts += [leaf.detach().float().cpu().reshape(len(leaf), -1) for leaf in leaves]
    flat = torch.cat(parts, dim=1)
    if not flat.shape[1] or flat.shape[1] > MOST_FEATURES:
        return None
    spread = flat.std(0)
    return (flat - flat.mean(0)) / torch.where(spread > 1e-9, spread, torch.ones_like(spread))


def nearest_targets(case: Case, asked: np.ndarray, known: np.ndarray, targets: np.ndarray, *, k: int = 9) -> np.ndarray | None:
    """For each of the rows `asked`, the commonest class among the `k` nearest of the rows `known`, whose classes are `targets`.

    None where inputs are no quantities.
    """
    flat = quantities(case, np.concatenate([known, asked]))
    if flat is None or len(known) < k:
        return None
    nearest = torch.cdist(flat[len(known) :], flat[: len(known)]).topk(k, largest=False).indices.numpy()
    return np.array([np.bincount(targets[row]).argmax() for row in nearest])
