"""The last stage: calibrate, judge on held-out examples, prove, and write the run folder in one step."""

import json
import platform
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from fukami.core import artefact
from fukami.core.beforehand import is_table
from fukami.core.cards import card, known
from fukami.core.given import is_file
from fukami.core.next_commands import next_commands, training_command
from fukami.core.problems import Problem
from fukami.core.recipe import Recipe
from fukami.data.overview import overview
from fukami.evaluate import calibration, whole
from fukami.evaluate.baselines.contract import Fitted
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.spool import Spool
from fukami.evaluate.verdict import baseline_proof
from fukami.explain import nearest
from fukami.fields.row.overview import in_short
from fukami.models.registry import fitting
from fukami.predictor import Predictor, save_model
from fukami.report.page import page_of
from fukami.search import index
from fukami.tasks.contract import is_read
from fukami.training.begin import figures_of_plan, say
from fukami.training.fitting import Fitting
from fukami.training.prepare import Prepared
from fukami.training.session import Session, held_out

VERSIONS = ("fukami", "torch", "torchvision", "timm", "transformers", "tokenizers", "numpy", "scikit-learn", "pyarrow")


@dataclass(frozen=True)
class Finished:
    """A trained predictor, calibrated and judged."""

    predictor: Predictor
    evaluation: Evaluation
    baselines: dict[str, dict[str, float]]
    proofs: dict[str, dict[str, Any]]
    part: str


def finish(prepared: Prepared, predictor: Predictor) -> Finished | None:
    """Calibrates on the validation examples, judges on the held-out ones, and sets baselines beside. A calibration that does
    not hold there is taken back.

    Several processes share the answers that are judged; the rest is for the first, and the others get None.
    """
    store, columns, task = prepared.store, prepared.columns, predictor.task
    rows, part = held_out(prepared)
    if note := whole.left_out(task, len(rows)):
        say(note)
    rows = whole.some_of(task, rows, predictor.recipe.learning.seed)
    predictor = whole.settled(predictor, store, prepared.split.valid)
    groups = whole.group_columns(prepared.table, predictor.recipe.data.groups)
    raw = Spool(predictor.stream(store, rows, settled=False))
    models, valid = simple_models(predictor), prepared.split.valid
    on_valid = Spool(predictor.stream(store, valid, settled=False)) if models and len(valid) else None
    if not predictor.ranks.leads:
        return None
    found = whole.judged(predictor, raw, groups=groups, columns=columns)
    tempered = whole.calibration_proof(predictor, raw, found, part)
    if tempered is not None and calibration.is_worse(tempered):
        say(calibration.not_applied(tempered))
        tempered, predictor = tempered | {"applied": False}, predictor.unsettled()
        found = whole.judged(predictor, raw, groups=groups, columns=columns)
    fitted = whole.baselines(predictor, columns, prepared.split.train)
    seed, headline = predictor.recipe.learning.seed, task.card.headline
    beside, apart = whole.judged_baselines(task, fitted, columns, store, rows, beside=found, seed=seed)
    proofs = {"split": prepared.split.proof(), "baselines": baseline_proof(headline, found, beside, part, apart)}
    rivals = [one for one in fitted if one.name in models]
    if rivals and on_valid is not None and (advice := better_simple_model(prepared, predictor, rivals, on_valid)):
        proofs["baselines"]["advice"] = advice
    if tempered is not None:
        proofs["calibration"] = tempered
    return Finished(predictor, found, beside, proofs, part)


def simple_models(predictor: Predictor) -> set[str]:
    """Names of the models that are fitted at once and could be trained in place of this one."""
    card = predictor.task.card
    own = predictor.choice.card.name if predictor.choice else ""
    return {model.name for model in fitting(card.asked, card.needs) if card.asked in model.fitted} - {own}


def better_simple_model(prepared: Prepared, predictor: Predictor, rivals: list[Fitted], raw: Spool) -> dict[str, Any] | None:
    """The baseline that can be trained as a model of its own and is better than `predictor` on the validation examples, by
    more than a deviation of the difference: its figures, and the command. None where there is none.

    The validation examples decide, since those that the run is judged on must decide nothing. `raw` are the answers for them.
    """
    task, rows, recipe = predictor.task, prepared.split.valid, predictor.recipe
    ours = whole.judged(predictor, raw)
    beside, apart = whole.judged_baselines(
        task, rivals, prepared.columns, prepared.store, rows, beside=ours, seed=recipe.learning.seed
    )
    headline = task.card.headline
    sign = 1 if card("metrics", headline).higher_is_better else -1
    better = [name for name, ahead in apart.items() if sign * ahead.value < 0 and ahead.is_likely]
    if not better:
        return None
    best = min(better, key=lambda name: sign * apart[name].value)
    figures = {"metric": headline, "value": beside[best][headline], "own": ours.metrics[headline].value}
    return {"model": best, **figures, "examples": len(rows), "command": training_command(with_columns(recipe, prepared), best)}


def held_out_metrics(prepared: Prepared, predictor: Predictor) -> dict[str, float]:
    """Metric → value on the held-out examples, without intervals."""
    rows, _part = held_out(prepared)
    predictor = whole.settled(predictor, prepared.store, prepared.split.valid)
    found = whole.judged(predictor, Spool(predictor.stream(prepared.store, rows, settled=False)), replicates=0)
    return {name: told["value"] for name, told in found.as_dict()["metrics"].items()}


def described(prepared: Prepared, finished: Finished, network: nn.Module) -> dict[str, Any]:
    """The content of `run.json`."""
    predictor, choice = finished.predictor, finished.predictor.choice
    return {
        "schema": artefact.SCHEMA,
        "task": predictor.task.name,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": {
            "name": choice.name if choice else "",
            "family": choice.card.name if choice else "",
            "size": choice.size if choice else "",
            "source": choice.card.source if choice else "",
            "licence": choice.card.licence if choice else "",
            "parameters": sum(p.numel() for p in network.parameters()),
        },
        "fields": predictor.task.described(),
        "columns": {name: [c.name for c in cols] for name, cols in prepared.columns.items()},
        "held_out": finished.part,
        "example": example_of(prepared),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in VERSIONS}},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def write_run(session: Session | Fitting, prepared: Prepared, finished: Finished, out: Path) -> None:
    """Writes the run folder; it appears whole or not at all."""
    predictor = finished.predictor
    recipe = with_columns(predictor.recipe, prepared)
    told = described(prepared, finished, predictor.network)
    told["notes"] = list(session.notes)
    told["training"] = session.told()
    if figures := figures_of_plan(session.place):
        told["plan"] = figures
    with artefact.creating(out) as draft:
        artefact.write_json(draft / "run.json", told)
        (draft / "recipe.toml").write_text(recipe.to_toml(), "utf-8")
        save_model(predictor, draft / "model")
        shutil.copy2(session.place / "history.jsonl", draft / "history.jsonl")
        shutil.copytree(session.place / "events", draft / "events")
        for name, proof in finished.proofs.items():
            artefact.write_json(draft / "proofs" / f"{name}.json", proof)
        artefact.write_json(draft / "proofs" / "evaluation.json", finished.evaluation.as_dict())
        understood = in_short(overview(prepared.task, prepared.table, prepared.columns))
        data = {"problems": stored(prepared.problems), **({"columns": understood} if understood else {})}
        artefact.write_json(draft / "proofs" / "data.json", data)
        write_reference(prepared, draft / "reference")
        seen = told["training"]["steps"] * recipe.learning.batch_size
        nearest.keep(predictor, prepared.store, prepared.split.train, prepared.columns, draft / "reference", seen=seen)
        index.keep(predictor, prepared.store, prepared.split.rows(), prepared.columns, draft / "index")
        commands = next_commands(out, told["example"], told["task"], finished.proofs["baselines"].get("advice"))
        page = page_of(draft, predictor.task, prepared.columns, commands=commands)
        (draft / "report.html").write_text(page, "utf-8")


def stored(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """What a run keeps of the findings about its data: nothing of a free text, which may hold anybody's name."""
    return [told.as_dict() | ({"got": ""} if told.code == "F-COLUMN-TEXT" else {}) for told in problems]


def with_columns(recipe: Recipe, prepared: Prepared) -> Recipe:
    """The recipe with the columns that were found written into it, so that a rerun does not guess again."""
    read = prepared.table.columns  # what a task cut of them is no column that could be named
    single = {name: cols[0].name for name, cols in prepared.columns.items() if len(cols) == 1 and cols[0].name in read}
    return replace(recipe, data=replace(recipe.data, columns=single))


def write_reference(prepared: Prepared, place: Path) -> None:
    """Sketches of the training data, and the hashes by which an evaluation knows an example it was trained on."""
    train = prepared.split.train
    sketches = {n: f.sketch([c.take(train) for c in prepared.columns[n]]) for n, f in prepared.task.fields.items()}
    artefact.write_json(place / "sketches.json", sketches)
    seen = np.concatenate([prepared.split.train, prepared.split.valid])
    np.save(place / "seen.npy", np.unique(input_fingerprint(prepared)[seen]), allow_pickle=False)


def input_fingerprint(prepared: Prepared) -> np.ndarray:
    """uint64 (N): one hash of all inputs of each example."""
    return prepared.task.identity(prepared.fingerprints)


def example_of(prepared: Prepared) -> str:
    """Something that `fukami predict` can be tried on: a held-out file, else the data itself where it has a name."""
    rows, _part = held_out(prepared)
    inputs = prepared.task.inputs
    column = prepared.columns[next(iter(inputs))][0]
    if len(inputs) == 1 and len(rows) and (column.base is not None or (column.files is not None and column.rows is None)):
        file = column.base / column.take(rows[:1]).strings()[0] if column.base is not None else Path(column.where(int(rows[0])))
        if is_file(file):
            return str(file)
    source = prepared.recipe.data.source
    many = (is_table(source) or known("data/datasets", source)) and any(map(is_read, inputs.values()))
    told = {name: one.example() for name, one in inputs.items()}
    return source if many else json.dumps(told) if len(told) > 1 else next(iter(told.values()))
