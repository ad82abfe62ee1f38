"""SemEval-2010 task 8, which of nine relations, and in which direction, holds between two nominals: Hendrickx et al. 2010."""

from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="semeval2010-task8",
    summary="10,717 English sentences, nine relations between two nominals in either direction, with given parts",
    task="relation-extraction",
    examples=10_717,
    licence="CC BY 3.0",
    home="https://semeval2.fbk.eu/semeval2.php",
    files={
        "TRAIN_FILE.TXT": {
            "urls": [
                "https://raw.githubusercontent.com/onehaitao/SemEval2010-to-TACRED/79202cd85334/SemEval2010_task8_all_data/SemEval2010_task8_training/TRAIN_FILE.TXT"
            ],
            "sha256": "73cd76bf45c17257d9dba882655917109a863ccd42ad69ee6a34083a61202b51",
            "bytes": 1_365_759,
        },
        "TEST_FILE_FULL.TXT": {
            "urls": [
                "https://raw.githubusercontent.com/onehaitao/SemEval2010-to-TACRED/79202cd85334/SemEval2010_task8_all_data/SemEval2010_task8_testing_keys/TEST_FILE_FULL.TXT"
            ],
            "sha256": "066b269d0bebbefaba2f347671b373d45fdecad9191513417572a07bc61b9566",
            "bytes": 463_020,
        },
    },
)


def table(files: dict[str, Path]) -> Table:
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import relations

    parts = {"train": "TRAIN_FILE.TXT", "test": "TEST_FILE_FULL.TXT"}
    tables = [(part, relations.table_of(files[name], DataChoices())) for part, name in parts.items()]
    return joined(tables, name="", layout="catalogue")
