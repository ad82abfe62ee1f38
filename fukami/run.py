"""A run: the folder that a training leaves, opened. It answers, judges itself and shows itself in a notebook."""

import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from fukami.core import artefact
from fukami.core.cards import card
from fukami.core.next_commands import next_commands


class Run:
    """A finished training in folder `path`, verified against its manifest when it is opened.

    `network` is the caller's own module where the run was trained with one: its weights are in the run, its code is not.

    >>> run = fukami.load("runs/cats")                      # doctest: +SKIP
    >>> run.predict("cat.jpg")                              # doctest: +SKIP
    [{'label': 'cat', 'score': 0.95, 'scores': {…}}]
    """

    def __init__(self, path: str | Path, *, network: Any = None):
        self.path = Path(path)
        self.told = artefact.read_run(self.path)
        self._network = network

    @property
    def task(self) -> str:
        return self.told["task"]

    @cached_property
    def predictor(self) -> Any:
        """The trained predictor."""
        from fukami.predictor import restored

        return restored(self.path, self.told, network=self._network)

    @cached_property
    def evaluation(self) -> dict[str, Any]:
        """The evaluation on the examples that the training kept aside."""
        return artefact.read_json(self.path / "proofs" / "evaluation.json")

    @property
    def metrics(self) -> dict[str, float]:
        """Metric → value on held-out examples, the headline first."""
        return {name: told["value"] for name, told in self.evaluation["metrics"].items()}

    @property
    def proofs(self) -> dict[str, Any]:
        """Name → what was claimed, how it was tested, and the figures."""
        return {p.stem: artefact.read_json(p) for p in sorted((self.path / "proofs").glob("*.json"))}

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
            told |= {"baselines": proof["metrics"], "verdict": proof.get("verdict", [])}
        if folds.exists():
            told["folds"] = artefact.read_json(folds)["metrics"]
        if self.told["training"].get("sharing"):
            told["sharing"] = self.told["training"]["sharing"]
        if resume.exists():
            proof = artefact.read_json(resume)
            told["resume"] = {name: proof[name] for name in ("held", "killed_at", "steps")}
        return told

    def evaluate(self, data: Any = None, **settings: Any) -> dict[str, Any]:
        """Judges the run on labelled `data`, or again on its held-out part; see `fukami.api.evaluate`."""
        from fukami import api

        told = api.evaluate(self, data, settings=settings)
        self.__dict__.pop("evaluation", None)  # what was read before is not what stands there now
        return told

    def diagnose(self, data: Any = None, **options: Any) -> dict[str, Any]:
        """Why the training did not learn, or that nothing was found; see `fukami.api.diagnose`.

        `data` is what it was trained on, where that were arrays.
        """
        from fukami import api

        return api.diagnose(self, data, **options)

    def predict(self, inputs: Any) -> list[dict[str, Any]]:
        """Answers for one raw input, a sequence of them, a table's path, or a DataFrame."""
        from fukami import api

        return [{k: v for k, v in told.items() if k != "input"} for told in api.predict(self, inputs)["predictions"]]

    def explain(self, inputs: Any, **options: Any) -> Any:
        """Why: `fukami.explain.Explanation` of one raw input, or a list of them; see `fukami.api.explain`.

        >>> run.explain("cat.jpg").save("why.png")          # doctest: +SKIP
        """
        from fukami.explain.verb import explanations

        return explanations(self, inputs, **options)

    def export(self, to: str = "onnx", **options: Any) -> Path:
        """Writes the run in another format, only if it agrees; the folder. See `fukami.api.export`."""
        from fukami import api

        return Path(api.export(self, to, **options)["out"])

    def compress(self, **options: Any) -> "Run":
        """A smaller or faster run, only if it is as good as was asked; see `fukami.api.compress`.

        A module of the caller's own is copied for it, since the weights are others.
        """
        from fukami import api

        made = api.compress(self, **options)["run"]
        return Run(made, network=copy.deepcopy(self._network))

    def commands(self) -> list[tuple[str, str]]:
        """The most useful next commands, with this run's path, each with what it does."""
        return next_commands(self.path, self.told["example"])

    def __repr__(self) -> str:
        headline = card("tasks", self.task).headline
        model = self.told["model"]["name"] or "your own module"
        return f"<Run {self.path}: {self.task}, {model}, {headline} {self.metrics[headline]:.4g}>"

    def _repr_html_(self) -> str:
        from fukami.report.summary import html_fragment

        return html_fragment(self.told, self.evaluation)
