"""The learning curves: loss, each metric of the validation, and the learning rate."""

from typing import Any

from fukami.core.durations import duration
from fukami.core.language import N_, _
from fukami.core.percent import percent
from fukami.engine.mishaps import Event
from fukami.report.charts.axes import number_label, percent_label
from fukami.report.charts.lines import Line, lines
from fukami.report.content import Content
from fukami.report.figures import figure, is_ratio, label

TITLE = N_("How it learned")


def build(content: Content) -> dict[str, Any] | None:
    history = [line for line in content.history if "event" not in line]
    x, x_title = ("epoch", _("epoch")) if all("epoch" in line for line in history) else ("step", _("step"))
    charts = [_loss(content, history, x, x_title), *_metrics(content, x, x_title), _rate(history, x, x_title)]
    charts = [chart for chart in charts if chart is not None]
    told = content.run.get("training") or {}
    notes = [str(note) for note in content.run.get("notes") or []]
    notes += [Event.from_dict(line).sentence() for line in told.get("events") or []]
    return {"charts": charts, "pace": _pace(history, told), "notes": notes} if charts or notes else None


def points(history: list[dict[str, Any]], x: str, y: str, *, valid: bool = False) -> list[tuple[float, float]]:
    """(x, y) of the lines that have both; of the validation's figures where `valid`."""
    found = []
    for line in history:
        value = figure((line.get("valid") or {}).get(y) if valid else line.get(y))
        if value is not None and isinstance(line.get(x), (int, float)):
            found.append((float(line[x]), value.value))
    return found


def _loss(content: Content, history: list[dict[str, Any]], x: str, x_title: str) -> dict[str, Any] | None:
    """The loss of training and validation in one frame, the step of the best validation marked."""
    drawn = [
        Line(_("training"), points(history, x, "loss"), "c5"),
        Line(_("validation"), validation(content, history, x), "c1", dots=True),
    ]
    best = (content.run.get("training") or {}).get("best_step")
    marks = [float(line[x]) for line in history if best and line.get("step") == best and "valid" in line][:1]
    chart = lines(drawn, title=_("loss over the training"), x_title=x_title, marks=marks)
    aside = _("the dashed line marks the best validation") if marks else _("what the training makes small")
    return {"title": _("Loss"), "aside": aside, "chart": chart} if chart else None


def validation(content: Content, history: list[dict[str, Any]], x: str) -> list[tuple[float, float]]:
    """The validation loss in the unit of the training loss: squared errors are those of the target in deviations."""
    for name in ("loss", "log_loss"):
        if found := points(history, x, name, valid=True):
            return found
    states = [told.get("state") or {} for told in (content.run.get("fields") or {}).values()]
    std = next((state["std"] for state in states if isinstance(state.get("std"), float)), None)
    return [] if std is None else [(at, value / std**2) for at, value in points(history, x, "mse", valid=True)]


def _metrics(content: Content, x: str, x_title: str) -> list[dict[str, Any]]:
    """A chart for the headline metric if the validation measured it, else for every metric that it did."""
    names: dict[str, None] = {}
    for line in content.history:
        names.update(dict.fromkeys(name for name in (line.get("valid") or {}) if name != "loss"))
    chosen = [content.headline] if content.headline in names else list(names)[:2]
    out = []
    for name in chosen:
        drawn = [Line(_("validation"), points(content.history, x, name, valid=True), "c1", dots=True)]
        written = percent_label if is_ratio(name) else number_label
        title = _("{metric} on the validation examples").format(metric=label(name))
        chart = lines(drawn, title=title, x_title=x_title, y_label=written)
        if chart:
            out.append({"title": label(name), "aside": _("on examples kept aside for validation"), "chart": chart})
    return out


def _rate(history: list[dict[str, Any]], x: str, x_title: str) -> dict[str, Any] | None:
    drawn = [Line(_("learning rate"), points(history, x, "learning_rate"), "c3")]
    chart = lines(drawn, title=_("learning rate over the training"), x_title=x_title, low=0.0)
    return {"title": _("Learning rate"), "aside": _("how large each correction is"), "chart": chart} if chart else None


def _pace(history: list[dict[str, Any]], told: dict[str, Any]) -> str:
    """How long it took, how fast it went, and what was lost on the way, as far as the history tells."""
    seconds = max((float(line["seconds"]) for line in history if figure(line.get("seconds"))), default=0.0)
    rates = sorted(float(line["examples_per_s"]) for line in history if figure(line.get("examples_per_s")))
    parts = []
    if seconds:
        parts.append(duration(seconds))
    if rates:
        parts.append(_("{rate} examples per second").format(rate=f"{rates[len(rates) // 2]:,.0f}"))
    if figure(told.get("waited_share")):
        parts.append(_("{share} of the time waiting for data").format(share=percent(told["waited_share"])))
    if told.get("padding_share"):
        parts.append(_("{share} of the tokens padding").format(share=percent(told["padding_share"])))
    return " · ".join(parts)
