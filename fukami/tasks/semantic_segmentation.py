"""One picture in, a class for each of its pixels out.

Use it where what matters is which parts of a picture are what: roads and cars, tumours, fields, scratches. Things of one class
that touch are one area; to count them they have to be told apart as instances. Data: a folder of pictures and one of masks,
side by side; a table with two paths; arrays.
"""

from __future__ import annotations

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn
from fukami.fields.image.field import Image
from fukami.fields.mask.field import Mask
from fukami.objectives.supervised import supervised
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="semantic-segmentation",
    summary="one picture in, a class for each of its pixels out",
    inputs=("image",),
    targets=("mask",),
    needs="grid",
    headline="miou",
    also=("dice", "pixel_accuracy"),
    baselines=("majority_pixel", "mean_mask", "pixel_linear"),
    recipe="segmentation/masks",
    exempt={"order of grad-cam": "every pixel is asked about, so no place of the last features counts for all of them"},
)


def dense_head(task: Task, num_features: int, members: int) -> nn.Module:
    """features_BDHW → outputs_BKHW, K from the mask."""
    from fukami.layers.heads import DenseHead

    return DenseHead(num_features, task.target.target_spec()["num_classes"])


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    image, mask = Image(name="image"), Mask(name="mask")
    return Task(CARD, {image.name: image}, {mask.name: mask}, head=dense_head, objective=supervised)
