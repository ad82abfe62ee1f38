"""Free Spoken Digit Dataset: Jackson et al., ten English digits spoken at 8 kHz; test are the recordings with index 0 to 4 of
each digit and speaker, as its makers say. Speakers stand in both parts: `--set group=speaker` on its folder asks for new ones.

Put `fsdd_4speakers.tar.gz` (or the folder `recordings` packed likewise) into `FUKAMI_DATA/fsdd`; the makers offer a repository.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="fsdd",
    summary="2,000 recordings of the digits 0 to 9, 50 of each by each of four speakers, 200 of them for the test",
    task="audio-classification",
    examples=2000,
    licence="CC BY-SA 4.0",
    home="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files={"fsdd_4speakers.tar.gz": {"urls": [], "bytes": 8842136}},
)

PATTERN, TESTED = "{label}_{speaker}_{index}", 5


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import archive

    found = archive.read(files["fsdd_4speakers.tar.gz"], DataChoices(label_from=PATTERN), kinds=("audio", "category"))
    index = np.array(found.columns["index"].values.to_pylist(), np.int64)
    return replace(found, parts=np.where(index < TESTED, "test", "train").astype("<U5"))
