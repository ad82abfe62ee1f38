"""`export`: the run in another format, with everything from raw input to answer, written only if it answers as the run does."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact
from fukami.core.cards import FormatCard, card, load
from fukami.core.errors import GateError
from fukami.core.given import settled
from fukami.core.language import _, _n
from fukami.evaluate.examples import Judged, held_out
from fukami.export import parity, probing, surroundings
from fukami.export.contract import Asked, Material, other_form, plain
from fukami.export.raw_inputs import columns_of
from fukami.fields import batch as trees
from fukami.fields.answers import short
from fukami.opened import Opened
from fukami.predictor import Predictor


def export_run(
    run: Opened,
    to: str,
    *,
    out: Path | None = None,
    data: Any = None,
    tolerance: float = parity.TOLERANCE,
    points: float = parity.POINTS,
) -> dict[str, Any]:
    """Writes the folder, notes the proof in the run, and returns the verb's result.

    Args:
        run: what is exported.
        to: a name of `formats/`.
        out: the new folder; `<RUN>-<to>` beside the run where it is not given.
        data: labelled examples for the proof; those that the training kept aside where it is not given.
        tolerance: largest difference of two scores.
        points: largest difference of the headline metric.
    """
    found, module = card("export/formats", to), load("export/formats", to)
    place = out or run.path.parent / f"{run.path.name}-{found.name}"
    artefact.refuse_existing(place)
    predictor = plain(run.predictor)
    described = surroundings.description(run, predictor, found)
    judged = held_out(run, data)
    with artefact.creating(place) as draft:
        material = Material(predictor, first_batch(predictor, judged), run.path, surroundings.notes(described))
        asked = module.write(material, draft)
        described |= {"tensors": surroundings.tensors(material, found), **surroundings.asking(material)}
        surroundings.write(draft, found, described, material, surroundings.about(run, predictor))
        told = proven(draft, found, material, asked, judged, tolerance=tolerance, points=points)
        artefact.write_json(draft / "proofs" / "parity.json", told)
    files = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    result = {"run": str(run.path), "to": to, "out": str(place), "files": files, "parity": told, "notes": []}
    notes = without_value(told)
    return result | {"notes": [*notes, *noted_in_run(run, told)]}


def without_value(told: dict[str, Any]) -> list[str]:
    """A note where the headline metric has no value on the examples of the proof: then the scores alone were compared."""
    metric = told["points"]["headline"]
    if told["metrics"][metric]["run"] is not None:
        return []
    return [
        _n(
            "{metric} cannot be computed on this {n} example, so only the scores were compared; more DATA would prove more",
            "{metric} cannot be computed on these {n} examples, so only the scores were compared; more DATA would prove more",
            told["examples"],
            metric=metric,
        )
    ]


def proven(
    folder: Path, format: FormatCard, material: Material, asked: Asked, judged: Judged, *, tolerance: float, points: float
) -> dict[str, Any]:
    """The proof that what was written into `folder` answers as the run does; its files are asked, not what they were made of.

    Raises:
        GateError: it does not.
    """
    predictor = material.predictor
    seed = predictor.recipe.learning.seed
    tensors = parity.from_tensors(predictor, asked, judged, parity.some(judged.rows, parity.MOST, seed))
    few = parity.some(judged.rows, parity.MOST_RAW, seed)
    raw, odd = parity.from_raw(predictor, judged, few, answerer(folder, format, material, asked))
    told = parity.proof(predictor, tensors, raw, odd, judged, to=format.name, tolerance=tolerance, points=points)
    parity.require(told)
    program = parity.reading(folder / ("predict.py" if format.standalone else "preprocess.py"))
    parity.require_inputs(predictor, judged, few, probing.in_process(input_of(folder)), fixed=format.fixed)
    parity.require_inputs(predictor, judged, few[: parity.AT_ONCE], program, fixed=format.fixed)
    return told


def input_of(folder: Path) -> dict[str, Any]:
    """How raw inputs become tensors, as an exported folder says it."""
    return json.loads((folder / "preprocessing.json").read_text("utf-8"))["input"]


def first_batch(predictor: Predictor, judged: Judged) -> dict[str, Any]:
    """A few real examples as tensors."""
    batch = judged.store.batch(judged.rows[:3], "cpu")
    return {name: batch[name] for name in predictor.task.inputs}


def answerer(folder: Path, format: FormatCard, material: Material, asked: Asked) -> Any:
    """What gives the exported folder's answers to raw inputs: its program, or its preprocessing and its model."""
    if not format.standalone:
        told = input_of(folder)
        return lambda values, _place: parity.in_process(told, asked, material.inputs, values)

    def by_program(values: Any, place: Path) -> Any:
        rows, told = parity.by_program(folder / "predict.py", values, place)
        if not len(rows) == len(told) == len(values):
            raise other_form(str(len(values)), str(len(rows)))
        answers = material.answers_of(rows)
        require_answers(material.predictor, answers, told, values)
        return answers

    return by_program


def require_answers(predictor: Predictor, answers: Any, told: list[dict[str, Any]], values: Sequence[Any]) -> None:
    """Raises `GateError` where the program tells other answers of what the graph gave than the run would, `told` of the raw
    inputs `values`."""
    task = predictor.task
    for row, (value, theirs) in enumerate(zip(values, told, strict=True)):
        columns = columns_of(task, [settled(value)]) if task.target.framed else {}
        (own,) = predictor.restored(trees.part(answers, row, row + 1), columns, np.arange(1))
        if not parity.same_answers(own, theirs):
            raise GateError(
                "F-EXPORT-ANSWER",
                _("the exported predict.py makes another answer of the same scores, so nothing was written"),
                where="predict.py",
                expected=short(own),
                got=short(theirs),
            )


def noted_in_run(run: Opened, told: dict[str, Any]) -> list[str]:
    """Writes the proof into the run and its report, whose other sections stay as they are. Notes for the user.

    The proof that a compressed run left there lies in `compression.json` too.
    """
    earlier = run.proofs.get("parity", {})
    parts = ("held", "max_difference", "tolerance", "examples")
    kept = {**told, "exports": {**earlier.get("exports", {}), told["to"]: {part: told[part] for part in parts}}}
    try:
        with artefact.changing(run.path) as draft:
            if earlier and "to" not in earlier and "compression" not in run.proofs:  # of a compression of earlier days
                artefact.write_json(draft / "proofs" / "compression.json", earlier)
            artefact.replace_json(draft / "proofs" / "parity.json", kept)
            artefact.replace_text(draft / "report.html", report(draft))
    except OSError as error:
        reason = error.strerror or str(error)
        return [_("the proof could not be noted in the run ({reason}); it lies in the exported folder").format(reason=reason)]
    return []


def report(draft: Path) -> str:
    """The report of the run whose changed folder is `draft`, with the proofs that lie there now."""
    from fukami.report.content import claims
    from fukami.report.page import with_proofs

    proofs = {path.stem: artefact.read_json(path) for path in sorted((draft / "proofs").glob("*.json"))}
    return with_proofs((draft / "report.html").read_text("utf-8"), claims(proofs))
