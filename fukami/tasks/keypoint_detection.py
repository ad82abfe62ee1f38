"""One picture in, the named points of each person or thing out: a pose, a face's landmarks, the corners of a part.

Use it where it matters where the parts of something are: how people move, whether a part is mounted straight. Data: keypoints
of COCO (JSON), a table with columns `NAME_x`, `NAME_y` (and `NAME_visible`) for each point, a table with a list of things
for each picture, or arrays.
"""

from fukami.core.cards import TaskCard
from fukami.fields.image.field import Image
from fukami.fields.keypoints.field import Keypoints
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="keypoint-detection",
    summary="one picture in, the named points of each person or thing out",
    inputs=("image",),
    targets=("keypoints",),
    needs="keypoints",
    headline="pck",
    also=("oks_map", "oks_ap50"),
    baselines=("mean_pose", "nearest_boxes"),
    recipe="poses/points",
    exempt={"order of grad-cam": "all points are asked about, so no place of the last features counts for all of them"},
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (Image(name="image"),), Keypoints(name="keypoints"))
