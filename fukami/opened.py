"""What a training left, opened: the content of a run folder, verified. It is all that the verbs know of a run."""

import copy
from functools import cached_property
from pathlib import Path
from typing import Any

from fukami.core import artefact
from fukami.core.next_commands import next_commands
from fukami.core.recipe import Recipe


class Opened:
    """The run in folder `path`, checked against its manifest when it is opened; everything else is read when it is asked for.

    `told` is the content of `run.json`. `network` is the caller's own module where the run was trained with one: its weights
    are in the run, its code is not.

    Raises:
        RunError: the folder holds no run, or not the one that was written.
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

    def asked_with(self, settings: dict[str, Any]) -> "Opened":
        """The same run, whose predictor answers with other options of the task."""
        other = copy.copy(self)
        other.__dict__["predictor"] = self.predictor.with_options(settings)
        return other

    @property
    def recipe(self) -> Recipe:
        """Every choice of the training."""
        return self.predictor.recipe

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

    def commands(self) -> list[tuple[str, str]]:
        """The most useful next commands, with this run's path, each with what it does."""
        advice = self.proofs.get("baselines", {}).get("advice")
        return next_commands(self.path, self.told["example"], self.told["task"], advice)
