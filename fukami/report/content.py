"""What a report is made from: plain dicts as the run folder holds them, and how they are read from there."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core import artefact
from fukami.core.cards import cards
from fukami.core.recipe import read_toml
from fukami.report.figures import Figure, figure

if TYPE_CHECKING:
    from fukami.core.tables import Column
    from fukami.tasks.contract import Task

NOT_PROOFS = ("evaluation", "evaluation-data", "data")
"""Files of `proofs/` that hold what was measured and seen, and claim nothing."""


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
    columns      the table as it was understood: `column`, `read`, `example`, `missing`, `distinct`, `became`, `option` of each
    pictures     the most confident mistakes: `{"html", "target", "answer", "score", "where"}`, `html` rendered by a field
    typical      examples that are like most, or that went best, in the same form
    commands     what to do next: (command, sentence)
    subject      the data that was judged, where it is not the training's own
    """

    run: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    evaluation: dict[str, Any] = field(default_factory=dict)
    baselines: dict[str, dict[str, float]] = field(default_factory=dict)
    proofs: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[dict[str, Any]] = field(default_factory=list)
    columns: list[dict[str, Any]] = field(default_factory=list)
    pictures: list[dict[str, Any]] = field(default_factory=list)
    typical: list[dict[str, Any]] = field(default_factory=list)
    commands: list[tuple[str, str]] = field(default_factory=list)
    subject: str = ""

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


def content_of(
    folder: Path,
    task: "Task",
    columns: "dict[str, list[Column]]",
    *,
    commands: list[tuple[str, str]],
    evaluation: str = "evaluation",
    **instead: Any,
) -> Content:
    """What the report of a run shows, read from its folder, or from the draft of one that holds everything else already.

    Args:
        folder: holds `run.json`, `recipe.toml`, `history.jsonl` and `proofs/`.
        task: its input fields render the mistakes.
        columns: the raw examples that were judged.
        commands: what to do next: (command, sentence).
        evaluation: the file of `proofs/` that is shown.
        instead: `proofs`, `problems` or a `subject`, where other ones than the folder's are shown.
    """
    from fukami.evaluate.whole import pictures

    found = {path.stem: artefact.read_json(path) for path in sorted((folder / "proofs").glob("*.json"))}
    proofs = instead.pop("proofs", found)
    parts: dict[str, Any] = {
        "run": artefact.read_json(folder / "run.json"),
        "recipe": read_toml(folder / "recipe.toml"),
        "history": artefact.read_lines(folder / "history.jsonl"),
        "evaluation": found[evaluation],
        "baselines": proofs.get("baselines", {}).get("metrics", {}),
        "proofs": claims(proofs),
        "problems": found.get("data", {}).get("problems", []),
        "columns": found.get("data", {}).get("columns", []),
        "pictures": pictures(found[evaluation], task, columns),
        "typical": pictures(found[evaluation], task, columns, of="typical"),
        "commands": commands,
    }
    return Content(**{**parts, **instead})


def claims(proofs: dict[str, Any]) -> dict[str, Any]:
    """Those of the files of `proofs/` that claim something, by name."""
    exported = proofs.get("parity") != proofs.get("compression")  # else they are one: nothing was exported yet
    return {name: told for name, told in proofs.items() if name not in NOT_PROOFS and (exported or name != "parity")}
