"""A compressed run as a folder: what its base holds, with another `model/`, judged anew, and the proof of what it lost."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import Any

from fukami.compress.job import Job, Side
from fukami.core import artefact
from fukami.evaluate import whole
from fukami.report.page import page_of

KEPT_PROOFS = ("split", "baselines", "data")
"""Proofs that speak of the data, not of the weights; the others are those of the weights that they were made with."""


def write(job: Job, after: Side, *, parity: dict[str, Any], told: dict[str, Any], commands: Any) -> None:
    """Writes the run folder of `after`; it appears whole or not at all.

    `parity` is its proof, `told` what `run.json` says of the compression, `commands` what the report closes with.
    """
    base, part = after.form.base, job.run.told["held_out"]
    tempered = whole.calibration_proof(after.predictor, after.answers, after.evaluation, part)
    with artefact.creating(job.out) as draft:
        artefact.copy_into(draft, base, without=("model", "index", "proofs", "report.html", artefact.MANIFEST))
        shutil.copytree(after.folder, draft / "model")
        for name in KEPT_PROOFS:
            place = base / "proofs" / f"{name}.json"
            if place.exists():
                (draft / "proofs").mkdir(exist_ok=True)
                shutil.copyfile(place, draft / "proofs" / place.name)
        # the second stays when an export puts its own proof in the place of the first
        proofs = {"parity": parity, "compression": parity, "evaluation": after.evaluation.as_dict(), "calibration": tempered}
        for name, proof in proofs.items():
            if proof is not None:
                artefact.write_json(draft / "proofs" / f"{name}.json", proof)
        artefact.replace_json(draft / "run.json", described(artefact.told_of(draft), after, told))
        page = page_of(draft, after.predictor.task, job.judged.columns, commands=commands)
        (draft / "report.html").write_text(page, "utf-8")


def described(run: dict[str, Any], after: Side, told: dict[str, Any]) -> dict[str, Any]:
    """`run.json` of the base, with what is different now."""
    run = {**run, "created": datetime.now(UTC).isoformat(timespec="seconds"), "compressed": told}
    run["model"] = {**run["model"], "parameters": after.form.parameters()}
    return {**run, "fields": after.predictor.task.described()}
