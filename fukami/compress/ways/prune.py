"""Pruning: the least channels and hidden features go, and what is left learns on for a part of the first training.

`compress/pruning.py` says which go; the recipe says that they do (`model.prune`, `model.pruning`), so that the training of what
is left is one like any other. Li et al. 2017, arXiv:1608.08710; Fang et al. 2023, arXiv:2301.12900.
"""

from typing import Any

from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.compress.learning import require_choice, settled, trained
from fukami.core.cards import CompressionCard

CARD = CompressionCard(
    name="prune",
    summary="without its least channels and hidden features, then trained on; smaller and faster",
    flag="--prune 0.5",
    learns=True,
    extra="compress",
    source="Li et al. 2017, arXiv:1608.08710; Fang et al. 2023, arXiv:2301.12900; torch-pruning",
)

LEARNS_ON = 0.4
"""Share of the first training's epochs in which what is left learns on, one at least."""
SLOWER = 0.5
"""Factor on its learning rate."""


def compress(form: Form, work: Work, asked: Asked) -> Form:
    """The form without the share `asked.prune` of its widths, or with `asked.unstructured` of its single weights."""
    require_choice(form)
    pruning = "unstructured" if asked.unstructured else "structured"
    learning = form.recipe.learning
    settings: dict[str, Any] = {
        "model.pretrained": str(form.base.resolve()),
        "model.prune": float(asked.prune),
        "model.pruning": pruning,
        "model.freeze_epochs": 0.0,
        "model.layer_decay": 1.0,
        "epochs": max(1, round(LEARNS_ON * learning.epochs)),
        "learning_rate": learning.learning_rate * SLOWER,
        "plan.plan": "auto",
    }
    if asked.unstructured and learning.optimizer == "muon":  # its updates are orthogonal, so no weight stays zero
        settings |= {"optimizer": "adamw", "learning_rate": 5e-4}
    recipe = settled(form.recipe, settings, work)
    return trained(form, work, recipe, f"prune {asked.prune:g}" + (" unstructured" if asked.unstructured else ""))
