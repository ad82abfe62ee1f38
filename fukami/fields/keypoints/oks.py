"""How near two poses are: object keypoint similarity, as COCO defines it. D answers, G true things, P points.

The mean over the known points of exp(-d² / (2 s² k²)): d is the distance in pixels of the given picture, s² the area of the
true thing, k twice the point's own spread (`pycocotools.cocoeval`). Of a true thing without a known point the answer's points
count by how far they lie outside of its box, made twice as wide to each side.
"""

from collections.abc import Mapping

import numpy as np

COCO = {
    "nose": 0.026, "left_eye": 0.025, "right_eye": 0.025, "left_ear": 0.035, "right_ear": 0.035, "left_shoulder": 0.079,
    "right_shoulder": 0.079, "left_elbow": 0.072, "right_elbow": 0.072, "left_wrist": 0.062, "right_wrist": 0.062,
    "left_hip": 0.107, "right_hip": 0.107, "left_knee": 0.087, "right_knee": 0.087, "left_ankle": 0.089, "right_ankle": 0.089,
}  # fmt: skip
"""The points of COCO, and how far people differ about where each is, as a share of the root of a person's area."""
USUAL = 0.05
"""The same of points that COCO does not have."""


def likeness(given: Mapping[str, np.ndarray], known: Mapping[str, np.ndarray]) -> np.ndarray:
    """`oks_DG` of answers with `points` (D, P, ≥ 2) and true things with `points` (G, P, 3), `box` (G, 4), `area` (G), `unit`
    (G, 2) (pixels of the given picture for 1 of the points' own unit) and `spread` (G, P)."""
    D, G = len(given["points"]), len(known["points"])
    oks_DG = np.zeros((D, G))
    unit_G2, area_G = known["unit"].astype(np.float64), known["area"].astype(np.float64)
    for g in range(G):
        asked_P = known["points"][g, :, 2] > 0
        at_DP2 = given["points"][:, :, :2].astype(np.float64)
        if asked_P.any():
            off_DP2 = at_DP2 - known["points"][g, :, :2].astype(np.float64)
        else:
            box_4, asked_P = known["box"][g].astype(np.float64), np.ones(len(asked_P), bool)
            low, high = 2 * box_4[:2] - box_4[2:], 2 * box_4[2:] - box_4[:2]
            off_DP2 = np.maximum(0, low - at_DP2) + np.maximum(0, at_DP2 - high)
        far_DP = np.square(off_DP2 * unit_G2[g]).sum(2)
        worth_DP = np.exp(-far_DP / np.square(2 * known["spread"][g].astype(np.float64)) / (area_G[g] + np.spacing(1)) / 2)
        oks_DG[:, g] = worth_DP[:, asked_P].mean(1)
    return oks_DG
