"""What a server asks: a run, or a folder that was exported from one. Which of them it is, nobody else has to know."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from fukami.core.errors import DataError, FukamiError, UsageError
from fukami.core.language import _


class Told(NamedTuple):
    """What is told of one input: an answer, or the error that says why there is none; and what is doubtful about it."""

    answer: dict[str, Any]
    error: FukamiError | None = None
    note: str = ""


class Hosted(Protocol):
    """Something that answers. `schemas` are those of its inputs, by name; `path` is its folder."""

    path: Path
    task: str
    model: str
    schemas: dict[str, Any]
    options: dict[str, Any]
    """Options of the task that a request may change, with their values."""
    writes: bool
    """Whether an answer is a text that is written."""

    tables: bool
    """Whether its inputs can be the rows of a table that is sent."""

    def ask(self, values: Sequence[Any], options: dict[str, Any]) -> list[Told]:
        """What is told of raw values (`values_of`), errors among them, in order. One thread asks at a time."""
        ...

    def streamed(self, value: Any, options: dict[str, Any]) -> Iterator[str]:
        """The text that is written for one value, part by part."""
        ...


def require_options(known: Sequence[str], options: dict[str, Any]) -> None:
    """Raises `UsageError` F-SET-NAME for an option that a request cannot change."""
    from fukami.core.errors import unknown

    for name in options:
        if name not in known:
            raise unknown(_("option of the task"), str(name), known, code="F-SET-NAME")


def no_text(path: Path) -> UsageError:
    """The error for a run that writes no texts."""
    return UsageError("F-SERVE-TEXT", _("the answers of this run are no texts that are written"), where=path.name)


def failed(error: Exception) -> DataError:
    """The error for an input that a program outside of Fukami could not read."""
    return DataError("F-SERVE-INPUT", _("the input cannot be used"), got=f"{type(error).__name__}: {error}"[:200])
