"""What an evaluation tells besides metrics, one file per kind of target; a kind without a file has metrics only."""

from fukami.core import rooms
from fukami.core.cards import alike
from fukami.evaluate.details.contract import Details


def of_kind(kind: str) -> type[Details]:
    """The class that collects details for targets of that kind, or of one that it is like."""
    found = rooms.files("evaluate/details")
    file = next((found[name] for name in alike(kind) if name in found), None)
    return rooms.loaded(file).CollectedDetails if file else Details
