"""Training examples that the network finds most alike: near each other in the features from which it answers.

A run keeps the features of some of its training examples and the names of these (a path, or a file and a row), no raw data.
N kept examples, D features.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core import artefact, language, rights
from fukami.core.given import is_file
from fukami.core.language import _
from fukami.core.seeds import generator
from fukami.core.system_errors import system_errors
from fukami.core.tables import Column
from fukami.data.store import Store
from fukami.engine.fitting import in_parts
from fukami.fields.contract import InputField
from fukami.layers import pooling
from fukami.models import registry
from fukami.predictor import BATCH, Predictor

KEPT = 2000
"""Training examples whose features are kept, at most."""
SHARE = 20
"""Training answers this many times as many examples as are kept, so that keeping them costs a hundredth of it."""
FEATURES, NAMES = "embedding.safetensors", "embedding.json"


@dataclass(frozen=True)
class Reference:
    """Features of training examples, of length 1 around their mean (N, D), that mean (D), and what each is called."""

    units: np.ndarray
    mean: np.ndarray
    names: list[str]

    def nearest(self, features_D: np.ndarray, most: int = 5) -> list[dict[str, Any]]:
        """The `most` nearest: `{"input", "similarity"}`, similarity being the cosine around the mean."""
        if features_D.shape != self.mean.shape:  # a run made smaller keeps the reference of what it came from
            return []
        similar_N = self.units @ _unit((features_D - self.mean)[None])[0]
        order = np.argsort(-similar_N, kind="stable")[:most]
        return [{"input": self.names[row], "similarity": round(float(similar_N[row]), 4)} for row in order]


def features(predictor: Predictor, batch: dict[str, Any]) -> torch.Tensor | None:
    """`features_BD` of a batch of inputs, side by side where there are several members; None where the network hides them."""
    encoder = getattr(predictor.network, "encoder", None)
    if encoder is None or predictor.task.card.needs not in registry.FEATURES:  # a whole model has answers alone
        return None
    predictor.network.eval()
    given = {name: predictor.plan.arranged(batch[name]) for name in predictor.task.inputs}
    with torch.inference_mode(), predictor.plan.autocast():
        found = encoder(next(iter(given.values())) if len(given) == 1 else given)
    if isinstance(found, pooling.Sequence):
        found = pooling.masked_mean(found.x, pooling.valid(found.lengths, found.x.shape[1]))
    if not isinstance(found, torch.Tensor):  # a whole model's answer
        return None
    if found.ndim > 3:
        found = found.flatten(2).mean(2)
    return found.float().flatten(1)


def keep(
    predictor: Predictor, store: Store, rows: np.ndarray, columns: dict[str, list[Column]], place: Path, *, seen: int
) -> None:
    """Writes the features of some of the training examples `rows` into the folder `place`.

    `seen` examples were answered in training; their number bounds how many are kept. Nothing is written where the network
    hides its features or none were seen, and only why where features are not finite.
    """
    from safetensors.numpy import save_file

    count = min(KEPT, len(rows), max(min(len(rows), 64), seen // SHARE))
    chosen = np.sort(generator(predictor.recipe.learning.seed, "reference").permutation(rows)[:count])

    def asked(start: int, stop: int) -> torch.Tensor | None:
        found = features(predictor, store.batch(chosen[start:stop], predictor.device))
        return None if found is None else found.cpu()

    parts = [part for part in in_parts(len(chosen), BATCH, asked) if part is not None]
    if not parts:
        return
    exact_ND = torch.cat(parts)
    kept_ND = exact_ND.half() if exact_ND.abs().max() < torch.finfo(torch.half).max else exact_ND
    place.mkdir(parents=True, exist_ok=True)
    if not kept_ND.isfinite().all():
        reason = _("no features of training examples were kept: the network's are not finite")
        artefact.write_json(place / NAMES, {"names": [], "left_out": language.stored(reason)})
        return
    with system_errors(place / FEATURES):
        save_file({"features": np.ascontiguousarray(kept_ND.numpy())}, place / FEATURES)
    rights.give_usual(place / FEATURES)
    field = next(iter(predictor.task.inputs.values()))  # whichever: an example stands in one place
    source = predictor.recipe.data.source
    names = [f"{source}{told}" if told.startswith("[") else told for told in named(field, columns[field.name], chosen)]
    artefact.write_json(place / NAMES, {"names": names})


def named(field: InputField, columns: Sequence[Column], rows: np.ndarray) -> Iterator[str]:
    """What examples are called: their file where each is one, else the table's file and the row."""
    from dataclasses import replace

    column = columns[0]
    for row in rows:
        own = column.take(np.array([row]))
        if column.base is not None and not field.takes_rows and is_file(column.base / own.strings()[0][:1000]):
            yield own.strings()[0]
        else:
            yield replace(own, name="").where(0)


def reference_of(run: Path) -> Reference | None:
    """What the run kept, or None where it kept nothing."""
    from safetensors.numpy import load_file

    place = run / "reference"
    if not (place / FEATURES).exists() or not (place / NAMES).exists():
        return None
    kept_ND = load_file(place / FEATURES)["features"].astype(np.float32)
    mean_D = kept_ND.mean(0)
    return Reference(_unit(kept_ND - mean_D), mean_D, artefact.read_json(place / NAMES)["names"])


def not_kept(run: Path) -> list[str]:
    """Why the run kept nothing, where there was a reason."""
    place = run / "reference" / NAMES
    told = artefact.read_json(place) if place.exists() else {}
    return [language.told(told["left_out"])] if "left_out" in told else []


def _unit(rows_ND: np.ndarray) -> np.ndarray:
    return rows_ND / np.maximum(np.linalg.norm(rows_ND, axis=1, keepdims=True), 1e-12)
