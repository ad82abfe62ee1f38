"""Cross-validation: one training for each part of the data, judged on that part, before the training whose model is kept.

The figures of folds that are done are kept in the unfinished training's folder: what is resumed goes on with the next fold.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact, unfinished
from fukami.core.language import N_, _
from fukami.core.stopping import half_written
from fukami.data.split import Split, folds
from fukami.engine.plan import threads_kept
from fukami.engine.ranks import ALONE, Ranks
from fukami.layers.dropout import left_plain
from fukami.training.asked import Asked
from fukami.training.begin import begin, data_mark, require_unchanged, say
from fukami.training.finish import held_out_metrics
from fukami.training.prepare import examined, prepared
from fukami.training.session import Interrupted

Figures = Mapping[str, float | None]
"""Metric → value on the part that a fold's training did not see."""


def cross_validated(asked: Asked, ranks: Ranks = ALONE) -> dict[str, Any]:
    """Trains once for each part of the data: how good the recipe is, apart from luck with one split. Returns the proof.

    Raises `RunError` F-RESUME-DATA where folds that are done were of other data.
    """
    found = examined(asked.recipe, asked.source)
    parts = folds(found.table, found.columns, found.task, asked.recipe.data, seed=asked.recipe.learning.seed)
    hashes = {name: field.fingerprint(found.columns[name]) for name, field in found.task.fields.items()}
    mark = data_mark(hashes, (rows for part in parts for rows in (part.train, part.valid, part.test)))
    results: list[Figures] = ranks.told(lambda: done_before(asked.place, mark, found.table.name))
    if results:
        say(_("folds that were done before: {n} of {total}").format(n=len(results), total=len(parts)))
    first = None if asked.module is None else {name: t.clone() for name, t in asked.module.state_dict().items()}
    for number, division in enumerate(parts[len(results) :], len(results) + 1):
        say(_("fold {number} of {total}").format(number=number, total=len(parts)))
        _reset(asked.module, first)
        results.append(one_fold(asked, division, ranks))
        if ranks.leads:
            keep(asked, mark, results)
    _reset(asked.module, first)
    return summary(results)


def summary(results: list[Figures]) -> dict[str, Any]:
    """What the folds prove: of each metric the mean, the deviation, and every fold's value.

    >>> summary([{"r2": 0.5}, {"r2": 0.7}])["metrics"]["r2"]["mean"]
    0.6
    """
    values = {name: [v for told in results if (v := told[name]) is not None] for name in results[0]}
    return {
        "claim": N_("what this recipe reaches on examples that it was not trained on, over every part of the data"),
        "test": _("{n} trainings, each judged on the part that it did not see").format(n=len(results)),
        "metrics": {
            name: {"mean": float(np.mean(v)), "deviation": float(np.std(v, ddof=1)) if len(v) > 1 else 0.0, "values": v}
            for name, v in values.items()
            if v
        },
    }


def _reset(module: Any, weights: dict[str, Any] | None) -> None:
    """Gives the caller's own module the weights it came with, so that no fold starts from another's."""
    if weights is not None:
        module.load_state_dict(weights)


def one_fold(asked: Asked, division: Split, ranks: Ranks = ALONE) -> Figures:
    """The held-out metrics of one part's training, which itself leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="fukami-fold-"))
    with half_written(folder), threads_kept(), left_plain(asked.module):
        fold = replace(asked, out=folder / "run")
        with ranks.first_leads():
            data = prepared(asked.recipe, asked.source, model=asked.module, division=division)
        session = begin(fold, data, ranks=ranks)
        try:
            session.run()
        except Interrupted:  # a fold's state goes with its folder, so there is nothing to go on from
            raise KeyboardInterrupt from None
        return held_out_metrics(data, session.predictor)


# -- folds that are done -------------------------------------------------------------------------------------------------
def done_before(place: Path, mark: str, name: str) -> list[Figures]:
    """The figures of the folds that an interrupted training kept in `place`, of the data `name` with the same `mark`."""
    path = place / unfinished.FOLDS
    if not path.exists():
        return []
    told = artefact.read_json(path)
    require_unchanged(told["data"], mark, name)
    return told["folds"]


def keep(asked: Asked, mark: str, results: list[Figures]) -> None:
    """Writes the figures of the folds that are done, whole or not at all, with what it takes to go on."""
    told = {"recipe": asked.recipe.to_toml(), "own": asked.own, "data": mark, "folds": results}
    draft = asked.place / f".{unfinished.FOLDS}"
    artefact.write_json(draft, told)
    draft.replace(asked.place / unfinished.FOLDS)
