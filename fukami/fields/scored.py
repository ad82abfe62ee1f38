"""Targets whose answer is K numbers of each example: one class, several labels, one number.

What asks for classes or for one value (calibration, rare classes, simple baselines, labels of explanations, teachers) asks
whether a target is one of these, never for its kind. B batch, M members, K outputs.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from fukami.core.errors import UsageError
from fukami.core.language import N_, _
from fukami.core.lazily import torch
from fukami.core.tables import Column
from fukami.fields.contract import TargetField
from fukami.fields.temperature import fit_temperature


class Scored(TargetField):
    """A target whose answer is K numbers, its scores: probabilities `scores_BK`, or values `scores_B` in its own unit."""

    calibrates: ClassVar[bool] = False
    """Whether its scores are probabilities that a temperature can calibrate."""
    activation: ClassVar[str] = ""
    """The method of a tensor that makes probabilities of raw outputs; empty where outputs are no logits."""
    margin_unit: ClassVar[str] = N_("log-odds")
    """The unit of `margin`, in a word."""

    @property
    def margin_scale(self) -> float | None:
        """How much one unit of `margin` is in the target's own unit; None where it has none."""
        return None

    @property
    @abstractmethod
    def num_outputs(self) -> int:
        """How many outputs K a head has for it."""

    @property
    def num_statistics(self) -> int:
        return self.num_outputs

    def paired(self, outputs_BMK: torch.Tensor, targets: torch.Tensor, /) -> tuple[torch.Tensor, torch.Tensor]:
        """Rows of every member beside the target of their example: members are trained apart, and averaged afterwards."""
        return member_rows(outputs_BMK, targets)

    def numbers(self, columns: Sequence[Column]) -> np.ndarray | None:
        """One number of each cell (N,), where the target is one; asks no torch."""
        return None

    def rarest(self, batch: Any) -> torch.Tensor:
        """int64 (B): the class of each example that fewest training examples have, -1 for none of the counted ones."""
        return torch.full((len(batch),), -1)

    def guess(self, truth: np.ndarray, count: int) -> np.ndarray:
        """The scores of `count` examples that nothing is known of: what fits the targets `truth` best, the same for all."""
        return np.repeat(truth.mean(0, keepdims=True, dtype=np.float64), count, axis=0)

    # -- from a network's outputs to answers -------------------------------------------------------------------------
    @abstractmethod
    def answers(self, outputs_BMK: torch.Tensor, /) -> torch.Tensor:
        """Probabilities `scores_BK`, or values `scores_B` in the target's unit, averaged over members."""

    @property
    def settles(self) -> bool:
        return self.calibrates

    @property
    def temperature(self) -> float:
        """By what logits are divided, so that confidence can be taken at its word."""
        return self.state.get("temperature", 1.0)

    def settled(self, answers: Any, truth: Any) -> Self:
        """A copy with the temperature that fits the scores best."""
        if not self.calibrates:
            return self
        return self.tempered(fit_temperature(answers, truth))

    def tempered(self, temperature: float) -> Self:
        """A copy with that temperature."""
        return cast(Self, replace(cast(Any, self), state={**self.state, "temperature": temperature}))

    def unsettled(self) -> Self:
        if "temperature" not in self.state:
            return self
        state = {name: value for name, value in self.state.items() if name != "temperature"}
        return cast(Self, replace(cast(Any, self), state=state))

    def settle(self, answers: torch.Tensor) -> torch.Tensor:
        """The scores that logits divided by the temperature would have given."""
        return answers if self.temperature == 1 else self._temper(answers, self.temperature)

    def _temper(self, scores: torch.Tensor, temperature: float) -> torch.Tensor:
        """Scores after temperature scaling; as they are where the field does not calibrate."""
        return scores

    def labels(self) -> list[str]:
        """Names of the K numbers that its scores hold; none where a score is one value."""
        return list(self.state.get("classes", ()))

    def native(self, told: dict[str, Any]) -> dict[str, Any]:
        """An answer for Python, with its labels as they were given there: whole numbers rather than their names."""
        return told

    def likeliest(self, scores: torch.Tensor) -> torch.Tensor:
        """int64 (B): the position of the largest score of each example."""
        return scores.reshape(len(scores), -1).argmax(1)

    def comparable(self, scores: torch.Tensor) -> torch.Tensor:
        """Scores in a unit in which differences compare: probabilities, or values in deviations."""
        return scores

    def apart(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        """The largest difference of two scores, in the unit of `comparable`."""
        both = (self.comparable(scores.double()) for scores in (left, right))
        apart = torch.sub(*both).abs().reshape(len(left), -1).amax(1)
        return apart.nan_to_num(nan=torch.inf, posinf=torch.inf)

    @abstractmethod
    def margin(self, outputs_BMK: torch.Tensor, index: int) -> torch.Tensor:
        """`margin_B`: score `index` in a unit without bounds, which tells degrees of certainty apart where scores are all 1.

        It says the same as `answers`, settled: the log-odds of a probability, a value in deviations.
        """

    def taught(self, outputs_BMK: torch.Tensor, taught_B1K: torch.Tensor, temperature: float) -> torch.Tensor:
        """How far a student's raw outputs are from its teacher's, one number: the squared difference (Ba and Caruana 2014),
        unless a field knows better. `temperature` softens probabilities before they are compared."""
        return (outputs_BMK - taught_B1K).square().mean()


def scored(target: TargetField, what: str) -> Scored:
    """The target as one whose answer is K numbers. Raises `UsageError` F-TARGET-SCORED where it is none; `what` says what needs
    it, in a few words."""
    if isinstance(target, Scored):
        return target
    raise UsageError(
        "F-TARGET-SCORED",
        _("{what} is there only for targets that are classes or numbers").format(what=what),
        where=target.name,
        got=target.kind,
    )


def labels_of(target: TargetField) -> list[str]:
    """The names of the classes whose probabilities are a target's answer; none where it is another."""
    return target.labels() if isinstance(target, Scored) and target.calibrates else []


def native(target: TargetField, told: dict[str, Any]) -> dict[str, Any]:
    """An answer for Python, with its labels as they were given there."""
    return target.native(told) if isinstance(target, Scored) else told


def member_rows(outputs_BMK: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """`outputs_NK` of B times M rows, and the targets of each row's example.

    >>> outputs, targets = member_rows(torch.zeros(2, 3, 5), torch.tensor([7, 8]))
    >>> outputs.shape, targets.tolist()
    (torch.Size([6, 5]), [7, 7, 7, 8, 8, 8])
    """
    members = outputs_BMK.shape[1]
    rows = targets if members == 1 else targets.repeat_interleave(members, dim=0)
    return outputs_BMK.flatten(0, 1), rows
