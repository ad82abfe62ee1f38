"""Named points of each thing, in pixels of the given picture."""

import numpy as np


def answer(outputs, told, frame):
    """`keypoints`: of each thing its box (left, top, width, height), class, score and points, the surest first."""
    boxes, scores, classes, points = (np.asarray(one) for one in outputs)
    found = []
    for at in np.flatnonzero(scores >= max(told["floor"], told["threshold"])):
        corners = in_pixels(boxes[at].reshape(2, 2).astype(np.float64), frame)
        box = [round(float(value), 2) for value in (*corners[0], *(corners[1] - corners[0]))]
        places = in_pixels(points[at, :, :2].astype(np.float64), frame).tolist()
        named = {
            name: {"x": round(x, 2), "y": round(y, 2), "score": round(float(sure), 4)}
            for name, (x, y), sure in zip(told["points"], places, points[at, :, 2], strict=True)
            if sure > 0
        }
        label = told["classes"][int(classes[at])]
        found.append({"box": box, "label": label, "score": round(float(scores[at]), 4), "points": named})
    return {"keypoints": found}


def in_pixels(places, frame):
    """Shares of the tensor's sides as pixels of the given picture."""
    (across, _skew, right), (_other, down, below) = frame["map"]
    width, height = frame["size"]
    room = np.array([2 * right + across * width, 2 * below + down * height])
    return ((places * room - [right, below]) / [across, down]).clip(0, [width, height])
