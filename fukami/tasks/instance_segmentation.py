"""One picture in, the mask of each thing of the learned classes out, also where things touch.

Use it where things are to be counted and measured one by one: cells, grains, fruits, parts. Data: annotations of COCO (JSON,
polygons or runs), label images (0 is nothing, 1 to n are things), a mask for each thing in a folder beside its picture, or a
table.
"""

from fukami.core.cards import TaskCard
from fukami.fields.image.field import Image
from fukami.fields.instances.field import Instances
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="instance-segmentation",
    summary="one picture in, the mask of each thing of the learned classes out",
    inputs=("image",),
    targets=("instances",),
    needs="instances",
    headline="mask_ap50",
    also=("mask_map", "panoptic_quality"),
    baselines=("nearest_boxes", "bright_pieces"),
    recipe="instances/instances",
    exempt={"order of grad-cam": "all things are asked about, so no place of the last features counts for all of them"},
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Image(name="image"),), Instances(name="instances"))
