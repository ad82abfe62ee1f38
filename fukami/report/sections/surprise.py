"""Held-out passages, each token on a ground that is the stronger the more it surprised the model."""

from html import escape
from typing import Any

from markupsafe import Markup

from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.fields.units import css
from fukami.report.content import Content

TITLE = N_("What surprised it")
STRONGEST = 8.0
"""Nats from which on a token is on the strongest ground: one in three thousand."""


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("passages") or []
    if not told:
        return None
    headings = {"usual": _("As they come"), "surprising": _("The most surprising ones")}
    groups = [{"title": title, "cards": [_card(one) for one in told if one["why"] == why]} for why, title in headings.items()]
    unknown = content.evaluation.get("unknown_share") or 0.0
    return {
        "groups": [group for group in groups if group["cards"]],
        "advice": _("The stronger the ground, the less likely the model held what stands there, from what stands before it."),
        "unknown": _("{share} of the tokens are unknown ones.").format(share=percent(unknown)) if unknown else "",
    }


def _card(one: dict[str, Any]) -> dict[str, Any]:
    pairs = zip(one["tokens"], one["nats"], strict=True)
    mean = one.get("nats_per_token")
    return {
        "html": Markup("".join(_marked(token, nats) for token, nats in pairs)),
        "mean": _("{nats} nats a token").format(nats=f"{mean:.2f}") if mean is not None else "",
        "where": str(one.get("where") or ""),
    }


def _marked(token: str, nats: float | None) -> str:
    """A token with its surprise; a line end is shown as one."""
    share = 1.0 if nats is None else min(max(nats, 0.0) / STRONGEST, 1.0)
    title = "" if nats is None else f' title="{nats:.2f}"'
    shown = escape(token).replace("\n", "⏎\n")
    return f'<span style="background:{css(-share, opacity=0.7)}"{title}>{shown}</span>' if share > 0.02 else shown
