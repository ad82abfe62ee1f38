"""CamVid, streets seen from a car: Brostow, Fauqueur, Cipolla 2009; the 11 classes and the parts of SegNet (Badrinarayanan
et al. 2017), 480 × 360 pixels. Published mIoU of the test part: SegNet 46.4, ENet 51.3, FCN-8s 57.0 (Jégou et al. 2017,
table 3).

The archive of SegNet's tutorial is not offered as one file that could be downloaded and checked: put `camvid_480x360.zip` into
`FUKAMI_DATA/camvid`, with `train`, `val`, `test` and `trainannot`, `valannot`, `testannot` in a folder.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="camvid",
    summary="701 streets with a class for each pixel, 480 × 360, 11 classes, 233 of them for the test",
    task="semantic-segmentation",
    examples=701,
    licence="research use",
    home="http://mi.eng.cam.ac.uk/research/projects/VideoRec/CamVid/",
    files={"camvid_480x360.zip": {"urls": [], "bytes": 33989172}},
)

CLASSES = (
    "Sky", "Building", "Pole", "Road", "Pavement", "Tree", "SignSymbol", "Fence", "Car", "Pedestrian", "Bicyclist",
    "Unlabelled",
)  # fmt: skip


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import archive

    found = archive.read(files["camvid_480x360.zip"], DataChoices(), kinds=("image", "mask"))
    told = {"classes": [{"name": name, "value": value} for value, name in enumerate(CLASSES)]}
    return replace(found, columns={**found.columns, "mask": replace(found.columns["mask"], told=told)})
