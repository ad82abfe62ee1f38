"""scikit-learn's protocol for tables: `FukamiClassifier` and `FukamiRegressor`, for its pipelines, searches and validations.

Arrays are rows of numbers (nan is a missing value); a DataFrame may hold whatever a table may. `run_` is the run that `fit`
leaves, with its report; it goes with the estimator when that is pickled.
"""

import io
import tarfile
import tempfile
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_y, check_consistent_length, check_is_fitted, validate_data

from fukami import api
from fukami.core.language import _
from fukami.core.recipe import DataChoices
from fukami.data import read
from fukami.run import Run


class _Estimator(BaseEstimator):
    """What both have in common: one run, of arrays or frames."""

    _task: ClassVar[str]
    model: Any
    epochs: float | None
    minutes: float | None
    settings: dict[str, Any] | None
    out: str | Path | None
    random_state: Any
    run_: Run

    def _trained(self, x: Any, y: np.ndarray, **more: Any) -> Self:
        """Trains on what was checked. The framework's own step plan, so that fitting again gives the same answers."""
        self._folder = None if self.out else tempfile.TemporaryDirectory(prefix="fukami-")
        place = Path(self.out) if self.out else Path(self._folder.name) / "run"  # type: ignore[union-attr]
        seed = self.random_state.randint(2**31) if hasattr(self.random_state, "randint") else self.random_state or 0
        told = {"plan": "default", "seed": int(seed), **more, **(self.settings or {})}
        lengths = {"epochs": self.epochs, "minutes": self.minutes}
        asked: dict[str, Any] = {"model": self.model, "out": place, "settings": told, **lengths}
        self.run_ = api.train(self._task, (x, y), **asked)
        return self

    def _answers(self, x: Any) -> list[dict[str, Any]]:
        check_is_fitted(self)
        x = self._rows(x, reset=False)
        predictor = self.run_.predictor
        table = read((x,), DataChoices(), kinds=("row",))
        return predictor.predict({predictor.task.input.name: list(table.columns.values())})

    def _rows(self, x: Any, y: Any = "no_validation", *, reset: bool) -> Any:
        """The rows as they are trained on; `(rows, targets)` where there are targets."""
        frame = hasattr(x, "iloc") and any(isinstance(name, str) for name in x.columns)  # without names it is an array
        told: dict[str, Any] = {"skip_check_array": True} if frame else {"ensure_all_finite": "allow-nan"}
        told |= {"ensure_min_samples": 2} if reset and not frame else {}
        if not frame or y is None or isinstance(y, str):
            return validate_data(self, x, y, reset=reset, **told)  # type: ignore[arg-type]
        y = _check_y(y, multi_output=False, y_numeric=isinstance(self, RegressorMixin), estimator=self)
        check_consistent_length(x, y)
        return validate_data(self, x, reset=reset, **told), y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        held: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        state = {name: value for name, value in held.items() if name != "_folder"}
        if "run_" in state:
            buffer = io.BytesIO()
            with tarfile.open(fileobj=buffer, mode="w") as packed:
                packed.add(self.run_.path, "run")
            state["run_"] = buffer.getvalue()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "run_" in state:
            folder = tempfile.TemporaryDirectory(prefix="fukami-")
            with tarfile.open(fileobj=io.BytesIO(state["run_"])) as packed:
                packed.extractall(folder.name, filter="data")
            own = None if isinstance(state.get("model"), (str, type(None))) else state["model"]
            state = {**state, "run_": Run(Path(folder.name) / "run", network=own), "_folder": folder}
        super().__setstate__(state)


class FukamiClassifier(ClassifierMixin, _Estimator):
    """One class out of several for rows of a table, as scikit-learn expects a classifier.

    >>> FukamiClassifier(model="mlp", epochs=20).get_params()["model"]
    'mlp'

    Args:
        model, epochs, minutes, settings, out: as `fukami.train` takes them; without `out` the run goes with the estimator.
        class_weight: class → how much an example of it counts, or "balanced".
        random_state: the seed of the training.
    """

    _task = "tabular-classification"

    def __init__(
        self,
        *,
        model: Any = "auto",
        epochs: float | None = None,
        minutes: float | None = None,
        class_weight: Any = None,
        settings: dict[str, Any] | None = None,
        out: str | Path | None = None,
        random_state: Any = None,
    ):
        self.model, self.epochs, self.minutes, self.class_weight = model, epochs, minutes, class_weight
        self.settings, self.out, self.random_state = settings, out, random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Trains on rows `X` (N, D) and their classes `y` (N)."""
        X, y = self._rows(X, y, reset=True)
        check_classification_targets(y)
        self.classes_, index = np.unique(np.asarray(y), return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(_("there is one class only, so there is nothing to tell apart"))
        return self._trained(X, index, class_weights=self._weights(index))

    def _weights(self, index: np.ndarray) -> dict[str, float]:
        if self.class_weight == "balanced":
            counts = np.bincount(index)
            return {str(k): float(len(index) / len(counts) / count) for k, count in enumerate(counts)}
        given = self.class_weight or {}
        if isinstance(given, str) or (unknown := [label for label in given if label not in self.classes_]):
            got = given if isinstance(given, str) else ", ".join(map(str, unknown))
            raise ValueError(_("class_weight is a mapping from classes to weights, or balanced; got {got}").format(got=got))
        return {str(k): float(given[label]) for k, label in enumerate(self.classes_) if label in given}

    def predict_proba(self, X: Any) -> np.ndarray:
        """float64 (N, K): the probability of each of `classes_`."""
        answers = self._answers(X)
        return np.array([[told["scores"].get(str(k), 0.0) for k in range(len(self.classes_))] for told in answers])

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row."""
        index = [int(told["label"]) for told in self._answers(X)]
        return self.classes_[index]


class FukamiRegressor(RegressorMixin, _Estimator):
    """A number for rows of a table, as scikit-learn expects a regressor.

    Args:
        model, epochs, minutes, settings, out: as `fukami.train` takes them; without `out` the run goes with the estimator.
        random_state: the seed of the training.
    """

    _task = "tabular-regression"

    def __init__(
        self,
        *,
        model: Any = "auto",
        epochs: float | None = None,
        minutes: float | None = None,
        settings: dict[str, Any] | None = None,
        out: str | Path | None = None,
        random_state: Any = None,
    ):
        self.model, self.epochs, self.minutes = model, epochs, minutes
        self.settings, self.out, self.random_state = settings, out, random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Trains on rows `X` (N, D) and their numbers `y` (N)."""
        X, y = self._rows(X, y, reset=True)
        return self._trained(X, np.asarray(y, np.float64))

    def predict(self, X: Any) -> np.ndarray:
        """float64 (N)."""
        return np.array([told["value"] for told in self._answers(X)], np.float64)
