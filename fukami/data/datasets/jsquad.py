"""JSQuAD, questions about paragraphs of the Japanese Wikipedia: Kurihara et al. 2022, JGLUE.

The published validation part alone; parts are drawn by the seed of the training, each article in one of them.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="jsquad",
    summary="4,442 Japanese questions about 1,145 paragraphs, the published validation part",
    task="question-answering",
    examples=4442,
    licence="CC BY-SA 4.0",
    home="https://github.com/yahoojapan/JGLUE",
    files={
        "valid-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jsquad-v1.3/valid-v1.3.json"],
            "sha256": "fb0a57a35281ff03bbe7f0e878cff5b577985fbe6fcb242e7e8ddb63d1c0ab11",
            "bytes": 1_976_638,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import squad

    return squad.read(files["valid-v1.3.json"], DataChoices())
