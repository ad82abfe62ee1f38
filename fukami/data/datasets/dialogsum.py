"""DialogSum, everyday conversations in English and their summaries (Chen et al. 2021, arXiv:2105.06762).

Each conversation of the test part has three summaries by different people. Published: ROUGE-1/2/L of a Transformer from scratch
35.91 / 8.74 / 33.50, of BART-large 47.28 / 21.18 / 44.83; they are counted with a stemmer, so ours compare only roughly.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="dialogsum",
    summary="13,460 conversations and their summaries, with given parts; three summaries each in the test part",
    task="summarization",
    examples=13_460,
    licence="CC BY-NC-SA 4.0",
    home="https://github.com/cylnlp/dialogsum",
    files={
        "dialogsum.train.jsonl": {
            "urls": ["https://raw.githubusercontent.com/cylnlp/dialogsum/9a79c6b7a768/DialogSum_Data/dialogsum.train.jsonl"],
            "sha256": "d223076c574192da82e8e56847b255e627196e2e7def9ed2b193cfb8e4940cba",
            "bytes": 12_069_748,
        },
        "dialogsum.dev.jsonl": {
            "urls": ["https://raw.githubusercontent.com/cylnlp/dialogsum/848cc8c05e0a/DialogSum_Data/dialogsum.dev.jsonl"],
            "sha256": "436721e0a3571eef7072964f80e042fb151d8c6178db1a688ce8f803bbf0a13f",
            "bytes": 471_830,
        },
        "dialogsum.test.jsonl": {
            "urls": ["https://raw.githubusercontent.com/cylnlp/dialogsum/848cc8c05e0a/DialogSum_Data/dialogsum.test.jsonl"],
            "sha256": "6de36eca7e7b9b10975fd5ea3f47391df172d8b3c15d03d84d763cbaab015fda",
            "bytes": 639_707,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import json_lines, writing

    tables = []
    for part, name in {"train": "train", "valid": "dev", "test": "test"}.items():
        read = writing.together(json_lines.read(files[f"dialogsum.{name}.jsonl"], DataChoices()))
        kept = {column: read.columns[column] for column in ("dialogue", "summary")}
        tables.append((part, replace(read, columns=kept)))
    return writing.directed(joined(tables, name="", layout="catalogue"), DataChoices())
