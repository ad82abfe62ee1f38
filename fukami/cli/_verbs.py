"""Which verbs there are: the files of this room, and those that later work brings.

>>> "train" in present()
True
"""

from types import ModuleType

from fukami.core import rooms
from fukami.core.errors import UsageError, unknown
from fukami.core.language import N_, _

ORDER = (
    "quickstart",
    "tasks",
    "models",
    "options",
    "datasets",
    "check",
    "plan",
    "train",
    "diagnose",
    "evaluate",
    "compare",
    "predict",
    "search",
    "explain",
    "compress",
    "export",
    "serve",
)
"""The order of a person's first day, which help follows; verbs that it does not name come after, by name."""

LATER = {
    "monitor": N_("drift of inputs and answers against the training data"),
    "update": N_("train a run further on new data"),
}
"""Verbs that are planned. One leaves this list when its file appears."""


def present() -> list[str]:
    """Names of the verbs that work, in the order of the help."""
    found = rooms.files("cli").keys() - {"main"}
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def later() -> dict[str, str]:
    """Planned verbs, each with what it will do."""
    return {name: does for name, does in LATER.items() if name not in present()}


def load(name: str) -> ModuleType:
    """The file of the verb `name`; a planned or unknown one raises `UsageError`."""
    if name in present():
        return rooms.loaded(rooms.files("cli")[name])
    if name in later():
        raise UsageError(
            "F-VERB-LATER",
            _("{verb} is not there yet").format(verb=name),
            expected=_("one of {names}").format(names=", ".join(present())),
            got=name,
        )
    raise unknown(_("verb"), name, [*present(), *later()], code="F-VERB-NAME")
