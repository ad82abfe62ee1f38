"""What a compression is asked for: ways, in the order in which they are gone, or a budget; and what may be lost."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from fukami.compress.wishes import Wish, wishes
from fukami.core.cards import CompressionCard, card, cards
from fukami.core.errors import UsageError, unknown
from fukami.core.language import _

WAYS = "compress/ways"
MAX_DROP = 1.0
"""Points of the headline metric that may be lost where nothing else is said."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What was typed.

    Args:
        to: one of `number_formats()`.
        prune: the share of channels and hidden widths that goes; with `unstructured`, of single weights.
        distill: the student's model, such as `cnn:tiny`.
        budget: conditions that are searched for instead, such as `latency<=10ms,accuracy-drop<=1`; with `distill`, among
            students of that model too.
        max_drop: points of the headline metric that may be lost; `MAX_DROP` or what the budget says of it where it is None.
        epochs: how long a student, or what is left after pruning, learns. `settings`: further options of that training.

    Raises:
        UsageError: nothing is asked for, or it does not go together.

    >>> [way.name for way in Asked(prune=0.5, to="int8").steps]
    ['prune', 'int8']
    """

    to: str = ""
    prune: float = 0.0
    unstructured: bool = False
    distill: str = ""
    budget: str = ""
    max_drop: float | None = None
    epochs: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._require_numbers()
        if self.to and self.to not in number_formats():
            raise unknown(_("number format"), self.to, number_formats(), code="F-COMPRESS-TO")
        if self.unstructured and not self.prune:
            expected = "--prune 0.5 --unstructured"
            raise UsageError("F-COMPRESS-SHARE", _("--unstructured says how to prune"), expected=expected)
        if not (self.steps or self.wishes):
            expected = " | ".join([*(way.flag for way in ways()), "--budget …"])
            raise UsageError("F-COMPRESS-HOW", _("it is not said how to compress"), expected=expected)
        self._require_together()

    def _require_numbers(self) -> None:
        if not 0 <= self.prune < 1:
            what = _("a share lies between 0 and 1")
            raise UsageError("F-COMPRESS-SHARE", what, expected="--prune 0.5", got=f"--prune {self.prune:g}")
        if self.max_drop is not None and not 0 <= self.max_drop < math.inf:
            what = _("points that may be lost are a number of at least 0")
            raise UsageError("F-COMPRESS-DROP", what, expected="--max-drop 1", got=f"--max-drop {self.max_drop:g}")
        if self.epochs is not None and not 0 < self.epochs < math.inf:
            what = _("a training takes more than 0 epochs")
            raise UsageError("F-COMPRESS-EPOCHS", what, expected="--epochs 2", got=f"--epochs {self.epochs:g}")

    def _require_together(self) -> None:
        learning = [way for way in self.steps if way.learns]
        if len(learning) > 1:  # the recipe of the second would name a run that is in nobody's hands
            one, other = (f"--{way.option}" for way in learning)
            raise UsageError(
                "F-OPTION-TOGETHER",
                _("{one} and {other} cannot be given together").format(one=one, other=other),
                fix=_("compress twice: what comes out is a run, which can be compressed again"),
            )
        if self.wishes and (self.to or self.prune):
            raise UsageError(
                "F-OPTION-TOGETHER",
                _("{one} and {other} cannot be given together").format(one="--budget", other="--to | --prune"),
                expected=_("--budget alone, or with --distill"),
            )

    @cached_property
    def wishes(self) -> tuple[Wish, ...]:
        """The conditions of the budget."""
        return wishes(self.budget) if self.budget else ()

    @property
    def steps(self) -> list[CompressionCard]:
        """The ways that were asked for by name, those that learn first."""
        return [way for way in ways() if getattr(self, way.option) and (way.learns or way.name == self.to)]

    @property
    def learning(self) -> dict[str, Any]:
        """What was chosen for a training of what learns."""
        return {**self.settings, **({} if self.epochs is None else {"epochs": self.epochs})}

    def words(self, way: str) -> str:
        """A way with what was typed behind its flag.

        >>> Asked(prune=0.5).words("prune"), Asked(to="int8").words("int8")
        ('prune 0.5', 'int8')
        """
        typed = getattr(self, way, "")
        return f"{way} {typed}" if typed else way

    def beside(self, run: Path) -> Path:
        """The new run's folder beside the old one.

        >>> Asked(prune=0.5, to="int8").beside(Path("runs/cats")).as_posix()
        'runs/cats-prune-int8'
        """
        words = ["budget"] if self.wishes else [way.name for way in self.steps]
        return run.parent / "-".join([run.name, *words])

    def allowed(self, headline: str) -> float:
        """Points of the headline metric that may be lost."""
        if self.max_drop is not None:
            return self.max_drop
        return min((wish.most for wish in self.wishes if wish.what == headline), default=MAX_DROP)

    def require_metrics(self, task: str) -> None:
        """Raises `UsageError` F-METRIC-NAME where the budget names a metric that `task` is not judged by."""
        told = card("tasks", task)
        known = (told.headline, *told.also)
        for wish in self.wishes:
            if wish.is_drop and wish.what not in known:
                raise unknown(_("metric"), wish.what, known, code="F-METRIC-NAME")


def number_formats() -> list[str]:
    """What `to` takes: the ways after which nothing learns.

    >>> number_formats()
    ['bf16', 'int8']
    """
    return [way.name for way in ways() if not way.learns]


def ways() -> list[CompressionCard]:
    """All ways, those that learn first."""
    return sorted(cards(WAYS).values(), key=lambda way: not way.learns)
