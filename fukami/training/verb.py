"""`train` from one end to the other: prepare, build, run, finish, write."""

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from fukami.core import stopping, worker
from fukami.core.errors import FukamiError, RunError
from fukami.core.language import _
from fukami.core.shortage import is_shortage, shortage
from fukami.core.system_errors import system_errors
from fukami.core.unfinished import Interrupted, is_saved
from fukami.data.bind import GUESSED
from fukami.engine import checkpoint
from fukami.engine.allocator import freed_memory_kept
from fukami.engine.mishaps import BeginAgain
from fukami.engine.plan import threads_kept
from fukami.engine.ranks import Ranks
from fukami.layers.dropout import left_plain
from fukami.models.registry import require_steps
from fukami.training.asked import Asked
from fukami.training.begin import begin, leave_smaller, say
from fukami.training.building import require_module
from fukami.training.cross_validation import cross_validated
from fukami.training.finish import finish, write_run
from fukami.training.fitting import Fitting
from fukami.training.given_up import is_given_up, name_diagnosis
from fukami.training.lock import locked
from fukami.training.opening import opened_by_first
from fukami.training.prepare import Prepared, prepared
from fukami.training.processes import joined
from fukami.training.prove_resume import proof_of_resume, require_names
from fukami.training.session import Session

FOLDER_S = 20.0
"""How long a shared file system may take to show on one machine what another has made."""


def run_training(asked: Asked, *, resume: bool = False, prove_resume: bool = False) -> Path:
    """Trains, proves and writes the run folder; its place. `prove_resume` trains a second time, killed and resumed on the way.

    One of several processes that were started together does its share; the run is where the first one's goes.
    """
    if worker.size() > 1:
        plan = replace(asked.recipe.plan, devices=worker.size())
        asked = replace(asked, recipe=replace(asked.recipe, plan=plan))
    require_module(asked.module)
    if asked.recipe.plan.devices > 1:
        require_steps(asked.recipe, "--devices")
    for name in ("loss", "on_step", "on_epoch"):
        if asked.module is None and getattr(asked, name) is not None:
            require_steps(asked.recipe, name)
    if prove_resume:
        require_steps(asked.recipe, "--prove-resume")
        require_names(asked)
    with joined(asked.recipe.plan) as ranks, threads_kept(), freed_memory_kept():
        asked = replace(asked, out=Path(ranks.lasting("out", lambda: str(asked.out))))
        with locked(asked.place) if ranks.leads else nullcontext():
            recipe = opened_by_first(asked, resume=resume, ranks=ranks)
            if recipe is None:
                if resume:
                    say_finished(asked.out)
                return asked.out
            ranks = replace(ranks, sharded=ranks.size > 1 and recipe.plan.parallel == "fsdp")
            require_shared(asked.place, ranks)
            with left_in_order(asked, ranks):
                _trained(replace(asked, recipe=recipe), ranks, prove_resume=prove_resume)
    return asked.out


def _trained(asked: Asked, ranks: Ranks, *, prove_resume: bool) -> None:
    crossed = cross_validated(asked, ranks) if asked.recipe.data.folds else {}
    with ranks.first_leads():  # it fills the prepared store, which the others find
        data = prepared(asked.recipe, asked.source, model=asked.module)
    say_problems(data)
    with own_folder(asked.place, ranks) as folder, left_plain(asked.module):
        session = begin(asked, data, ranks=ranks, scratch=folder)
        with stopping.instead(session.saved_apart):
            session.run()
        with saved_where_it_fails(session), system_errors():
            predictor = session.predictor
            finished = finish(data, predictor)
            if finished is not None:
                if crossed:
                    finished.proofs["folds"] = crossed
                if prove_resume and isinstance(session, Session):
                    finished.proofs["resume"] = proof_of_resume(session, predictor, asked.source)
                write_run(session, replace(data, recipe=predictor.recipe), finished, asked.out)
    if ranks.leads:
        shutil.rmtree(asked.place, ignore_errors=True)
    ranks.told(lambda: "the run is written")


def say_finished(out: Path) -> None:
    """What is said where a finished run was to be resumed."""
    say(_("{run} was finished before: there is nothing to resume, and nothing was trained").format(run=out))


@contextmanager
def left_in_order(asked: Asked, ranks: Ranks) -> Iterator[None]:
    """Around a training: where it ends early, what can be gone on from or looked at stays in its place, the rest goes."""
    place = asked.place

    def cleared(interrupt: KeyboardInterrupt) -> KeyboardInterrupt:
        if ranks.leads and not is_saved(place):
            shutil.rmtree(place, ignore_errors=True)
        return interrupt

    try:
        with stopping.instead(cleared):
            yield
    except BeginAgain as error:
        leave_smaller(place, error.micro_batch)
        raise
    except OSError as error:
        if error.errno not in checkpoint.DISK:
            raise
        raise disk_full(error, place, asked.out) from None
    except RunError as error:
        name_diagnosis(error, asked)
        raise
    except Exception as error:
        if ranks.size > 1 or not is_shortage(error):
            raise
        raise shortage(
            fix=_("free some memory; the same command with --resume goes on from there") if is_saved(place) else ""
        ) from None
    finally:
        error = sys.exception()
        # what several processes noted is for those that begin again
        begins_again = ranks.size > 1 and not isinstance(error, FukamiError)
        if ranks.leads and not begins_again and not is_saved(place) and not is_given_up(error):
            shutil.rmtree(place, ignore_errors=True)


# -- several processes ---------------------------------------------------------------------------------------------------
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
def saved_where_it_fails(session: Session | Fitting) -> Iterator[None]:
    """What comes after the last step: where anything stops it, the trained state is saved, to be resumed.

    Hours of training must not go with a report that cannot be written, whoever is to blame for that.
    """
    try:
        with stopping.instead(session.saved_apart):
            yield
    except (KeyboardInterrupt, Exception) as error:
        try:
            session.save()
        except OSError as failed:
            if failed.errno not in checkpoint.DISK:
                raise
        if isinstance(error, KeyboardInterrupt) and is_saved(session.checkpoint.parent):
            raise Interrupted(session.checkpoint.parent, session.out) from None
        unforeseen = not isinstance(error, (KeyboardInterrupt, OSError, FukamiError))
        if unforeseen and session.ranks.leads and isinstance(session, Session):
            say(_("the trained weights are saved: the same command with --resume goes on with what comes after the training"))
        raise


def disk_full(error: OSError, place: Path, out: Path) -> RunError:
    """What is said where the disk does not take a history or a run."""
    saved = is_saved(place)
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
    """What is predicted, where that was guessed; a line for each warning of the doctor, and one for what a limit leaves out."""
    for problem in data.problems:
        if problem.code in GUESSED:
            say(_("{what}; another: {option}").format(what=problem.what, option=problem.fix))
    for problem in data.problems:
        if problem.severity == "warning":
            say(f"{problem.code}  {problem.what}  ({problem.where})" if problem.where else f"{problem.code}  {problem.what}")
    if whole := data.split.drawn_from:
        told = {
            f"{part}_{name}": f"{n:,}"
            for name, sizes in (("of", whole), ("n", data.split.sizes()))
            for part, n in sizes.items()
        }
        text = _(
            "a trial with limit={limit}: {train_n} of {train_of} training, {valid_n} of {valid_of} validation and {test_n} of "
            "{test_of} test examples are looked at"
        )
        say(text.format(limit=data.recipe.data.limit, **told))
