"""BCCD, blood cells under a microscope: Shenggan 2018, 640 × 480 pixels, red cells, white cells and platelets; the parts of the
authors' lists (205 to learn from, 87 to choose by, 72 for the test).

Detectors pretrained on COCO are usually told to reach a mAP50 of 0.85 to 0.92 on it; labels of red cells that touch are partly
missing. The archive is not offered as one file that could be checked: put `bccd_voc.zip`, with `Annotations`, `JPEGImages` and
`ImageSets` in a folder, into `FUKAMI_DATA/bccd`.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="bccd",
    summary="364 pictures of blood, 640 × 480, with boxes around 4,888 cells of three kinds, 72 of them for the test",
    task="object-detection",
    examples=364,
    licence="MIT",
    home="https://github.com/Shenggan/BCCD_Dataset",
    files={"bccd_voc.zip": {"urls": [], "bytes": 7869626}},
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import archive

    return archive.read(files["bccd_voc.zip"], DataChoices(), kinds=("image", "boxes"))
