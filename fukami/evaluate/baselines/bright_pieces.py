"""What is brighter, or darker, than the rest of the picture, piece by piece: Otsu's threshold and what hangs together.

Otsu 1979. Things are taken for what covers less of the picture; all are of the most frequent class, and larger ones are surer.
B examples, S side of the stored masks.
"""

import numpy as np
import torch

from fukami.core.cards import BaselineCard
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns, num_rows
from fukami.fields.batch import Rows
from fukami.fields.instances import bits

CARD = BaselineCard(
    name="bright_pieces", summary="what is brighter or darker than the rest, piece by piece", of=("instances",), needs="frame"
)
LEAST_SHARE = 0.1
"""Pieces below this share of a usual thing are dust."""
SURE = 1e-4
"""How little surer large pieces are than small ones: all of them are told, whatever a model's threshold is."""
MOST = 200
STEPS = 64


def fit(examples: Examples) -> Answers:
    (name,) = examples.inputs
    field, truth = examples.inputs[name], examples.targets
    usual = float(np.median(bits.areas(np.asarray(truth.columns["mask"])))) if len(truth.columns["class"]) else 1.0
    kind = int(np.bincount(np.asarray(truth.columns["class"])).argmax()) if len(truth.columns["class"]) else 0
    side = truth.columns["mask"].shape[1]

    def answer(columns: InputColumns) -> Rows:
        masks, scores, counts = [], [], []
        for row in range(num_rows(columns)):
            one = field.encode([column.take(np.array([row])) for column in columns[name]])
            x_1CHW = field.batch(one, np.array([0])).mean(1, keepdim=True)
            grey_SS = torch.nn.functional.interpolate(x_1CHW, (side, side), mode="bilinear", align_corners=False)[0, 0].numpy()
            found, sure = _pieces(grey_SS, max(2.0, LEAST_SHARE * usual))
            masks.append(found)
            scores.append(sure)
            counts.append(len(found))
        mask_TSS = torch.from_numpy(np.concatenate(masks))
        told = {"box": bits.boxes_of(mask_TSS).numpy(), "class": np.full(len(mask_TSS), kind), "score": np.concatenate(scores)}
        return Rows({**told, "mask": bits.packed(mask_TSS).numpy()}, np.array(counts))

    return answer


def _pieces(grey_SS: np.ndarray, least: float) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (T, S, S) and their scores (T)."""
    from scipy.ndimage import label

    above_SS = grey_SS > _otsu(grey_SS)
    piece_SS = np.zeros(grey_SS.shape, np.int32)
    label(above_SS if above_SS.mean() <= 0.5 else ~above_SS, output=piece_SS)
    sizes = np.bincount(piece_SS.ravel())[1:]
    order = np.argsort(-sizes, kind="stable")[:MOST]
    order = order[sizes[order] >= least]
    scores = (1 - SURE * least / (sizes[order] + least)).astype(np.float32)
    return (piece_SS[None] == (order + 1)[:, None, None]).astype(np.uint8), scores


def _otsu(grey_SS: np.ndarray) -> float:
    """The level on whose two sides values differ least among themselves."""
    counts, edges = np.histogram(grey_SS, STEPS)
    middles = (edges[:-1] + edges[1:]) / 2
    below = np.cumsum(counts)[:-1]
    sums = np.cumsum(counts * middles)
    above = counts.sum() - below
    apart = sums[:-1] / np.maximum(below, 1) - (sums[-1] - sums[:-1]) / np.maximum(above, 1)
    return float(edges[1:-1][(below * above * apart**2).argmax()])
