"""One picture in, a depth for each of its pixels out: how far away everything is.

Use it where a single camera has to tell distances: robots, drones, measuring rooms. Any other number for each pixel above 0
(height, thickness, temperature) is learned alike. Data: a folder of pictures and one of depth maps, side by side; a table with
two paths; arrays.
"""

from __future__ import annotations

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn
from fukami.fields.depth.field import Depth
from fukami.fields.image.field import Image
from fukami.objectives.supervised import supervised
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="depth-estimation",
    summary="one picture in, a depth for each of its pixels out",
    inputs=("image",),
    targets=("depth",),
    needs="grid",
    headline="abs_rel",
    also=("delta1", "depth_rmse"),
    baselines=("median_depth", "mean_depth"),
    recipe="depths/maps",
    exempt={"order of grad-cam": "every pixel is asked about, so no place of the last features counts for all of them"},
)


def depth_head(task: Task, num_features: int, members: int) -> nn.Module:
    """features_BDHW → outputs_B1HW."""
    from fukami.layers.heads import DenseHead

    return DenseHead(num_features, 1)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    image, depth = Image(name="image"), Depth(name="depth")
    return Task(CARD, {image.name: image}, {depth.name: depth}, head=depth_head, objective=supervised)
