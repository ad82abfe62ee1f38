"""Recommendations: by which protocol figures were made, where true items stand, and users for whom that went well."""

from typing import Any

from markupsafe import Markup

from fukami.core.language import N_, _
from fukami.report.charts.lines import Line, lines
from fukami.report.content import Content
from fukami.report.figures import percent

TITLE = N_("Recommendations")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("ranking")
    if not told:
        return None
    protocol, places = told["protocol"], told["places"]
    total, found = max(1, sum(places)), 0
    reached = []
    for place, count in enumerate(places[:-1], 1):
        found += count
        reached.append((place, found / total))
    chart = lines(
        [Line(_("users"), reached, "c1")], title=_("users by the place of their first true item"), x_title=_("place"), low=0.0
    )
    among = _("all items of the catalogue") if not protocol.get("candidates") else _("{n} drawn items and the true ones")
    rows = [
        (_("kept aside"), str(protocol.get("split", "–"))),
        (_("looked for among"), among.format(n=protocol.get("candidates"))),
        (_("items of the history"), _("may be answered again") if protocol.get("repeats") == "yes" else _("are left out")),
        (_("not among the places that are judged"), percent(places[-1] / total)),
    ]
    shown = [{"html": Markup(row["html"]), "where": str(row.get("where") or "")} for row in content.typical[:3]]
    title = _("How many users have a true item among the first places")
    return {"charts": [{"title": title, "aside": "", "chart": chart}], "rows": rows, "shown": shown}
