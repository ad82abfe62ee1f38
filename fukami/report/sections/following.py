"""What to do next: what this training showed first, then the next commands, with the paths of this run filled in."""

import shlex
from typing import Any

from fukami.core.language import N_, _, _n
from fukami.engine.diagnosis.turning import turning
from fukami.report.content import Content
from fukami.report.sections.result import apart_of, baselines_of, verdict

TITLE = N_("What to do next")


def build(content: Content) -> dict[str, Any] | None:
    if not content.commands:
        return None
    return {"commands": [*advice(content), *((str(command), str(does)) for command, does in content.commands)]}


def advice(content: Content) -> list[tuple[str, str]]:
    """Commands that follow from what was found, each with what was found; a sentence alone has none."""
    found = []
    in_steps = bool((content.run.get("training") or {}).get("steps"))
    looking = f"fukami diagnose {shlex.quote(_place(content))}" if _place(content) and in_steps else ""
    for name, told in list(content.metrics.items())[:1]:
        judged = verdict(name, told, baselines_of(content, name), apart_of(content)) or {}
        if judged.get("level") == "bad":
            found.append((looking, _("a simple method is at least as good: use that one, or look for the cause")))
        elif judged.get("level") == "unsure":
            found.append(("", _("collect more examples: so few cannot tell this model from the best simple method")))
    if turned := turning(content.history):
        text = _("it learned by heart after step {step} of {steps}: stop earlier, or give it more to learn from")
        found.append((looking, text.format(step=f"{turned.step:,}", steps=f"{turned.steps:,}")))
    warnings = sum(problem.get("severity") == "warning" for problem in content.problems)
    source = str((content.recipe.get("data") or {}).get("source") or "")
    if warnings:
        text = _n("look at the warning about the data", "look at the {n} warnings about the data", warnings)
        command = f"fukami check {content.run.get('task', 'TASK')} {shlex.quote(source)}" if source else ""
        found.append((command, text))
    return found


def _place(content: Content) -> str:
    """The run's folder, as its commands name it; empty where they name none."""
    told = (shlex.split(str(command)) for command, _does in content.commands)
    return next((words[2] for words in told if words[1:2] in (["predict"], ["evaluate"]) and len(words) > 2), "")
