"""`diagnose`: a training opened again, finished or not, begun anew on the same data, and looked at for what went wrong."""

import copy
import shlex
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core import artefact, unfinished
from fukami.core.beforehand import require_meaning
from fukami.core.errors import RunError, UsageError
from fukami.core.language import _
from fukami.core.recipe import Recipe, read_toml
from fukami.core.seeds import derive
from fukami.engine import checkpoint as states
from fukami.engine import history
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding
from fukami.engine.diagnosis.look import diagnose
from fukami.models import checkpoint
from fukami.models.contract import Network
from fukami.models.registry import require_steps
from fukami.training.begin import data_mark, mark_in
from fukami.training.building import learner_of
from fukami.training.prepare import Prepared, headline_of, prepared
from fukami.training.session import CHECKPOINT
from fukami.training.written import settled

SECONDS = 25.0
"""How long a diagnosis may take where nothing else is said; tests for which there is no time are left out and told."""


@dataclass(frozen=True)
class OnDisk:
    """A training as it lies on disk. `place` is its folder: the run, or the hidden one of a training that is not finished."""

    out: Path
    place: Path
    finished: bool

    @property
    def recipe(self) -> Path:
        return self.place / unfinished.RECIPE


def diagnosed(
    out: Path, source: Any = None, *, module: Any = None, loss: Any = None, seconds: float = SECONDS
) -> dict[str, Any]:
    """Diagnoses the run `out`, or the unfinished training of that name: the result of the verb.

    `source` is the data where the training was given arrays, `module` and `loss` the caller's own where it was trained with
    them. Nothing is changed, on disk or in `module`.
    """
    opened = find(out)
    require_meaning(read_toml(opened.recipe)["task"], "diagnose")
    require_steps(settled(opened.recipe), "diagnose")
    case = made_case(opened, source, module=module, loss=loss, seconds=seconds)
    found = diagnose(case)
    return {
        "run": str(out),
        "task": case.task.name,
        "finished": opened.finished,
        "healthy": found.healthy,
        "findings": [told(finding) for finding in found.findings],
        "tests": found.tests,
        "verdict": _proof(opened, "baselines").get("verdict", []),
        "seconds": round(case.seconds - case.left(), 1),
    }


def told(finding: Finding) -> dict[str, Any]:
    """A finding as the JSON object that the verb prints."""
    fields = asdict(finding)
    return {"sentence": fields.pop("what"), **fields, "score": round(finding.score, 2)}


def find(out: Path) -> OnDisk:
    """The run at `out`, else the unfinished training of that name. Raises `UsageError` where there is neither."""
    out = unfinished.out_of(out)
    artefact.recover(out)
    hidden = unfinished.place_of(out)
    if not out.exists() and (hidden / unfinished.RECIPE).exists():
        return OnDisk(out, hidden, finished=False)
    artefact.verify(out)
    return OnDisk(out, out, finished=True)


def made_case(opened: OnDisk, source: Any, *, module: Any, loss: Any, seconds: float) -> Case:
    """Reads the recipe and the data again, and begins the training anew without taking a step."""
    recipe = settled(opened.recipe)
    source = source if source is not None else recipe.data.source
    if isinstance(source, str) and not source:
        raise UsageError(
            "F-DIAGNOSE-DATA",
            _("the training was given arrays, which it does not keep"),
            where=str(opened.out),
            expected=_("the data that it was trained on"),
            fix=f"run.diagnose((x, y)) | fukami diagnose {shlex.quote(str(opened.out))} DATA",
        )
    if opened.finished and module is None and checkpoint.read(opened.place / "model").choice is None:
        raise UsageError(
            "F-RUN-MODULE",
            _("the run was trained with a module of your own, whose code it does not hold"),
            where=str(opened.out),
            fix=f"fukami.load({str(opened.out)!r}, model=…).diagnose(DATA)",
        )
    require_weights(opened)
    own = None if module is None else redrawn(module, recipe.learning.seed)
    data = prepared(as_measured(recipe), source, model=own)
    require_same_data(opened, data)
    learner, built, _optimizer_of = learner_of(data, model=own, loss=loss)
    mend = Mend(opened, source, own=module is not None)
    return Case(
        task=data.task,
        learner=learner,
        trained=trained_network(opened, built.network),
        train=data.split.train,
        held=np.sort(np.concatenate([data.split.valid, data.split.test])),
        headline=headline_of(recipe),
        history=history.read(opened.place / "history.jsonl"),
        mend=mend.train,
        check=mend.check(recipe.task),
        batch_size=min(learner.order.batch_size, recipe.plan.micro_batch or learner.order.batch_size),
        batches_ahead=max(0, recipe.plan.batches_ahead),
        evaluation=_proof(opened, "evaluation").get("metrics", {}),
        baselines=_proof(opened, "baselines").get("metrics", {}),
        split=data.split.proof(),
        problems=[problem.as_dict() for problem in data.problems],
        seconds=seconds,
    )


def require_weights(opened: OnDisk) -> None:
    """Raises `UsageError` where the run computes in int8: it has no weights that learn."""
    if (opened.place / "model" / checkpoint.GRAPH).exists():
        base = artefact.read_json(opened.place / "run.json").get("compressed", {}).get("from", "RUN")
        raise UsageError(
            "F-DIAGNOSE-INT8",
            _("the run computes in int8, so it holds nothing that learns"),
            where=str(opened.out),
            fix=_("diagnose the run that it was made from: {run}").format(run=base),
        )


def require_same_data(opened: OnDisk, data: Prepared) -> None:
    """Raises `RunError` where `data` is not what the training learned from, whose weights and figures say nothing of it."""
    if opened.finished:
        proof = _proof(opened, "split")
        before, same = proof.get("examples", {}), proof.get("content") in (None, data.split.told["content"])
    else:
        mark = data_mark(data.fingerprints, (data.split.train, data.split.valid))
        before, same = {}, mark_in(opened.place) == mark
    if same:
        return
    now = data.split.sizes()
    raise RunError(
        "F-DIAGNOSE-CHANGED",
        _("the data is not what the training learned from"),
        where=data.table.name,
        expected=_parts(before),
        got=_parts(now) if before != now else _("as many examples, some of which are others"),
        fix=_("bring the data back as it was, say where it lies now ({command}), or train again").format(
            command=f"fukami diagnose {shlex.quote(str(opened.out))} DATA"
        ),
    )


def _parts(sizes: dict[str, int]) -> str:
    return ", ".join(f"{part} {n}" for part, n in sizes.items())


def _proof(opened: OnDisk, name: str) -> dict[str, Any]:
    path = opened.place / "proofs" / f"{name}.json"
    return artefact.read_json(path) if path.exists() else {}


def as_measured(recipe: Recipe) -> Recipe:
    """The recipe without what would hide figures: losses are those of the answers alone."""
    learning = replace(recipe.learning, l1=0.0, find_learning_rate=False, minutes=0.0)
    return replace(recipe, learning=learning, data=replace(recipe.data, folds=0))


def redrawn(module: nn.Module, seed: int) -> nn.Module:
    """A copy of a module with the first weights that its layers draw for themselves, from `seed`.

    A module of the caller's own comes trained, and what it was like before is not known. Weights that belong to no layer that
    can draw them stay as they are.
    """
    copied = copy.deepcopy(module)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "weights"))
        for layer in copied.modules():
            draw = getattr(layer, "reset_parameters", None) or getattr(layer, "_reset_parameters", None)
            if callable(draw):
                draw()
    return copied


def trained_network(opened: OnDisk, fresh: Network) -> Network | None:
    """The network with the weights that the training ended with, or was last saved with; None where none were saved."""
    network = copy.deepcopy(fresh)
    if opened.finished:
        checkpoint.load(network, opened.place / "model")
        return network.eval()
    saved = opened.place / CHECKPOINT
    if not states.exists(saved):
        return None
    try:
        state, _damage = states.load_last(saved, mend=False)
        network.load_state_dict(state["learner"]["network"])
    except RuntimeError as error:
        raise RunError(
            "F-DIAGNOSE-WEIGHTS",
            _("the weights that were saved do not belong to this recipe, data and module"),
            where=str(saved),
            got=str(error).splitlines()[0],
            fix=_("give the same data and module as the training had"),
        ) from None
    return network.eval()


@dataclass(frozen=True)
class Mend:
    """Commands that mend: for the shell where the shell can say it, for Python where arrays or a module were given."""

    opened: OnDisk
    source: Any
    own: bool

    @property
    def named(self) -> bool:
        """Whether the shell can name the data."""
        return isinstance(self.source, (str, Path))

    def train(self, **settings: str) -> str:
        """Trains again with other settings.

        >>> Mend(OnDisk(Path("runs/a"), Path("runs/a"), True), "digits", False).train(learning_rate="0.001")
        'fukami train runs/a/recipe.toml --set learning_rate=0.001'
        """
        recipe = str(self.opened.recipe)
        if self.own or not self.named:
            given = [repr(recipe), "DATA", *(["model=MODULE"] if self.own and "model" not in settings else [])]
            given += [f"{name}={value}" if _is_number(value) else f"{name}={value!r}" for name, value in settings.items()]
            return f"fukami.train({', '.join(given)})"
        flags = [
            f"--{name} {value}" if name in ("model", "epochs") else f"--set {name}={value}" for name, value in settings.items()
        ]
        return " ".join(["fukami train", shlex.quote(recipe), *flags])

    def check(self, task: str) -> str:
        """Looks at the data."""
        return f"fukami check {task} {shlex.quote(str(self.source))}" if self.named else f'fukami.check("{task}", DATA)'


def _is_number(text: str) -> bool:
    try:
        return bool(float(text)) or True
    except ValueError:
        return False
