"""Things: their masks laid on the given picture, with a box around each and a class."""

import numpy as np


def answer(outputs, told, frame):
    """`instances`: left, top, width and height, class, score and mask of each, the surest first. Masks are runs as COCO has
    them: how many pixels lie outside, inside, outside, … column by column."""
    boxes, scores, classes, masks = (np.asarray(one) for one in outputs)
    found = []
    for at in np.flatnonzero(scores >= max(told["floor"], told["threshold"])):
        corners = in_pixels(boxes[at].astype(np.float64), frame)
        box = [round(float(value), 2) for value in (*corners[:2], *(corners[2:] - corners[:2]))]
        mask = on_picture(pasted(masks[at], boxes[at], told["side"]), frame)  # pyright: ignore  # noqa: F821
        runs = {"size": list(mask.shape), "counts": runs_of(mask.T)}
        label = told["classes"][int(classes[at])]
        found.append({"box": box, "label": label, "score": round(float(scores[at]), 4), "mask": runs})
    return {"instances": found}


def pasted(mask, box, side):
    """The mask of one box on the plane where masks are judged: each pixel takes what lies at its middle."""
    middle = (np.arange(side, dtype=np.float32) + np.float32(0.5)) / np.float32(side)
    room = len(mask)
    weights = []
    for low, high in ((box[1], box[3]), (box[0], box[2])):
        at = (middle - low) / max(high - low, np.float32(1e-6)) * room - np.float32(0.5)
        near = np.maximum(1 - np.abs(at.clip(0, room - 1)[:, None] - np.arange(room, dtype=np.float32)), 0)
        weights.append(near * ((at >= -0.5) & (at < room - 0.5))[:, None])
    down, across = weights
    return (down @ mask @ across.T >= 0.5).astype(np.uint8)


def in_pixels(corners, frame):
    """Shares of the tensor's sides as pixels of the given picture."""
    (across, _skew, right), (_other, down, below) = frame["map"]
    width, height = frame["size"]
    room = np.array([2 * right + across * width, 2 * below + down * height] * 2)
    pixels = (corners * room - [right, below, right, below]) / [across, down, across, down]
    return pixels.clip(0, [width, height, width, height])


def runs_of(mask):
    """How many pixels lie outside, inside, outside, … row by row."""
    flat = np.concatenate([[0], (mask.ravel() != 0).astype(np.int8)])
    return np.diff(np.concatenate([[0], np.flatnonzero(np.diff(flat)), [flat.size - 1]])).tolist()
