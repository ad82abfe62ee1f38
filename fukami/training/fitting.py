"""A training without steps: the weights of some models are found at once, by the `fit` of their file (`ModelCard.fitted`).

It has the face of a session, so that folds, proofs and the run are what they are for every model. What was begun and broken off
is begun anew: nothing of it is saved.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.cards import load
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.recipe import LearningChoices
from fukami.core.unfinished import CHECKPOINT, Interrupted
from fukami.engine.plan import Plan
from fukami.engine.ranks import ALONE, Ranks
from fukami.evaluate.baselines.fitting import one_thread
from fukami.fields import batch as trees
from fukami.fields.scored import Scored
from fukami.models import registry
from fukami.models.contract import Known, Network
from fukami.predictor import Predictor
from fukami.training.asked import Asked
from fukami.training.building import build_network
from fukami.training.prepare import Prepared, chosen_model, resolved


@dataclass
class Fitting:
    """One such training, with what a `Session` offers to those around it. `begin` begins trainings that it takes besides."""

    asked: Asked
    prepared: Prepared
    predictor: Predictor
    begin: Callable[[Asked, Prepared], Any]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    ranks: Ranks = ALONE

    @property
    def place(self) -> Path:
        return self.asked.place

    @property
    def out(self) -> Path:
        return self.asked.out

    @property
    def checkpoint(self) -> Path:
        """Where a session saves its state; this one has none."""
        return self.place / CHECKPOINT

    def run(self) -> None:
        """Finds the weights, and leaves the network and the recipe by which they would be found again in the predictor."""
        started, choice, recipe = time.monotonic(), self.predictor.choice, self.predictor.recipe
        assert choice is not None
        options = choice.options | registry.checked(choice, recipe.model.options)
        with one_thread():
            found = load("models", choice.card.name).fit(self.predictor.network, self._known(), **options)
        recipe = replace(recipe, model=replace(recipe.model, options={**recipe.model.options, **found}))
        self.predictor = replace(self.predictor, network=self.predictor.network.eval(), recipe=recipe)
        self.seconds = time.monotonic() - started
        (self.place / "events").mkdir(parents=True, exist_ok=True)
        (self.place / "history.jsonl").touch()

    def save(self) -> None:
        """There is no state between beginning and end."""

    def saved_apart(self, interrupt: KeyboardInterrupt) -> KeyboardInterrupt:
        """Interrupted is interrupted."""
        return interrupt

    def told(self) -> dict[str, Any]:
        """What the run says of its training."""
        shares = {"waited_share": 0.0, "padding_share": 0.0}
        return {"steps": 0, "seconds": round(self.seconds, 3), "best_step": 0, **shares, "events": []}

    def tell(self, text: str) -> None:
        """Says a sentence, which the run keeps as well."""
        print(text, file=sys.stderr, flush=True)
        self.notes = (*self.notes, text)

    def _known(self) -> Known:
        """What the model is fitted to: the training examples, with those for validation beside.

        Raises `UsageError` F-MODEL-TARGET where the target is neither one class nor one number.
        """
        data = self.prepared
        target, train, valid = data.task.target, data.split.train, data.split.valid
        if not isinstance(target, Scored) or len(data.task.targets) > 1 or self._targets(train[:1]).ndim != 1:
            raise UsageError(
                "F-MODEL-TARGET",
                _("{model} cannot be fitted to this kind of target").format(model=data.recipe.model.name),
                where=target.name,
                expected=_("one class or one number"),
                got=", ".join(one.kind for one in data.task.targets.values()),
                fix="--model auto",
            )
        beside = self._examples(valid, target.num_outputs) if len(valid) else None
        return replace(self._examples(train, target.num_outputs), valid=beside)

    def _examples(self, rows: np.ndarray, num_outputs: int) -> Known:
        batch = self.prepared.store.batch(rows)
        given = {name: batch[name] for name in self.prepared.task.inputs}
        inputs = next(iter(given.values())) if len(given) == 1 else given
        return Known(inputs, self._targets(rows), num_outputs, self.predictor.recipe.learning, self._another, self.tell)

    def _targets(self, rows: np.ndarray) -> np.ndarray:
        target = self.prepared.task.target
        return trees.arrays(target.batch(self.prepared.store.arrays[target.name], rows))

    def _another(self, name: str) -> Network:
        """Another model trained on the same examples, by the same recipe as far as it means anything to it."""
        data = self.prepared
        self.tell(_("{model}: training").format(model=name))
        raw = {field: [column.take(data.split.train) for column in columns] for field, columns in data.columns.items()}
        recipe = replace(data.recipe, model=replace(data.recipe.model, name=name, options={}))
        recipe = resolved(recipe, data.task, raw, custom=False)
        part = replace(data, recipe=recipe, choice=chosen_model(recipe, data.task))
        session = self.begin(replace(self.asked, recipe=recipe, out=self.place / "parts" / name), part)
        try:
            session.run()
        except Interrupted:  # its state goes with this training's place, so there is nothing to go on from
            raise KeyboardInterrupt from None
        return session.predictor.network


def begin_fitting(asked: Asked, data: Prepared, begin: Callable[[Asked, Prepared], Any]) -> Fitting:
    """A fitting ready to run, which first says which of the options that were chosen mean nothing to it."""
    recipe, plan, usual = data.recipe, Plan(), LearningChoices()
    recipe = replace(recipe, plan=plan.choices(replace(recipe.plan, snapshot_steps=1)))
    notes = []
    if data.choice is not None and "parts" not in data.choice.options:  # what has parts hands all of it on to them
        heeded = {"seed", *(registry.fitted_by(recipe) or ())}
        chosen = [one.name for one in fields(usual) if one.name in recipe.chosen - heeded]
        idle = [name for name in chosen if getattr(recipe.learning, name) != getattr(usual, name)]
        if idle:
            told = _("{model} is fitted at once and not in steps: {names} mean nothing to it")
            notes.append(told.format(model=recipe.model.name, names=", ".join(idle)))
        kept = {name: getattr(recipe.learning, name) for name in heeded if hasattr(usual, name)}
        recipe = replace(recipe, learning=replace(usual, **kept))
    predictor = Predictor(data.task, build_network(replace(data, recipe=recipe)).network, recipe, data.choice, plan)
    fitting = Fitting(asked, data, predictor, begin)
    for note in notes:
        fitting.tell(note)
    return fitting
