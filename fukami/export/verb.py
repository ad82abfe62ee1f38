"""`export`: the run in another format, with everything from raw input to answer, written only if it answers as the run does."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fukami.core import artefact
from fukami.core.cards import card, load
from fukami.core.errors import GateError
from fukami.core.language import _
from fukami.evaluate import whole
from fukami.evaluate.evaluation import Evaluation
from fukami.evaluate.examples import Judged, held_out
from fukami.export import assemble, parity
from fukami.export.contract import Asked, Material, plain
from fukami.predictor import Predictor

if TYPE_CHECKING:
    from fukami.run import Run


def export_run(
    run: "Run",
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
    described = description(run, predictor)
    judged = held_out(run, data)
    seed = predictor.recipe.learning.seed
    with artefact.creating(place) as draft:
        material = Material(predictor, first_batch(predictor, judged), run.path)
        asked = module.write(material, draft)
        write_surroundings(draft, found, module, described, run)
        tensors = parity.from_tensors(predictor, asked, judged, parity.some(judged.rows, parity.MOST, seed))
        few = parity.some(judged.rows, parity.MOST_RAW, seed)
        raw = parity.from_raw(predictor, judged, few, answerer(draft, module, material, asked))
        told = parity.proof(predictor, tensors, raw, judged, to=to, tolerance=tolerance, points=points)
        parity.require(told)
        parity.require_inputs(predictor, judged, few, described["input"])
        artefact.write_json(draft / "proofs" / "parity.json", told)
    files = sorted(path.relative_to(place).as_posix() for path in place.rglob("*") if path.is_file())
    result = {"run": str(run.path), "to": to, "out": str(place), "files": files, "parity": told, "notes": []}
    return result | {"notes": noted_in_run(run, told, judged if data is None else None)}


def first_batch(predictor: Predictor, judged: Judged) -> dict[str, Any]:
    """A few real examples as tensors."""
    batch = judged.store.batch(judged.rows[:3], "cpu")
    return {name: batch[name] for name in predictor.task.inputs}


def description(run: "Run", predictor: Predictor) -> dict[str, Any]:
    """The content of `preprocessing.json`: how raw inputs become tensors, and scores an answer."""
    return {
        "schema": 1,
        "task": run.task,
        "model": run.told["model"]["name"],
        "input": predictor.task.input.portable(),
        "answer": predictor.task.target.portable(),
    }


def write_surroundings(folder: Path, found: Any, module: Any, described: dict[str, Any], run: "Run") -> None:
    """What stands beside the model: how inputs become tensors, a program of its own where the format has one, and a README."""
    text = json.dumps(described, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "preprocessing.json").write_text(text + "\n", "utf-8")
    code, answers = described["input"]["code"], described["answer"]["code"]
    field = run.predictor.task.input
    example = shlex.quote(field.example())
    if module.STANDALONE:
        title = _("Answers of {model} ({task}), without Fukami.").format(model=described["model"], task=described["task"])
        (folder / "predict.py").write_text(assemble.program(code, answers, title=title, example=example), "utf-8")
        (folder / "requirements.txt").write_text("\n".join(assemble.requirements([*code, *answers])) + "\n", "utf-8")
    (folder / "README.md").write_text(readme(found, module, described, example), "utf-8")


def readme(found: Any, module: Any, described: dict[str, Any], example: str) -> str:
    """A page that says what lies in the folder and how it is used."""
    lines = [f"# {described['model'] or described['task']}", "", _(found.summary), ""]
    if module.STANDALONE:
        lines += ["```", "pip install -r requirements.txt", f"python predict.py {example}", "```", ""]
        lines += [_("In a program of your own: `from predict import predict`, then `predict([…])`."), ""]
    lines += ["```python", module.USE.rstrip(), "```", ""]
    lines += [
        f"- `{found.file}`: " + _("the network; its inputs are tensors, its output are the scores"),
        "- `preprocessing.json`: " + _("how raw inputs become these tensors, and scores an answer"),
        "- `proofs/parity.json`: " + _("how it was compared with the run before it was written"),
        "- `manifest.json`: " + _("the SHA-256 of every file"),
    ]
    return "\n".join(lines) + "\n"


def answerer(folder: Path, module: Any, material: Material, asked: Asked) -> Any:
    """What gives the exported folder's scores of raw inputs: its program, or its preprocessing and its model."""
    if not module.STANDALONE:
        told = json.loads((folder / "preprocessing.json").read_text("utf-8"))["input"]
        return lambda values, _place: parity.in_process(told, asked, material.inputs, values)

    def by_program(values: Any, place: Path) -> np.ndarray:
        scores, answers = parity.by_program(folder / "predict.py", values, place)
        require_answers(material.predictor, scores, answers)
        return scores

    return by_program


def require_answers(predictor: Predictor, scores: np.ndarray, answers: list[dict[str, Any]]) -> None:
    """Raises `GateError` where the program makes another answer of its scores than the run would."""
    import torch

    expected = predictor.task.target.restore(torch.from_numpy(scores))
    for own, theirs in zip(expected, answers, strict=True):
        if not parity.same_answers(own, theirs):
            raise GateError(
                "F-EXPORT-ANSWER",
                _("the exported predict.py makes another answer of the same scores, so nothing was written"),
                where="predict.py",
                expected=parity.short(own),
                got=parity.short(theirs),
            )


def noted_in_run(run: "Run", told: dict[str, Any], judged: Judged | None) -> list[str]:
    """Writes the proof into the run, and its report anew where the examples that it shows are at hand. Notes for the user."""
    proofs = run.proofs
    earlier = {**proofs.get("parity", {}).get("exports", {})}
    parts = ("held", "max_difference", "tolerance", "examples")
    kept = {**told, "exports": {**earlier, told["to"]: {part: told[part] for part in parts}}}
    try:
        with artefact.changing(run.path) as draft:
            artefact.replace_json(draft / "proofs" / "parity.json", kept)
            if judged is not None:
                artefact.replace_text(draft / "report.html", report(run, {**proofs, "parity": kept}, judged))
    except OSError as error:
        reason = error.strerror or str(error)
        return [_("the proof could not be noted in the run ({reason}); it lies in the exported folder").format(reason=reason)]
    return []


def report(run: "Run", proofs: dict[str, Any], judged: Judged) -> str:
    """The run's report, with these proofs."""
    from fukami.evaluate.verb import NOT_PROOFS
    from fukami.report.content import Content
    from fukami.report.page import render
    from fukami.training.finish import next_commands

    evaluation = proofs["evaluation"]
    shown = Evaluation(evaluation["examples"], {}, details={"mistakes": evaluation.get("mistakes", [])})
    page = Content(
        run=run.told,
        recipe=run.predictor.recipe.as_dict(),
        history=artefact.read_lines(run.path / "history.jsonl"),
        evaluation=evaluation,
        baselines=proofs.get("baselines", {}).get("metrics", {}),
        proofs={name: told for name, told in proofs.items() if name not in NOT_PROOFS},
        problems=proofs.get("data", {}).get("problems", []),
        pictures=whole.pictures(shown, run.predictor.task, judged.columns),
        commands=next_commands(run.path, run.told["example"]),
    )
    return render(page)
