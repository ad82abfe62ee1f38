"""Boxes: of a graph's candidates those that are left, in pixels of the given picture."""

import numpy as np

MOST_CANDIDATES = 1000


def answer(outputs, told, frame):
    """`boxes`: left, top, width and height, class and score of each, the surest first."""
    boxes, scores = (np.asarray(one, np.float32) for one in outputs)
    order = np.argsort(-scores, axis=None, kind="stable")[:MOST_CANDIDATES]
    order = order[scores.ravel()[order] >= told["floor"]]
    at, kind = np.divmod(order, scores.shape[1])
    left = boxes[at]
    kept = np.zeros(len(order), bool)
    for k in np.unique(kind):
        own = np.flatnonzero(kind == k)
        kept[own] = surest(left[own], np.float32(told["overlap"]))
    rows = np.flatnonzero(kept)[: told["most"]]
    rows = rows[scores.ravel()[order[rows]] >= told["threshold"]]
    corners = on_picture(left[rows].astype(np.float64), frame)
    found = []
    for row, (x, y, right, bottom) in zip(rows, corners.tolist(), strict=True):
        box = [round(value, 2) for value in (x, y, right - x, bottom - y)]
        score = round(float(scores.ravel()[order[row]]), 4)
        found.append({"box": box, "label": told["classes"][kind[row]], "score": score})
    return {"boxes": found}


def surest(boxes, overlap):
    """Which of boxes, the surest first, no surer one that is kept covers."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if kept[i]:
            low, high = np.maximum(boxes[i, :2], boxes[i + 1 :, :2]), np.minimum(boxes[i, 2:], boxes[i + 1 :, 2:])
            common = np.maximum(high - low, 0).prod(1)
            either = area[i] + area[i + 1 :] - common
            kept[i + 1 :] &= ~(common > overlap * either)
    return kept


def on_picture(corners, frame):
    """Shares of the tensor's sides as pixels of the given picture."""
    (across, _skew, right), (_other, down, below) = frame["map"]
    width, height = frame["size"]
    room = np.array(
        [2 * right + across * width, 2 * below + down * height] * 2
    )  # of the tensor, in whose middle the picture lies
    pixels = (corners * room - [right, below, right, below]) / [across, down, across, down]
    return pixels.clip(0, [width, height, width, height])
