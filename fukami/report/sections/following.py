"""The next commands, with the paths of this run filled in."""

from typing import Any

from fukami.core.language import N_
from fukami.report.content import Content

TITLE = N_("What to do next")


def build(content: Content) -> dict[str, Any] | None:
    return {"commands": [(str(c), str(does)) for c, does in content.commands]} if content.commands else None
