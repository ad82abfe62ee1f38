"""A compressed run as a folder: what its base holds, with another `model/`, judged anew, and the proof of what it lost."""

import copy
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fukami.compress.contract import Form
from fukami.core import artefact
from fukami.evaluate import whole
from fukami.models import checkpoint
from fukami.predictor import Predictor, restored
from fukami.report.content import Content
from fukami.report.page import render

KEPT_PROOFS = ("split", "baselines", "data")
"""Proofs that speak of the data, not of the weights; the others are those of the weights that they were made with."""


def reopened(form: Form, folder: Path) -> Predictor:
    """The predictor that opens from a form's files, which are written into the new `folder`: what is judged is what is kept."""
    form.save(folder / "model")
    shutil.copy2(form.base / "recipe.toml", folder)
    if form.predictor.choice is None and not form.graph:  # a module of the caller's own, which no folder can build
        network = copy.deepcopy(form.predictor.network)
        checkpoint.load(network, folder / "model")
        return replace(form.predictor, network=network)
    return restored(folder, artefact.read_json(form.base / "run.json"))


def write(
    form: Form,
    out: Path,
    *,
    model: Path,
    evaluation: Any,
    parity: dict[str, Any],
    told: dict[str, Any],
    columns: Any,
    commands: Any,
) -> None:
    """Writes the run folder `out`; it appears whole or not at all.

    `model` is the folder of the weights that were judged, `told` is what `run.json` says of the compression, `columns` are the
    raw examples that were judged, `commands` what the report closes with.
    """
    with artefact.creating(out) as draft:
        shutil.copytree(form.base, draft, dirs_exist_ok=True, ignore=shutil.ignore_patterns("model", "proofs", "report.html"))
        (draft / artefact.MANIFEST).unlink()
        shutil.copytree(model, draft / "model")
        for name in KEPT_PROOFS:
            place = form.base / "proofs" / f"{name}.json"
            if place.exists():
                (draft / "proofs").mkdir(exist_ok=True)
                shutil.copy2(place, draft / "proofs" / place.name)
        artefact.write_json(draft / "proofs" / "parity.json", parity)
        artefact.write_json(draft / "proofs" / "evaluation.json", evaluation.as_dict())
        run = described(artefact.read_json(draft / "run.json"), form, told)
        artefact.replace_json(draft / "run.json", run)
        page = content(draft, run, form, evaluation, columns, commands)
        (draft / "report.html").write_text(render(page), "utf-8")


def described(run: dict[str, Any], form: Form, told: dict[str, Any]) -> dict[str, Any]:
    """`run.json` of the base, with what is different now."""
    run = {**run, "created": datetime.now(UTC).isoformat(timespec="seconds"), "compressed": told}
    run["model"] = {**run["model"], "parameters": form.parameters()}
    return run


def content(draft: Path, run: dict[str, Any], form: Form, evaluation: Any, columns: Any, commands: Any) -> Content:
    """What the report shows."""
    proofs = {p.stem: artefact.read_json(p) for p in sorted((draft / "proofs").glob("*.json"))}
    problems = proofs.pop("data", {}).get("problems", [])
    proofs.pop("evaluation")
    return Content(
        run=run,
        recipe=form.recipe.as_dict(),
        history=artefact.read_lines(draft / "history.jsonl"),
        evaluation=evaluation.as_dict(),
        baselines=proofs.get("baselines", {}).get("metrics", {}),
        proofs=proofs,
        problems=problems,
        pictures=whole.pictures(evaluation, form.predictor.task, columns),
        commands=commands,
    )
