"""COVID-QA, questions of experts about scientific articles: Möller et al. 2020, in the version of 23 April 2020.

Texts are whole articles of 23,500 characters on average. Parts are drawn by the seed of the training, each article in one.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="covid-qa",
    summary="1,380 English questions about 98 scientific articles, read whole",
    task="question-answering",
    examples=1380,
    licence="Apache-2.0",
    home="https://github.com/deepset-ai/COVID-QA",
    files={
        "200423_covidQA.json": {
            "urls": [
                "https://raw.githubusercontent.com/deepset-ai/COVID-QA/fb2eb5e24961/data/question-answering/200423_covidQA.json"
            ],
            "sha256": "ab310b4e39f726e087c8fa3d1787c73771dacddc584977204ebe3cc889ee1264",
            "bytes": 2_697_757,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.readers import squad

    return squad.read(files["200423_covidQA.json"], DataChoices())
