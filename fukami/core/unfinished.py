"""A training that is not finished: the hidden folder beside its run, what is saved there, and the command that goes on.

No torch: every verb that is given a run asks here, and Ctrl-C may come while torch is still being loaded.
"""

import json
import shlex
import tomllib
from pathlib import Path
from typing import Any

from fukami.core.errors import UsageError
from fukami.core.language import _

RECIPE = "recipe.toml"
"""Every choice of the training; from here on it is known what is trained."""
CHECKPOINT = "checkpoint.safetensors"
FOLDS = "folds.json"
"""The figures of the folds that are done, of a cross-validation."""
DATA = "data.json"
"""A mark of the data, and which arguments were objects of the caller's own."""


def place_of(out: Path) -> Path:
    """Where the training that will write the run `out` keeps its state.

    >>> place_of(Path("runs/cats")).as_posix()
    'runs/.cats.unfinished'
    """
    return out.parent / f".{out.name}.unfinished"


def out_of(path: Path) -> Path:
    """The run that is meant by `path`: the path itself, or the run of an unfinished training whose folder it is.

    >>> out_of(Path("runs/.cats.unfinished")).as_posix(), out_of(Path("runs/cats")).as_posix()
    ('runs/cats', 'runs/cats')
    """
    name = path.name
    if name.startswith(".") and name.endswith(".unfinished"):
        return path.parent / name.removeprefix(".").removesuffix(".unfinished")
    return path


def is_begun(place: Path) -> bool:
    """Whether a training was begun in `place`, with something saved or not."""
    return (place / RECIPE).exists() or (place / FOLDS).exists()


def is_saved(place: Path) -> bool:
    """Whether there is something to go on from: a checkpoint, last or previous, or folds that are done."""
    return any(place.glob("checkpoint*.safetensors")) or (place / FOLDS).exists()


def command(out: Path, *, resume: bool = True) -> str:
    """The command that goes on with the training of `out`, or begins it anew; for Python where the shell cannot name its data.

    Only the task, the data and the place are named: a resumed training keeps every other choice that it was begun with.
    """
    told, own = _begun_with(place_of(out))  # its recipe, and what came as objects of the caller's own
    task, source = told.get("task", "TASK"), told.get("data", {}).get("source", "")
    if source and not own:
        return shlex.join(["fukami", "train", task, source, "--out", str(out), *(["--resume"] if resume else [])])
    objects = [f"{name}={name.upper()}" for name in own]
    words = [repr(task), repr(source) if source else "DATA", *objects, f"out={str(out)!r}"]
    return f"fukami.train({', '.join([*words, *(['resume=True'] if resume else [])])})"


def _begun_with(place: Path) -> tuple[dict[str, Any], list[str]]:
    """The recipe in `place` as plain values, and which arguments were objects of the caller's own; empty where unreadable."""
    try:
        if (place / RECIPE).exists():
            marks = json.loads((place / DATA).read_text("utf-8"))
            return tomllib.loads((place / RECIPE).read_text("utf-8")), list(marks.get("own", []))
        told = json.loads((place / FOLDS).read_text("utf-8"))
        return tomllib.loads(told["recipe"]), list(told["own"])
    except (OSError, ValueError, KeyError):
        return {}, []


def require_begun(run: Path) -> None:
    """Raises `UsageError` where there is neither a run nor a training that was begun."""
    out = out_of(run)
    if not (out / "run.json").exists() and not (place_of(out) / RECIPE).exists():
        raise no_run(out)


def no_run(run: Path) -> UsageError:
    """The error for a place without a run: F-RUN-UNFINISHED where a training waits or is under way, else F-RUN-MISSING."""
    out = out_of(run)
    place = place_of(out)
    if is_begun(place):
        saved = is_saved(place)
        return UsageError(
            "F-RUN-UNFINISHED",
            _("this training is not finished, so it can be resumed but not used")
            if saved
            else _("this training is not finished, and nothing of it is saved yet"),
            where=str(place),
            expected=_("a training that has come to its end"),
            fix=command(out, resume=saved),
        )
    return UsageError(
        "F-RUN-MISSING",
        _("there is no run at that place"),
        where=str(run),
        expected=_("a folder that `fukami train` has written"),
        fix=_("look in runs/, or train with --out {path}").format(path=run),
    )


# -- Ctrl-C --------------------------------------------------------------------------------------------------------------
class Interrupted(KeyboardInterrupt):
    """A training was interrupted and its state is saved in `place`; `out` is where its run will be.

    `earlier` says that the state is one that had been saved before: this time nothing was added to it. `reached` tells how far
    the training was, and from where it goes on; `begins` says that this is its first step, so nothing that was learned is kept.
    """

    def __init__(self, place: Path, out: Path, *, earlier: bool = False, reached: str = "", begins: bool = False):
        super().__init__(str(place))
        self.place, self.out, self.earlier, self.reached, self.begins = place, out, earlier, reached, begins


class NothingSaved(KeyboardInterrupt):
    """A training was interrupted before anything of it was saved."""


def interrupted(error: KeyboardInterrupt, out: Path | None) -> KeyboardInterrupt:
    """What an interrupt of a training means for the training of `out` (None: of a place that is new)."""
    if isinstance(error, (Interrupted, NothingSaved)):
        return error
    if out is not None and out.exists():  # the run is there: nothing is unfinished
        return error
    place = place_of(out) if out is not None else None
    found = Interrupted(place, out, earlier=True) if place and out and is_saved(place) else NothingSaved()
    found.is_first = getattr(error, "is_first", False)  # type: ignore[attr-defined]
    return found
