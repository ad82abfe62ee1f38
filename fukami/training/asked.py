"""What a training was asked for, as one value for all its stages."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fukami.core import unfinished
from fukami.core.recipe import Recipe

Telling = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Asked:
    """By which recipe, on which data, where the run goes; `module` and `loss` where they are the caller's own.

    >>> Asked(Recipe("tabular-regression"), "houses.csv", Path("runs/houses")).place.as_posix()
    'runs/.houses.unfinished'
    """

    recipe: Recipe
    source: Any
    out: Path
    module: Any = None
    loss: Any = None
    on_step: Telling | None = None
    on_epoch: Telling | None = None
    """Functions of the caller's that are told of each step and each epoch; the training ends where one answers False."""

    @property
    def place(self) -> Path:
        """Where the training lies until its run is written."""
        return unfinished.place_of(self.out)

    @property
    def own(self) -> list[str]:
        """The arguments in which the caller's own objects came."""
        return [name for name, value in {"model": self.module, "loss": self.loss}.items() if value is not None]

    @property
    def is_named(self) -> bool:
        """Whether another process could be told of it: data given by name or path, and nothing of the caller's own."""
        told = self.on_step or self.on_epoch
        return not self.own and not told and isinstance(self.source, (str, Path))
