"""Instances mark a rectangle as one thing."""

import numpy as np

from fukami.core.tables import Column
from fukami.fields.instances import bits
from fukami.fields.instances.marks import of_coco


def cells(rectangles_N4: np.ndarray, height: int, width: int) -> list[Column]:
    """Raw cells that mark the rectangles `(left, top, right, bottom)`, in pixels of pictures of this size."""
    labels = np.zeros((len(rectangles_N4), height, width), np.uint8)
    for label_HW, (left, top, right, bottom) in zip(labels, rectangles_N4, strict=True):
        label_HW[top:bottom, left:right] = 3
    return [Column("x", labels)]


def middles(batch, height: int, width: int) -> np.ndarray:
    """The middle of what each example of a batch marks, on pictures of this size: (N, 2), x first."""
    masks = bits.unpacked(batch.columns["mask"]).numpy()
    assert len(masks) == len(batch)
    scale = np.array([width / masks.shape[2], height / masks.shape[1]])
    return np.array([_middle(mask) for mask in masks]) * scale


def _middle(mask_HW: np.ndarray) -> np.ndarray:
    y, x = np.nonzero(mask_HW)
    return np.array([x.mean(), y.mean()]) + 0.5


def read(field, told) -> np.ndarray:
    """The middle of what each answer marks, in pixels of the given picture."""
    masks = [of_coco(answer["instances"][0]["mask"]) for answer in told]
    assert {mask.shape for mask in masks} == {(60, 80)}
    return np.array([_middle(mask) for mask in masks])
