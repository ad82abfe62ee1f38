"""What a report is made from: plain dicts as the run folder holds them, so that a report can be made again from the folder."""

from dataclasses import dataclass, field
from typing import Any

from fukami.core.cards import cards
from fukami.report.figures import Figure, figure


@dataclass(frozen=True)
class Content:
    """Everything a report may show. Each part may be empty; a section appears where its data is there.

    run          run.json: `task`, `model`, `created`, `versions`, `fields`
    recipe       `Recipe.as_dict()`
    history      lines `{"step", "epoch", "loss", "learning_rate", …}` and `{"step", "epoch", "valid": {metric: value}}`
    evaluation   `Evaluation.as_dict()`: `examples`, `metrics`, and whichever of `per_class`, `confusion`, `calibration`,
                 `groups`, `mistakes`, `residuals`, `curves` the target has
    baselines    name → metric → value
    proofs       name → what was claimed, how it was tested, and the figures
    problems     the doctor's `Problem.as_dict()`
    pictures     the most confident mistakes: `{"html", "target", "answer", "score", "where"}`, `html` rendered by a field
    commands     what to do next: (command, sentence)
    """

    run: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    evaluation: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)

    @property
    def metrics(self) -> dict[str, Figure]:
        """Name → figure, for every metric that has a finite value, the headline first."""
        told = {name: figure(value) for name, value in self.evaluation.get("metrics", {}).items()}
        found = {name: value for name, value in told.items() if value is not None}
        first = self.headline
        return {name: found[name] for name in sorted(found, key=lambda n: n != first)}

    @property
    def headline(self) -> str:
        """The metric that comes first: the task card's, else the first that was measured, else none."""
        measured = list(self.evaluation.get("metrics", {}))
        card = cards("tasks").get(str(self.run.get("task", "")))
        if card is not None and (card.headline in measured or not measured):
            return card.headline
        return measured[0] if measured else ""
