"""`train` from one end to the other: prepare, build, run, finish, write."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact, worker
from fukami.core.cards import card
from fukami.core.errors import FukamiError, GateError, RunError, UsageError
from fukami.core.language import N_, _
from fukami.core.recipe import Recipe, from_dict, option_names, read_toml
from fukami.data.split import Split, folds
from fukami.engine import checkpoint
from fukami.engine.allocator import freed_memory_kept
from fukami.engine.mishaps import BeginAgain
from fukami.engine.plan import threads_kept
from fukami.engine.ranks import ALONE, Ranks
from fukami.layers.dropout import left_plain
from fukami.run import Run
from fukami.tasks.registry import contract
from fukami.training.begin import begin, leave_smaller, say
from fukami.training.finish import finish, held_out_metrics, write_run
from fukami.training.launch import recipe_of
from fukami.training.lock import cleared, is_empty, locked
from fukami.training.prepare import Prepared, examined, prepared
from fukami.training.processes import joined
from fukami.training.prove_resume import proof_of_resume, require_names
from fukami.training.session import CHECKPOINT, Interrupted, Session

SETTLED = ("minutes", "find_learning_rate", "devices")
"""Options that become others when a training begins: minutes become epochs, a range test a rate; devices may be others."""
FOLDER_S = 20.0
"""How long a shared file system may take to show on one machine what another has made."""


def run_training(
    recipe: Recipe,
    source: Any,
    out: Path,
    *,
    module: Any = None,
    loss: Any = None,
    resume: bool = False,
    prove_resume: bool = False,
) -> Run:
    """Trains, proves and writes the run folder `out`. `prove_resume` trains a second time, killed and resumed on the way.

    One of several processes that were started together does its share; `out` is the first one's.
    """
    if worker.size() > 1:
        recipe = replace(recipe, plan=replace(recipe.plan, devices=worker.size()))
    if prove_resume:
        require_names(recipe, source, module, loss)
    with joined(recipe.plan) as ranks, threads_kept(), freed_memory_kept():
        out = Path(ranks.lasting("out", lambda: str(out)))
        place = out.parent / f".{out.name}.unfinished"
        with locked(place) if ranks.leads else nullcontext():
            agreed = opened_by_first(place, recipe, out, resume=resume, ranks=ranks)
            if agreed is None:
                return Run(out, network=module)
            ranks = replace(ranks, sharded=ranks.size > 1 and agreed.plan.parallel == "fsdp")
            require_shared(place, ranks)
            try:
                return _trained(agreed, source, place, out, ranks, module=module, loss=loss, prove_resume=prove_resume)
            except BeginAgain as error:
                leave_smaller(place, error.micro_batch)
                raise
            except OSError as error:
                if error.errno not in checkpoint.DISK:
                    raise
                raise disk_full(error, place, out) from None
            finally:
                # what cannot be resumed is not left lying about; what several processes noted is for those that begin again
                begins_again = ranks.size > 1 and not isinstance(sys.exception(), FukamiError)
                if ranks.leads and not begins_again and not checkpoint.exists(place / CHECKPOINT):
                    shutil.rmtree(place, ignore_errors=True)


def _trained(
    recipe: Recipe, source: Any, place: Path, out: Path, ranks: Ranks, *, module: Any, loss: Any, prove_resume: bool = False
) -> Run:
    crossed = cross_validated(recipe, source, ranks, module=module, loss=loss) if recipe.data.folds else {}
    with ranks.first_leads():  # it fills the prepared store, which the others find
        data = prepared(recipe, source, model=module)
    say_problems(data)
    with own_folder(place, ranks) as folder, left_plain(module):
        session, ready = begin(data, place, out, module=module, loss=loss, ranks=ranks, scratch=folder)
        session.run()
        with saved_where_it_fails(session):
            predictor = replace(session.predictor, recipe=ready.recipe)
            finished = finish(data, predictor)
            if finished is not None:
                if crossed:
                    finished.proofs["folds"] = crossed
                if prove_resume:
                    finished.proofs["resume"] = proof_of_resume(session, predictor, source)
                write_run(session, replace(data, recipe=ready.recipe), finished, out, notes=ready.built.notes)
    if ranks.leads:
        shutil.rmtree(place, ignore_errors=True)
    ranks.told(lambda: "the run is written")
    return Run(out, network=module)


# -- several processes ---------------------------------------------------------------------------------------------------
def opened_by_first(place: Path, recipe: Recipe, out: Path, *, resume: bool, ranks: Ranks) -> Recipe | None:
    """The recipe that all processes train by; None where the run is there already.

    Processes that were started again because one was lost resume what they find.
    """
    found: list[Recipe] = []

    def opening() -> str:
        artefact.recover(out)
        if out.exists() and (resume or ranks.again):
            return ""
        artefact.refuse_existing(out)
        goes_on = resume or (ranks.again and (place / "recipe.toml").exists())
        found.append(opened(place, recipe, out, resume=goes_on))
        return found[0].to_toml()

    told = ranks.told(opening)
    if not told:
        return None
    return found[0] if found else recipe_of(told)


def require_shared(place: Path, ranks: Ranks) -> None:
    """Raises `RunError` F-PROCESS-FOLDER where this process does not see what the first one writes."""
    until = time.monotonic() + FOLDER_S
    while not ranks.leads and not place.exists():
        if time.monotonic() > until:
            raise RunError(
                "F-PROCESS-FOLDER",
                _("a process of the training does not see the folder that the first one writes to"),
                where=str(place),
                fix=_("choose an --out that all machines share"),
            )
        time.sleep(0.1)


@contextmanager
def own_folder(place: Path, ranks: Ranks) -> Iterator[Path]:
    """Where a process writes what only the first one's is kept of."""
    if ranks.leads:
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="fukami-process-") as folder:
        yield Path(folder)


@contextmanager
def saved_where_it_fails(session: Session) -> Iterator[None]:
    """What comes after the last step: where the machine or the person stops it, the trained state is saved, to be resumed."""
    try:
        yield
    except (KeyboardInterrupt, OSError, MemoryError, GateError) as error:
        try:
            session.save()
        except OSError as failed:
            if failed.errno not in checkpoint.DISK:
                raise
        if isinstance(error, KeyboardInterrupt) and checkpoint.exists(session.checkpoint):
            raise Interrupted(session.checkpoint.parent, session.out) from None
        raise


def disk_full(error: OSError, place: Path, out: Path) -> RunError:
    """What is said where the disk does not take a history or a run."""
    saved = checkpoint.exists(place / CHECKPOINT)
    return RunError(
        "F-RUN-SPACE",
        _("the disk does not take what the training writes"),
        where=str(error.filename or out),
        got=error.strerror or str(error),
        fix=_("free some space; the same command with --resume goes on from there")
        if saved
        else _("free some space, and train again"),
    )


def say_problems(data: Prepared) -> None:
    """One line for each warning of the doctor."""
    for problem in data.problems:
        if problem.severity == "warning":
            say(f"{problem.code}  {problem.what}  ({problem.where})" if problem.where else f"{problem.code}  {problem.what}")


def opened(place: Path, recipe: Recipe, out: Path, *, resume: bool) -> Recipe:
    """The recipe to train by: the interrupted training's own where it is resumed, else `recipe` in a fresh folder."""
    written = place / "recipe.toml"
    if resume and is_empty(place):
        raise UsageError(
            "F-RESUME-NOTHING",
            _("there is no interrupted training to resume"),
            where=str(out),
            fix=_("train without --resume, or name its --out"),
        )
    if resume and written.exists():
        fields = {name: field.options for name, field in contract(recipe.task).fields.items()}
        kept = from_dict(read_toml(written), fields)
        say_ignored(recipe, kept)
        return replace(kept, chosen=frozenset(kept.all_names()))
    if checkpoint.exists(place / CHECKPOINT) and not resume:
        raise UsageError(
            "F-RESUME-WAITS",
            _("an interrupted training of this run waits to be resumed"),
            where=str(place),
            expected=_("--resume, another --out, or that folder deleted"),
        )
    if not resume:
        cleared(place)
    return recipe


def say_ignored(asked: Recipe, kept: Recipe) -> None:
    """Says which of the options that were typed a resumed training does not follow: its own were settled when it began."""
    told = kept.sections()
    for section, options in asked.sections().items():
        for name in sorted(option_names(options)):
            own = getattr(told[section], name)
            if name in asked.chosen and name not in SETTLED and getattr(options, name) != own:
                say(_("the resumed training keeps {name}={value}, as it began").format(name=name, value=own))


# -- cross-validation ----------------------------------------------------------------------------------------------------
def cross_validated(
    recipe: Recipe, source: Any, ranks: Ranks = ALONE, *, module: Any = None, loss: Any = None
) -> dict[str, Any]:
    """Trains once for each part of the data, judged on that part: how good the recipe is, apart from luck with one split."""
    found = examined(recipe, source)
    parts = folds(found.table, found.columns, found.task, recipe.data, seed=recipe.learning.seed)
    first = None if module is None else {name: t.clone() for name, t in module.state_dict().items()}
    results = []
    for number, division in enumerate(parts, 1):
        say(_("fold {number} of {total}").format(number=number, total=len(parts)))
        _reset(module, first)
        results.append(one_fold(recipe, source, division, ranks, module=module, loss=loss))
    _reset(module, first)
    names = results[0].keys()
    values = {name: [told[name] for told in results if told[name] is not None] for name in names}
    return {
        "claim": N_("what this recipe reaches on examples that it was not trained on, over every part of the data"),
        "test": _("{n} trainings, each judged on the part that it did not see").format(n=len(parts)),
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


def one_fold(recipe: Recipe, source: Any, division: Split, ranks: Ranks = ALONE, *, module: Any, loss: Any) -> dict[str, float]:
    """The held-out metrics of one part's training, which leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="fukami-fold-") as folder, threads_kept(), left_plain(module):
        place = Path(folder)
        with ranks.first_leads():
            data = prepared(recipe, source, model=module, division=division)
        session, ready = begin(data, place, place / "run", module=module, loss=loss, ranks=ranks)
        try:
            session.run()
        except Interrupted:  # a fold's state goes with its folder, so there is nothing to go on from
            raise KeyboardInterrupt from None
        return held_out_metrics(data, replace(session.predictor, recipe=ready.recipe))


# -- quickstart ----------------------------------------------------------------------------------------------------------
def quickstart_digits(out: str | Path | None) -> dict[str, Any]:
    """The tour of `fukami quickstart`: what it does is said as it is done."""
    from fukami import api

    data = "digits"
    task = card("data/datasets", data).task
    say(_("1. check: 1,797 real handwritten digits, 8 × 8 pixels, from scikit-learn"))
    checked = api.check(task, data)
    counts = {s: sum(p["severity"] == s for p in checked["problems"]) for s in ("error", "warning", "note")}
    say("   " + _("{errors} errors, {warnings} warnings").format(errors=counts["error"], warnings=counts["warning"]))
    say(_("2. plan"))
    planned = api.plan(task, data)
    say(
        "   "
        + _("{model}: {parameters} parameters, {steps} steps, about {seconds} s").format(
            model=planned["model"],
            parameters=f"{planned['parameters']:,}",
            steps=planned["steps"],
            seconds=round(planned["seconds"]),
        )
    )
    say(_("3. train"))
    run = api.train(task, data, out=out)
    say(_("4. evaluate: see the report, {path}").format(path=run.path / "report.html"))
    return run.summary()
