"""The tour of `fukami quickstart`: the verbs, one after another, on real handwritten digits that come inside scikit-learn."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fukami.core.cards import card
from fukami.core.errors import GateError, UsageError
from fukami.core.language import _, _n
from fukami.fields.answers import words
from fukami.training.begin import say

DATA = "digits"


def quickstart_digits(out: str | Path | None, verbs: Any) -> dict[str, Any]:
    """Checks, plans, trains, evaluates, explains, exports and compresses, and says so as it is done.

    Returns the training's summary, with `explanation`, `export` and `compression`: what each made, or why it was left out.
    `verbs` has the verbs as functions: it is `fukami.api`, which stands above this room.
    """
    task = card("data/datasets", DATA).task
    say(_("1. check: 1,797 real handwritten digits, 8 × 8 pixels, from scikit-learn"))
    checked = verbs.check(task, DATA)
    counts = {s: sum(p["severity"] == s for p in checked["problems"]) for s in ("error", "warning", "note")}
    say("   " + _("{errors} errors, {warnings} warnings").format(errors=counts["error"], warnings=counts["warning"]))
    say(_("2. plan"))
    planned = verbs.plan(task, DATA)
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
    run = verbs.train(task, DATA, out=out)
    say(_("4. evaluate: see the report, {path}").format(path=run.path / "report.html"))
    made = {
        "explanation": shown(_("5. explain"), lambda: explained(run, verbs)),
        "export": shown(_("6. export"), lambda: exported(run, verbs)),
        "compression": shown(_("7. compress"), lambda: compressed(run, verbs)),
    }
    told = run.summary()
    own = {
        "command": f"fukami check {task} {_('FOLDER')}",
        "does": _("the first step with your own pictures: a folder for each class"),
    }
    return {**told, "next": [*told["next"], own], **made}


def shown(title: str, step: Callable[[], tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """One further step and what it made; where a library is missing or a gate closed, that is said and the tour goes on."""
    say(title)
    try:
        text, made = step()
    except (UsageError, GateError) as error:
        if isinstance(error, UsageError) and error.code != "F-EXTRA-MISSING":
            raise
        say("   " + "\n   ".join(str(error).splitlines()))
        return {"left_out": error.as_dict()}
    say("   " + text)
    return made


def explained(run: Any, verbs: Any) -> tuple[str, dict[str, Any]]:
    """What in a held-out digit spoke for its answer, as a picture."""
    from fukami.evaluate.examples import held_out

    judged = held_out(run)
    name = run.predictor.task.input.name
    digit = judged.columns[name][0].take(judged.rows[:1]).values[0]
    told = verbs.explain(run, [digit], out=beside(run, "why"))
    one = told["explanations"][0]
    picture = next((file for file in told["files"] if file.endswith(".png")), told["files"][0])
    text = _("what in a digit spoke for {label}: {file}").format(label=words(one["answer"]), file=picture)
    return text, {"out": str(beside(run, "why")), "picture": picture, "faithfulness": one["faithfulness"]}


def exported(run: Any, verbs: Any) -> tuple[str, dict[str, Any]]:
    """ONNX with its proof of parity, and a program that needs neither Fukami nor torch."""
    told = verbs.export(run, "onnx", out=beside(run, "onnx"))
    parity = told["parity"]
    text = _n(
        "ONNX that agrees with the run on {n} example, to {difference}: {folder}",
        "ONNX that agrees with the run on {n} examples, to {difference}: {folder}",
        parity["examples"],
        n=f"{parity['examples']:,}",
        difference=f"{parity['max_difference']:.0e}",
        folder=told["out"],
    )
    return text, {"out": told["out"], "parity": parity}


def compressed(run: Any, verbs: Any) -> tuple[str, dict[str, Any]]:
    """The run in int8, judged on the same digits."""
    told = verbs.compress(run, to="int8", out=beside(run, "int8"))
    headline = card("tasks", told["task"]).headline
    before, after = (f"{100 * told['metrics'][headline][when]:.1f}" for when in ("before", "after"))
    small, large = (f"{told['bytes'][when] / 1000:,.0f}" for when in ("after", "before"))
    text = _("int8: {metric} {before} → {after} %, {large} → {small} kB: {folder}").format(
        metric=headline, before=before, after=after, large=large, small=small, folder=told["run"]
    )
    return text, {"run": told["run"], "metrics": told["metrics"], "bytes": told["bytes"], "parity": told["parity"]}


def beside(run: Any, what: str) -> Path:
    """A folder next to the run's, called after it."""
    return run.path.parent / f"{run.path.name}-{what}"
