"""`train` from one end to the other: prepare, build, run, finish, write."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact
from fukami.core.cards import card
from fukami.core.errors import RunError, UsageError
from fukami.core.language import N_, _
from fukami.core.recipe import Recipe, from_dict, option_names, read_toml
from fukami.data.split import Split, folds
from fukami.predictor import Predictor
from fukami.run import Run
from fukami.tasks.registry import contract
from fukami.training.finish import finish, held_out_metrics, write_run
from fukami.training.network import Ready, make_ready
from fukami.training.prepare import Prepared, examined, headline_of, prepared
from fukami.training.session import Best, Interrupted, Session

SETTLED = ("minutes", "epochs", "find_learning_rate")
"""Options that become others when a training begins: minutes become epochs, a range test a rate."""


def run_training(recipe: Recipe, source: Any, out: Path, *, module: Any = None, loss: Any = None, resume: bool = False) -> Run:
    """Trains, proves and writes the run folder `out`."""
    artefact.recover(out)
    place = out.parent / f".{out.name}.unfinished"
    if out.exists():
        if resume:
            return Run(out, network=module)
        artefact.refuse_existing(out)
    recipe = opened(place, recipe, out, resume=resume)
    try:
        return _trained(recipe, source, place, out, module=module, loss=loss)
    except BaseException:
        # what cannot be resumed is not left lying about
        if not (place / "checkpoint.safetensors").exists():
            shutil.rmtree(place, ignore_errors=True)
        raise


def _trained(recipe: Recipe, source: Any, place: Path, out: Path, *, module: Any, loss: Any) -> Run:
    crossed = cross_validated(recipe, source, module=module, loss=loss) if recipe.data.folds else {}
    data = prepared(recipe, source, model=module)
    say_problems(data)
    session, ready = begin(data, place, out, module=module, loss=loss)
    session.run()
    predictor = replace(session.predictor, recipe=ready.recipe)
    finished = finish(data, predictor)
    if crossed:
        finished.proofs["folds"] = crossed
    write_run(session, replace(data, recipe=ready.recipe), finished, out, notes=ready.built.notes)
    shutil.rmtree(place, ignore_errors=True)
    return Run(out, network=module)


def say(text: str) -> None:
    """Advice goes to standard error; standard output carries results alone."""
    print(text, file=sys.stderr, flush=True)


def say_problems(data: Prepared) -> None:
    """One line for each warning of the doctor."""
    for problem in data.problems:
        if problem.severity == "warning":
            say(f"{problem.code}  {problem.what}  ({problem.where})" if problem.where else f"{problem.code}  {problem.what}")


def opened(place: Path, recipe: Recipe, out: Path, *, resume: bool) -> Recipe:
    """The recipe to train by: the interrupted training's own where it is resumed, else `recipe` in a fresh folder."""
    written = place / "recipe.toml"
    if resume and not place.exists():
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
    if (place / "checkpoint.safetensors").exists() and not resume:
        raise UsageError(
            "F-RESUME-WAITS",
            _("an interrupted training of this run waits to be resumed"),
            where=str(place),
            expected=_("--resume, another --out, or that folder deleted"),
        )
    if not resume:
        shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True, exist_ok=True)
    return recipe


def say_ignored(asked: Recipe, kept: Recipe) -> None:
    """Says which of the options that were typed a resumed training does not follow: its own were settled when it began."""
    told = kept.sections()
    for section, options in asked.sections().items():
        for name in sorted(option_names(options)):
            own = getattr(told[section], name)
            if name in asked.chosen and name not in SETTLED and getattr(options, name) != own:
                say(_("the resumed training keeps {name}={value}, as it began").format(name=name, value=own))


def begin(data: Prepared, place: Path, out: Path, *, module: Any = None, loss: Any = None) -> tuple[Session, Ready]:
    """A session ready to run, restored to where it was saved."""
    ready = make_ready(data, model=module, loss=loss)
    for note in ready.built.notes:
        say(note)
    predictor = Predictor(data.task, ready.built.network, ready.recipe, data.choice, ready.plan, device=ready.learner.device)
    session = Session(
        data, predictor, ready.learner, place, out, Best(headline_of(data.recipe)), ready.recipe.plan.snapshot_steps
    )
    written, mark = place / "recipe.toml", place / "data.json"
    if written.exists():
        if artefact.read_json(mark) != data_mark(data):
            raise RunError(
                "F-RESUME-DATA",
                _("the data is not what the interrupted training saw"),
                where=str(data.table.name),
                fix=_("train without --resume"),
            )
        session.restore()
    else:
        artefact.write_json(mark, data_mark(data))
        draft = place / ".recipe.toml"
        draft.write_text(ready.recipe.to_toml(), "utf-8")
        draft.replace(written)
    return session, ready


def data_mark(data: Prepared) -> dict[str, Any]:
    """A hash of everything that the steps depend on, to know the same data again."""
    import hashlib

    digest = hashlib.blake2b(digest_size=16)
    for name in sorted(data.fingerprints):
        digest.update(data.fingerprints[name].tobytes())
    for rows in (data.split.train, data.split.valid):
        digest.update(np.ascontiguousarray(rows).tobytes())
    return {"data": digest.hexdigest()}


# -- cross-validation ----------------------------------------------------------------------------------------------------
def cross_validated(recipe: Recipe, source: Any, *, module: Any = None, loss: Any = None) -> dict[str, Any]:
    """Trains once for each part of the data, judged on that part: how good the recipe is, apart from luck with one split."""
    found = examined(recipe, source)
    parts = folds(found.table, found.columns, found.task, recipe.data, seed=recipe.learning.seed)
    first = None if module is None else {name: t.clone() for name, t in module.state_dict().items()}
    results = []
    for number, division in enumerate(parts, 1):
        say(_("fold {number} of {total}").format(number=number, total=len(parts)))
        _reset(module, first)
        results.append(one_fold(recipe, source, division, module=module, loss=loss))
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


def one_fold(recipe: Recipe, source: Any, division: Split, *, module: Any, loss: Any) -> dict[str, float]:
    """The held-out metrics of one part's training, which leaves nothing behind."""
    import tempfile

    with tempfile.TemporaryDirectory(prefix="fukami-fold-") as folder:
        place = Path(folder)
        data = prepared(recipe, source, model=module, division=division)
        session, ready = begin(data, place, place / "run", module=module, loss=loss)
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
