"""Nuclei under a fluorescence microscope: part of the Data Science Bowl of 2018 (Caicedo et al. 2019, BBBC038), with the faults
in its labels mended by Lopuhin. 431 grey pictures of at most 360 × 360 pixels, 12,117 nuclei, one label image each.

On a similar part StarDist is told to find 0.86 of the nuclei at an IoU of 0.5, found over found, invented and missed (Schmidt
et al. 2018), another measure than AP. The archive is not offered as one file that could be checked: put `nuclei.zip`, with
`images`, `labels` and `index.csv`, which names the test pictures, into `FUKAMI_DATA/nuclei-dsb2018`.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="nuclei",
    summary="431 grey pictures of at most 360 × 360 pixels with the masks of 12,117 nuclei, 86 of them for the test",
    task="instance-segmentation",
    examples=431,
    licence="CC0",
    home="https://bbbc.broadinstitute.org/BBBC038",
    files={"nuclei.zip": {"urls": [], "bytes": 11932608}},
    copies=({"nuclei.zip": "nuclei-dsb2018/nuclei.zip"},),
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import archive

    found = archive.read(files["nuclei.zip"], DataChoices(), kinds=("image", "instances"))
    own = replace(found.columns["instances"], told={"label": "nucleus"})
    return replace(found, columns={**found.columns, "instances": own})
