"""A text in, tags on its words out: entities with their types and places, or the part of speech of each word.

Use it to find names, products, dates, terms in texts. Entities do not overlap.
"""

from dataclasses import replace

import numpy as np

from fukami.core.cards import TaskCard
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.fields.tags.check import against_words
from fukami.fields.tags.field import Tags
from fukami.fields.words.field import MOST_WORDS, WordsField
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Columns, Task

CARD = TaskCard(
    name="text-tagging",
    summary="a text in, tags on its words out: entities, or parts of speech",
    inputs=("words",),
    targets=("tags",),
    needs="tags",
    headline="entity_f1",
    also=("entity_precision", "entity_recall", "token_accuracy"),
    baselines=("outside", "dictionary", "linear_tags"),
    recipe="tagging/tagging",
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(CARD, (WordsField(name="words"),), Tags(name="tags"), examples=examples)


def examples(task: Task, table: Table, columns: Columns, choices: DataChoices) -> tuple[Table, Columns]:
    """Those whose tags fit their words; the others are told."""
    words = task.inputs["words"]
    if "tags" not in columns or not isinstance(words, WordsField):
        return table, columns
    line = words.frame(columns["words"])
    most = words.state.get("max_words", 0) or words.options.max_words or MOST_WORDS
    fits, problems = against_words(columns["tags"][0], line, cut=most)
    kept = np.flatnonzero(fits)
    if len(kept) < len(fits):
        table, columns = table.take(kept), {name: [c.take(kept) for c in cells] for name, cells in columns.items()}
    return replace(table, problems=(*table.problems, *problems)), columns
