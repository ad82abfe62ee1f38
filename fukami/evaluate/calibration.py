"""The proof that temperature scaling helped: confidence beside accuracy, before and after."""

from typing import Any

import numpy as np

from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.evaluate.evaluation import Evaluation, plain


def proof(before: Evaluation, after: Evaluation, *, temperature: float) -> dict[str, Any]:
    """What the temperature did to examples that it was not fitted on: calibration error, log loss, reliability."""
    told = {"before": _figures(before), "after": _figures(after)}
    lower = told["after"]["calibration_error"], told["before"]["calibration_error"]
    return plain(
        {
            "claim": N_("confidence agrees better with accuracy after temperature scaling"),
            "test": N_("calibration error over 15 bins, on held-out examples that the temperature was not fitted on"),
            "temperature": temperature,
            "examples": after.examples,
            "held": bool(np.isfinite(lower).all() and lower[0] <= lower[1]),
            **told,
        }
    )


def is_worse(told: dict[str, Any]) -> bool:
    """Whether a proof shows that the temperature made confidence agree less with accuracy, so that it is better left alone."""
    before, after = (told[side]["calibration_error"] for side in ("before", "after"))
    return before is not None and after is not None and after > before


def not_applied(told: dict[str, Any]) -> str:
    """What is said where a temperature does harm."""
    before, after = (percent(told[side]["calibration_error"]) for side in ("before", "after"))
    return _(
        "A correction of its confidence, which the validation examples asked for, does not hold on others (off by {before} "
        "without it, by {after} with it), so it is not applied."
    ).format(before=before, after=after)


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    told = evaluation.details.get("calibration", {})
    losses = {name: value.value for name, value in evaluation.metrics.items() if name == "log_loss"}
    return {"calibration_error": told.get("error", float("nan")), "bins": told.get("bins", []), **losses}
