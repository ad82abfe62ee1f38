"""The proof that temperature scaling helped: confidence beside accuracy, before and after."""

from typing import Any

import numpy as np

from fukami.core.language import N_
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


def _figures(evaluation: Evaluation) -> dict[str, Any]:
    told = evaluation.details.get("calibration", {})
    losses = {name: value.value for name, value in evaluation.metrics.items() if name == "log_loss"}
    return {"calibration_error": told.get("error", float("nan")), "bins": told.get("bins", []), **losses}
