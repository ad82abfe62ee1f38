"""Distillation: a smaller model of any family learns the teacher's answers and features besides the labels.

The loss is `objectives/distillation.py`; the recipe names the teacher (`learning.teacher`), so that the student's training is
one like any other. Hinton et al. 2015, arXiv:1503.02531; Tung and Mori 2019, arXiv:1907.09682.
"""

from dataclasses import replace

from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.compress.learning import require_choice, settled, trained
from fukami.core.cards import CompressionCard
from fukami.core.recipe import LearningChoices, ModelChoices, PlanChoices, option_names

CARD = CompressionCard(
    name="distill",
    summary="a smaller model of another family that learns from this one's answers and features",
    flag="--distill MODEL",
    learns=True,
    source="Hinton et al. 2015, arXiv:1503.02531; Tung and Mori 2019, arXiv:1907.09682",
)

LONGER = 2.0
"""Factor on the teacher's epochs: a student has more to learn from each example."""


def compress(form: Form, work: Work, asked: Asked) -> Form:
    """The student `asked.distill`, a model's name, with its size behind a colon where it has sizes: `cnn:tiny`."""
    require_choice(form)
    recipe = form.recipe
    kept = {f"data.{n}" for n in option_names(recipe.data)} | {n for o in recipe.fields.values() for n in option_names(o)}
    chosen = frozenset(key.rpartition(".")[2] for key in kept)
    # inputs stay as the teacher reads them; what and how the student learns is its family's affair
    student = replace(recipe, model=ModelChoices(), learning=LearningChoices(), plan=PlanChoices(), chosen=chosen)
    settings: dict[str, object] = {
        "model.name": asked.distill,
        "model.pretrained": "no",
        "seed": recipe.learning.seed,
        "teacher": str(form.base.resolve()),
        "epochs": max(1, round(LONGER * recipe.learning.epochs)),
        "imbalance": recipe.learning.imbalance,
        "class_weights": recipe.learning.class_weights,
    }
    return trained(form, work, settled(student, settings, work), f"distill {asked.distill}")
