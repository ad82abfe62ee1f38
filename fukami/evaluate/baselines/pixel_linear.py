"""A linear model of each pixel by itself: its colour, the mean colour around it, its place, and their squares.

Multinomial logistic regression on 60,000 pixels of at most 300 pictures, as a network sees them. B examples, C channels,
D features, K classes, H and W pixels, P pixels that were drawn.
"""

import warnings

import numpy as np
import torch
from torch.nn.functional import avg_pool2d

from fukami.core.cards import BaselineCard
from fukami.core.seeds import generator
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, num_rows

CARD = BaselineCard(name="pixel_linear", summary="a linear model of each pixel's colour and place", of=("mask",), needs="frame")
MAX_EXAMPLES, MAX_PIXELS = 300, 60_000
AT_A_TIME = 16
IGNORE = 255


def fit(examples: Examples) -> Answers:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    examples = examples.sample(MAX_EXAMPLES)
    (name,) = examples.inputs
    field, size = examples.inputs[name], examples.targets.shape[1:]
    rng = generator(examples.seed, "pixel-linear")
    each = max(1, MAX_PIXELS // len(examples))
    features, classes = [], []
    for start in range(0, len(examples), AT_A_TIME):
        rows = np.arange(start, min(start + AT_A_TIME, len(examples)))
        x_BCHW = _pictures(field, [column.take(rows) for column in examples.columns[name]])
        f_BHWD = _features(x_BCHW)
        for row, f_HWD in zip(rows, f_BHWD, strict=True):
            y, x = rng.integers(0, f_HWD.shape[0], each), rng.integers(0, f_HWD.shape[1], each)
            at = (y * size[0] + size[0] // 2) // f_HWD.shape[0], (x * size[1] + size[1] // 2) // f_HWD.shape[1]
            features.append(f_HWD[y, x])
            classes.append(examples.targets[row][at])
    x_PD, y_P = np.concatenate(features), np.concatenate(classes)
    x_PD, y_P = x_PD[y_P != IGNORE], y_P[y_P != IGNORE]
    scale_D = np.maximum(x_PD.std(0), 1e-6)
    present = np.unique(y_P)
    if len(present) < 2:
        only = int(present[0]) if len(present) else 0
        weights_KD, bias_K, present = np.zeros((1, x_PD.shape[1])), np.zeros(1), np.array([only])
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # cut off on purpose
            model = LogisticRegression(max_iter=60, tol=1e-3).fit(x_PD / scale_D, y_P)
        weights_KD, bias_K = model.coef_ / scale_D, model.intercept_
        if len(present) == 2:  # the second class against the first
            weights_KD, bias_K = np.vstack([0 * weights_KD, weights_KD]), np.append(0.0, bias_K)

    def answer(columns: InputColumns) -> dict[str, np.ndarray]:
        parts = []
        for start in range(0, num_rows(columns), AT_A_TIME):
            rows = np.arange(start, min(start + AT_A_TIME, num_rows(columns)))
            f_BHWD = _features(_pictures(field, [column.take(rows) for column in columns[name]]))
            parts.append(_answered(f_BHWD @ weights_KD.T.astype(np.float32) + bias_K.astype(np.float32), present, size))
        return {part: np.concatenate([found[part] for found in parts]) for part in ("class", "sure")}

    return answer


def _pictures(field, columns) -> torch.Tensor:
    return field.batch(field.encode(columns), np.arange(len(columns[0])))


def _features(x_BCHW: torch.Tensor) -> np.ndarray:
    """float32 (B, H, W, D): colours, mean colours around, place, and squares of all."""
    B, _C, H, W = x_BCHW.shape
    around_BCHW = avg_pool2d(x_BCHW, 9, stride=1, padding=4, count_include_pad=False)
    y_HW, x_HW = torch.meshgrid(torch.linspace(-1, 1, H), torch.linspace(-1, 1, W), indexing="ij")
    place_B2HW = torch.stack([y_HW, x_HW]).expand(B, 2, H, W)
    f_BDHW = torch.cat([x_BCHW, around_BCHW, place_B2HW], 1)
    f_BDHW = torch.cat([f_BDHW, f_BDHW.square()], 1)
    return f_BDHW.permute(0, 2, 3, 1).contiguous().numpy()


def _answered(scores_BHWK: np.ndarray, present: np.ndarray, size: tuple[int, int]) -> dict[str, np.ndarray]:
    best_BHW = scores_BHWK.argmax(-1)
    top_BHW1 = scores_BHWK.max(-1, keepdims=True)
    sure_BHW = 1 / np.exp(scores_BHWK - top_BHW1).sum(-1)
    H, W = best_BHW.shape[1:]
    at_y, at_x = (np.arange(size[0]) * H + H // 2) // size[0], (np.arange(size[1]) * W + W // 2) // size[1]
    spread = np.ix_(np.arange(len(best_BHW)), at_y, at_x)
    return {"class": present[best_BHW[spread]].astype(np.uint8), "sure": sure_BHW[spread].astype(np.float16)}
