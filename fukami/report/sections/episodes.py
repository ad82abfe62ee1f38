"""What an agent does: how much its episodes bring, and the worst, the middle and the best of them as they went."""

from typing import Any

import numpy as np
from markupsafe import Markup

from fukami.core.errors import FukamiError
from fukami.core.language import N_, _
from fukami.fields.environment.render import strip
from fukami.report.charts.histogram import histogram
from fukami.report.content import Content
from fukami.report.figures import count, significant

TITLE = N_("How it acts")
WHICH = {"worst": N_("The worst episode"), "middle": N_("An episode in the middle"), "best": N_("The best episode")}


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("episodes") or {}
    if not told:
        return None
    states = [field["state"] for field in content.run.get("fields", {}).values() if field["kind"] == "environment"]
    spread = told["histogram"]
    chart = histogram(
        [float(edge) for edge in spread["edges"]],
        [int(n) for n in spread["counts"]],
        title=_("histogram of returns"),
        x_title=_("sum of rewards"),
        y_title=_("episodes"),
    )
    charts = [{"title": _("Returns"), "aside": _("of episodes that were not trained in"), "chart": chart}] if chart else []
    return {"charts": charts, "shown": [_drawn(one, states[0]) for one in told["shown"] if states]}


def _drawn(one: dict[str, Any], state: dict[str, Any]) -> dict[str, Any]:
    """An episode with its pictures; without where the environment is not to be had here any more."""
    try:
        html = strip(state, int(one["seed"]), np.array(one["actions"], np.int64))
    except FukamiError:
        html = ""
    told = _("seed {seed}: {steps} steps, the rewards add up to {value}")
    words = {"seed": one["seed"], "steps": count(len(one["actions"])), "value": significant(one["return"])}
    return {"title": _(WHICH[one["which"]]), "told": told.format(**words), "html": Markup(html)}
