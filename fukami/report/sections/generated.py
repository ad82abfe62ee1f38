"""Pictures that were made, beside true ones; and whether they are copies of what was trained on."""

from typing import Any

from fukami.core.language import N_, _
from fukami.report.content import Content
from fukami.report.figures import count, percent, significant

TITLE = N_("What it makes")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("generated") or {}
    if not told:
        return None
    sheets = [(_("Made, from seeds of which none was chosen"), told["made"]), (_("True, kept aside"), told["true"])]
    nearest = told["nearest"]
    words = {"made": significant(nearest["made"]), "true": significant(nearest["true"]), "n": count(nearest["trained"])}
    share, usual = told["copies"], told["expected"]
    return {
        "sheets": [{"title": title, "source": source} for title, source in sheets],
        "near": _(
            "From the nearest of {n} training pictures a made one is {made} away, a true one kept aside {true} (medians)."
        ).format(**words),
        "copies": _(
            "{share} of what is made lies as near to a training picture as the nearest {usual} of true ones do."
        ).format(share=percent(share), usual=percent(usual)),
        "warning": _("That is more than chance explains: the model may be repeating training pictures.")
        if share > 3 * usual
        else "",
    }
