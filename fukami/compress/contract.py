"""What a way to compress is: from a form of a run to another form of it.

A file of `ways/` holds `CARD` and

    compress(form: Form, work: Work, asked: Asked) -> Form

`asked` holds what was typed behind the way's flag: a share, a model's name. A way that learns does so through the engine: it
changes the recipe and has `compress/learning.py` train it, so that what it did is written in the recipe and can be repeated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.recipe import Recipe
from fukami.data.store import Store
from fukami.models.onnx_network import OnnxNetwork
from fukami.predictor import Predictor, save_graph, save_model


@dataclass(frozen=True)
class Work:
    """What every way works with: the data of the run's training, divided as it was, and a folder for what is in between.

    `train`, `valid` and `held_out` are rows of `store`. Nothing is decided by looking at the held-out ones. `learn` trains a
    recipe on the same data and gives the folder of the run that comes out, and its predictor; `settings` are the caller's own
    choices for that.
    """

    store: Store
    train: np.ndarray
    valid: np.ndarray
    held_out: np.ndarray
    place: Path
    learn: Callable[[Recipe], tuple[Path, Predictor]]
    settings: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    @property
    def chosen_by(self) -> np.ndarray:
        """The rows by which one form is preferred to another: validation examples, else training examples."""
        return self.valid if len(self.valid) else self.train

    def batch(self, rows: np.ndarray, predictor: Predictor) -> dict[str, Any]:
        """The input tensors of rows."""
        found = self.store.batch(rows)
        return {name: found[name] for name in predictor.task.inputs}


@dataclass(frozen=True)
class Form:
    """A predictor on its way to a run. `base` is the folder of the run whose recipe, history and reference it has.

    `graph` is the ONNX file that it computes with, `source` the predictor that this was made from; `dtype` is the number format
    of the weights in its file. `how` names what was done, in order; `notes` are sentences for people.
    """

    base: Path
    predictor: Predictor
    recipe: Recipe
    graph: bytes = b""
    source: Predictor | None = None
    dtype: torch.dtype | None = None
    how: tuple[str, ...] = ()
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What was done, in words: `prune 0.5 + int8 (static)`."""
        return " + ".join(self.how) or "float32"

    @property
    def key(self) -> str:
        """A name for files about this form: of the run that it has its weights from, and of what was done to them."""
        return hashlib.sha256("\n".join((str(self.base), *self.how)).encode()).hexdigest()[:16]

    def save(self, folder: Path) -> None:
        """Writes `model/`."""
        if self.graph and self.source is not None:
            save_graph(self.source, self.graph, folder)
        else:
            save_model(self.predictor, folder, dtype=self.dtype)

    def with_graph(self, model: bytes, how: str, **told: Any) -> Form:
        """The form that computes with an ONNX file."""
        network: Any = OnnxNetwork(model)
        predictor = replace(self.predictor, network=network)
        return replace(
            self, predictor=predictor, graph=model, source=self.predictor, how=(*self.how, how), told={**self.told, **told}
        )

    def parameters(self) -> int:
        """How many learned numbers it has."""
        return sum(p.numel() for p in (self.source or self.predictor).network.parameters())
