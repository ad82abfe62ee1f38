"""JNLI, pairs of Japanese sentences about pictures: does one follow from the other? Kurihara et al. 2022, JGLUE.

The answers of the published test part are at hand since version 1.3. Only the validation and the test part may lie in
`FUKAMI_DATA`: then the former is learned from, divided by the pictures, and the table says so.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="jnli",
    summary="25,015 pairs of Japanese sentences: entailment, contradiction, neutral; with given parts",
    task="text-pair-classification",
    examples=25_015,
    licence="CC BY-SA 4.0",
    home="https://github.com/yahoojapan/JGLUE",
    files={
        "train-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jnli-v1.3/train-v1.3.json"],
        },
        "valid-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jnli-v1.3/valid-v1.3.json"],
            "sha256": "ca0353efc7c2eebfb6de4e13f16295053c8b1ee65e7b0849190c90426fbc495f",
            "bytes": 632_446,
        },
        "test-v1.3.json": {
            "urls": ["https://raw.githubusercontent.com/yahoojapan/JGLUE/6f071c09316b/datasets/jnli-v1.3/test-v1.3.json"],
            "sha256": "f40849584d4291ec172dcd869646800cc8c82457cde2260a0f45934eda307792",
            "bytes": 652_436,
        },
    },
    copies=({"valid-v1.3.json": "valid-v1.3.json", "test-v1.3.json": "test-v1.3.json"},),
)


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets import _pairs

    parts = {part: files[f"{part}-v1.3.json"] for part in ("train", "valid", "test") if f"{part}-v1.3.json" in files}
    return _pairs.table_of(parts)
