"""How the steps were computed on this machine, and what else was measured; folded away, since few will want it."""

from typing import Any

from fukami.core import plans
from fukami.core.language import N_, _
from fukami.report.content import Content

TITLE = N_("How the machine was used")


def build(content: Content) -> dict[str, Any] | None:
    told = content.run.get("plan") or {}
    figures = told.get("figures") or []
    if not figures:
        return None
    chosen = next((f for f in figures if f.get("admitted") and _same(f, told["chosen"])), figures[0])
    ranked = sorted(figures, key=lambda f: (not f["admitted"], f["seconds"]))
    return {
        "line": plans.comparison(chosen, figures[0]),
        "spent": _spent(told),
        "rows": [_row(figure, chosen) for figure in ranked],
    }


def _same(figure: dict[str, Any], plan: dict[str, Any]) -> bool:
    return all(figure.get(name) == value for name, value in plan.items())


def _row(figure: dict[str, Any], chosen: dict[str, Any]) -> dict[str, Any]:
    admitted = figure["admitted"]
    return {
        "plan": plans.words(figure),
        "time": plans.step_time(figure["seconds"]) if admitted else _("refused"),
        "why": "" if admitted else plans.refusal(figure["reason"]),
        "chosen": figure is chosen,
    }


def _spent(told: dict[str, Any]) -> str:
    if told.get("remembered"):
        return _("As measured for an earlier training of this network on this machine.")
    return _("Measuring took {time} before the first step.").format(time=plans.step_time(float(told.get("measuring_s") or 0)))
