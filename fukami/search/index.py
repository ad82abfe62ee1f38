"""Vectors of examples with what these are called: what is searched. A run keeps those of examples of its own data.

N examples, D dimensions.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core import artefact, rights
from fukami.core.seeds import generator
from fukami.core.system_errors import system_errors
from fukami.core.tables import Column
from fukami.data.store import Store
from fukami.explain.nearest import named
from fukami.fields import batch as trees
from fukami.fields.vectors import Vectors
from fukami.predictor import Predictor

KEPT = 5000
"""Examples of its own data that a run keeps the vectors of, at most."""
VECTORS, NAMES = "vectors.safetensors", "names.json"


@dataclass(frozen=True)
class Index:
    """`vectors` (N, D) of length 1, what each of N examples is called, and who or what it shows where that is known."""

    vectors: np.ndarray
    names: list[Any]
    identities: list[str] | None = None
    total: int = 0
    """How many examples there were to keep."""

    def __len__(self) -> int:
        return len(self.names)

    def nearest(self, vector_D: np.ndarray, most: int, *, but: str = "") -> list[dict[str, Any]]:
        """The `most` nearest: `{"input", "similarity"[, "identity"]}`, the most similar first; not the one that is called
        `but`."""
        similar_N = self.vectors @ vector_D
        found = []
        for row in np.argsort(-similar_N, kind="stable").tolist():
            if len(found) == most:
                break
            if not but or self.names[row] != but:
                who = {"identity": self.identities[row]} if self.identities else {}
                found.append({"input": self.names[row], "similarity": round(float(similar_N[row]), 4), **who})
        return found


def keep(predictor: Predictor, store: Store, rows: np.ndarray, columns: dict[str, list[Column]], place: Path) -> None:
    """Writes the vectors of some of the examples `rows` into the folder `place`; nothing where answers are no vectors."""
    from safetensors.numpy import save_file

    target = predictor.task.target
    if not isinstance(target, Vectors) or not len(rows):
        return
    chosen = np.sort(generator(predictor.recipe.learning.seed, "index").permutation(rows)[:KEPT])
    parts = list(predictor.stream(store, chosen))
    order = np.argsort(np.concatenate([part[2] for part in parts]))
    vectors_ND = np.concatenate([np.asarray(part[0], np.float32) for part in parts])[order]
    place.mkdir(parents=True, exist_ok=True)
    with system_errors(place / VECTORS):
        save_file({"vectors": vectors_ND}, place / VECTORS)
    rights.give_usual(place / VECTORS)
    field = next(iter(predictor.task.inputs.values()))
    truth = target.truth(target.batch(store.arrays[target.name], chosen))
    told = {"names": list(named(field, columns[field.name], chosen)), "identities": target.names(truth), "total": len(rows)}
    artefact.write_json(place / NAMES, told)


def opened(place: Path) -> Index | None:
    """What `keep` wrote into the folder `place`, or None where it wrote nothing."""
    from safetensors.numpy import load_file

    if not (place / VECTORS).exists() or not (place / NAMES).exists():
        return None
    return Index(load_file(place / VECTORS)["vectors"], **artefact.read_json(place / NAMES))


def vectors_of(predictor: Predictor, columns: Any, rows: np.ndarray) -> np.ndarray:
    """`vectors_BD` of rows of raw cells."""
    return np.asarray(trees.arrays(predictor.answers(predictor.batch(columns, rows))), np.float32)
