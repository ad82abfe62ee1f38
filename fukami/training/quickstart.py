"""The tour of `fukami quickstart`: the verbs, one after another, on real handwritten digits that come inside scikit-learn."""

from pathlib import Path
from typing import Any

from fukami.core.cards import card
from fukami.core.language import _
from fukami.training.begin import say

DATA = "digits"


def quickstart_digits(out: str | Path | None, verbs: Any) -> dict[str, Any]:
    """Checks, plans, trains and evaluates, and says so as it is done. Returns the training's summary.

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
    return run.summary()
