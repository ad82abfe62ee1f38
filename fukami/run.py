"""A run: the folder that a training leaves, opened. It answers, judges itself and shows itself in a notebook."""

import copy
from pathlib import Path
from typing import Any

from fukami import verbs
from fukami.core import artefact
from fukami.core.beforehand import require_meaning
from fukami.core.cards import card
from fukami.core.errors import UsageError
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.opened import Opened


class Run(Opened):
    """A finished training in folder `path`, verified against its manifest when it is opened.

    `network` is the caller's own module where the run was trained with one: its weights are in the run, its code is not.

    >>> run = fukami.load("runs/cats")                      # doctest: +SKIP
    >>> run.predict("cat.jpg")                              # doctest: +SKIP
    [{'label': 'cat', 'score': 0.95, 'scores': {…}}]
    """

    def summary(self) -> dict[str, Any]:
        """What `fukami train --json` prints."""
        told = {
            "run": str(self.path),
            "task": self.task,
            "model": self.told["model"]["name"],
            "steps": self.told["training"]["steps"],
            "seconds": self.told["training"]["seconds"],
            "metrics": self.metrics,
            "next": [{"command": command, "does": does} for command, does in self.commands()],
        }
        baselines, folds, resume = (self.path / "proofs" / f"{name}.json" for name in ("baselines", "folds", "resume"))
        if baselines.exists():
            proof = artefact.read_json(baselines)
            told |= {"baselines": proof["metrics"], "verdict": proof.get("verdict", []), "advice": proof.get("advice")}
        if folds.exists():
            told["folds"] = artefact.read_json(folds)["metrics"]
        if read := artefact.read_json(self.path / "proofs" / "data.json").get("columns"):
            told["read"] = read
        if self.told["training"].get("sharing"):
            told["sharing"] = self.told["training"]["sharing"]
        if resume.exists():
            proof = artefact.read_json(resume)
            told["resume"] = {name: proof[name] for name in ("held", "killed_at", "steps")}
        return told

    def evaluate(self, data: Any = None, **settings: Any) -> dict[str, Any]:
        """Judges the run on labelled `data`, or again on its held-out part; see `fukami.api.evaluate`."""
        told = verbs.evaluate(self, data, settings=settings)
        self.__dict__.pop("evaluation", None)  # what was read before is not what stands there now
        return told

    def diagnose(self, data: Any = None, **options: Any) -> dict[str, Any]:
        """Why the training did not learn, or that nothing was found; see `fukami.api.diagnose`.

        `data` is what it was trained on, where that were arrays.
        """
        return verbs.diagnose(self, data, **options)

    def predict(self, inputs: Any) -> list[dict[str, Any]]:
        """Answers for one raw input, a sequence of them, a table's path, or a DataFrame. Labels are as they were given."""
        from fukami.fields.scored import native

        target = self.predictor.task.target
        return [
            native(target, {k: v for k, v in told.items() if k != "input"})
            for told in verbs.predict(self, inputs)["predictions"]
        ]

    def predict_proba(self, inputs: Any) -> Any:
        """float64 (N, K): the probability of each of `classes` for what `predict` takes; nan where an input cannot be answered.

        Raises:
            UsageError: F-PROBA-KIND, where the answers are no classes.
        """
        import numpy as np

        from fukami.fields.scored import labels_of

        target = self.predictor.task.target
        labels = labels_of(target)
        if not labels:
            raise UsageError(
                "F-PROBA-KIND", _("the answers of the run have no probabilities of classes"), where=self.task, got=target.kind
            )
        answers, unknown = verbs.predict(self, inputs)["predictions"], dict.fromkeys(labels, np.nan)
        return np.array([[told.get("scores", unknown)[label] for label in labels] for told in answers], np.float64)

    @property
    def classes(self) -> list[Any]:
        """The classes that `predict_proba` has columns for, as they were given; empty where the answers are no classes."""
        from fukami.fields.scored import labels_of, native

        target = self.predictor.task.target
        return [native(target, {"label": label})["label"] for label in labels_of(target)]

    @property
    def network(self) -> Any:
        """The trained `nn.Module`: tensors by input in, raw outputs `(B, M, K)` out, as `models.contract.Network` says."""
        return self.predictor.network

    @property
    def history(self) -> Any:
        """The course of the training as a pandas DataFrame: a row for each logged step, with the validation's metrics as
        `valid_…` where an epoch ended.

        Raises:
            UsageError: F-EXTRA-MISSING where pandas is not installed.
        """
        frame = needed("pandas", extra="pandas").DataFrame
        from fukami.engine.history import read

        rows: dict[int, dict[str, Any]] = {}
        for line in read(self.path / "history.jsonl"):
            if "step" in line:
                valid = {f"valid_{name}": value for name, value in line.pop("valid", {}).items()}
                rows.setdefault(line["step"], {}).update(line | valid)
        return frame(list(rows.values()))

    def predict_frame(self, inputs: Any) -> Any:
        """The rows as they were given with `answer`, `probability_CLASS` of each class and `notes`, as a DataFrame of pandas.

        A DataFrame that is given keeps its index, and its columns their types.
        """
        from fukami.answer_table import answer_frame

        require_meaning(self.told["task"], "predict")
        return answer_frame(self, inputs)

    def explain(self, inputs: Any, **options: Any) -> Any:
        """Why: `fukami.explain.Explanation` of one raw input, or a list of them; see `fukami.api.explain`.

        >>> run.explain("cat.jpg").save("why.png")          # doctest: +SKIP
        """
        require_meaning(self.told["task"], "explain")
        from fukami.explain.verb import explanations

        return explanations(self, inputs, **options)

    def search(self, inputs: Any, *, top: int = 5, place: Any = None) -> list[list[dict[str, Any]]]:
        """For each input the `top` that it is most like; see `fukami.api.search`."""
        return [one["found"] for one in verbs.search(self, inputs, top=top, place=place)["results"]]

    def export(self, to: str = "onnx", **options: Any) -> Path:
        """Writes the run in another format, only if it agrees; the folder. See `fukami.api.export`."""
        return Path(verbs.export(self, to, **options)["out"])

    def compress(self, **options: Any) -> "Run":
        """A smaller or faster run, only if it is as good as was asked; see `fukami.api.compress`.

        A module of the caller's own is copied for it, since the weights are others.
        """
        made = verbs.compress(self, **options)["run"]
        return Run(made, network=copy.deepcopy(self._network))

    def __repr__(self) -> str:
        headline = card("tasks", self.task).headline
        model = self.told["model"]["name"] or "your own module"
        return f"<Run {self.path}: {self.task}, {model}, {headline} {self.metrics[headline]:.4g}>"

    def _repr_html_(self) -> str:
        from fukami.report.summary import html_fragment

        return html_fragment(self.told, self.evaluation)
