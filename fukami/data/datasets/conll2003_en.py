"""CoNLL-2003, English newswire with persons, places, organisations and others marked: Tjong Kim Sang and De Meulder 2003.

The parts of the shared task: eng.train to learn from, eng.testa for validation, eng.testb for the figure. Tags are IOB1.
"""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="conll2003-en",
    summary="20,744 sentences of news, four types of entities, with given parts",
    task="text-tagging",
    examples=20_744,
    licence="not stated; texts of the Reuters corpus, for research",
    home="https://www.clips.uantwerpen.be/conll2003/ner/",
    files={
        "eng.train": {
            "urls": ["https://raw.githubusercontent.com/ZhixiuYe/HSCRF-pytorch/master/data/eng.train"],
            "sha256": "bed631399cb0e859c4b446438ce57dfe0208792ca6106ef11620877355494c3a",
            "bytes": 3_281_526,
        },
        "eng.testa": {
            "urls": ["https://raw.githubusercontent.com/ZhixiuYe/HSCRF-pytorch/master/data/eng.testa"],
            "sha256": "aa83a45b88e4952998156583e2ff5a8be7c1f04fb9efa3a29cd87fac2c883807",
            "bytes": 827_010,
        },
        "eng.testb": {
            "urls": ["https://raw.githubusercontent.com/ZhixiuYe/HSCRF-pytorch/master/data/eng.testb"],
            "sha256": "443914daf51328868558859b28252a28caee2fd02b65e77987977d6489246c5f",
            "bytes": 748_093,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import conll

    parts = {"train": "eng.train", "valid": "eng.testa", "test": "eng.testb"}
    return joined(
        [(part, conll.table_of(files[name], DataChoices())) for part, name in parts.items()], name="", layout="catalogue"
    )
