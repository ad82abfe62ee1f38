"""What an evaluation tells besides metrics, one file per kind of target; a kind without a file has metrics only."""

from fukami.core import rooms
from fukami.evaluate.details.contract import Details


def of_kind(kind: str) -> type[Details]:
    """The class that collects details for targets of that kind."""
    file = rooms.files("evaluate/details").get(kind)
    return rooms.loaded(file).CollectedDetails if file else Details
