"""Whether the model's confidence can be taken at its word, before and after the correction."""

from typing import Any

from fukami.core.language import N_, _
from fukami.evaluate.calibration import not_applied
from fukami.report.charts.reliability import Bin, reliability
from fukami.report.content import Content
from fukami.report.figures import figure, percent, significant

TITLE = N_("How sure it is, and how right")


def build(content: Content) -> dict[str, Any] | None:
    told = content.evaluation.get("calibration") or {}
    after = _bins(told)
    if not after:
        return None
    proof = content.proofs.get("calibration") or {}
    applied = proof.get("applied", True)
    before = (told.get("before") or proof.get("before") or {}) if applied else {}
    sentences = [_("When it says 90 %, it should be right in nine cases of ten: then its points lie on the dashed line.")]
    error, uncorrected = figure(told.get("error")), figure(before.get("error", before.get("calibration_error")))
    if error is not None:
        sentences.append(
            _("On average its confidence is off by {error} (expected calibration error).").format(error=percent(error.value))
        )
    if uncorrected is not None:
        sentences.append(_("Before the correction it was off by {error}.").format(error=percent(uncorrected.value)))
    if not applied:
        sentences.append(not_applied(proof))
    temperature = figure(told.get("temperature", proof.get("temperature"))) if applied else None
    if temperature is not None:
        sentences.append(
            _("The correction divides its scores by {temperature} (temperature scaling).").format(
                temperature=significant(temperature.value, digits=3)
            )
        )
    chart = reliability(
        after,
        _bins(before),
        title=_("reliability diagram: accuracy at each confidence"),
        x_title=_("how sure the model is"),
        y_title=_("how often it is right"),
        names=(_("corrected") if applied else _("uncorrected"), _("uncorrected")),
    )
    return {"sentences": sentences, "chart": chart}


def _bins(told: dict[str, Any]) -> list[Bin]:
    found = []
    for row in told.get("bins") or []:
        confidence, accuracy = figure(row.get("confidence")), figure(row.get("accuracy"))
        if confidence is not None and accuracy is not None:
            found.append((confidence.value, accuracy.value, int(row.get("count") or 0)))
    return found
