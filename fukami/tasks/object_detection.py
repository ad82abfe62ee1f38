"""One picture in, a box around each thing of the learned classes out.

Use it where things are to be found, counted or measured: cells, parts, cars, people. Data: annotations of Pascal VOC (XML),
COCO (JSON) or YOLO (txt with data.yaml), or a table with a list of boxes for each picture.
"""

from fukami.core.cards import TaskCard
from fukami.fields.boxes.field import Boxes
from fukami.fields.image.field import Image
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="object-detection",
    summary="one picture in, a box around each thing of the learned classes out",
    inputs=("image",),
    targets=("boxes",),
    needs="boxes",
    headline="map50",
    also=("map",),
    baselines=("mean_boxes", "nearest_boxes"),
    recipe="detection/boxes",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Image(name="image"),), Boxes(name="boxes"))
