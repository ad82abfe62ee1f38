"""Broken and odd data, made on the spot: what people really hand over.

A case writes files into a folder and returns what the user would type as DATA. `expects` is "error" (nothing can be trained and
the command fails), "told" (a warning or note, and it works all the same) or "fine" (it works, and no input is lost).
`names` must stand in the message: the file, row or column that is meant.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Case:
    """One kind of broken data. `code` is the message's code, where it matters which; `settings` are given by `--set`."""

    make: Callable[[Path], Path]
    task: str
    expects: str
    names: str = ""
    code: str = ""
    settings: tuple[str, ...] = ()


class Corpus(dict[str, Case]):
    """Cases by name. `corpus.case(…)` declares the function under it, named by the function."""

    def __init__(self, task: str):
        super().__init__()
        self.task = task

    def case(self, expects: str, names: str = "", *, code: str = "", task: str = "", settings: tuple[str, ...] = ()):
        def declare(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
            self[make.__name__.strip("_")] = Case(make, task or self.task, expects, names, code, settings)
            return make

        return declare

    def given(self, name: str, make: Callable[[Path], Path], expects: str, names: str = "", **more) -> None:
        """Declares a case without a function of its own."""
        assert name not in self, name
        self[name] = Case(make, more.pop("task", self.task), expects, names, **more)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def everything() -> dict[str, Case]:
    """Every case of every file of the corpus."""
    from tests.corpus import arrays, folders, pictures, tables, texts

    found: dict[str, Case] = {}
    for module in (pictures, folders, tables, texts, arrays):
        part = module.__name__.rpartition(".")[2]
        found |= {f"{part}-{name}": case for name, case in module.CORPUS.items()}
    return found
