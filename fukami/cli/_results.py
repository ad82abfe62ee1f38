"""What a training or an evaluation found, for people: figures, where the report is, and what to do next."""

from collections.abc import Mapping, Sequence
from typing import Any

from fukami.cli._screen import Screen, number
from fukami.core import plans
from fukami.core.durations import duration
from fukami.core.language import _, joined, listed
from fukami.core.percent import percent


def show_run(result: dict[str, Any], screen: Screen) -> None:
    """A training's summary, closed by the three most useful next commands."""
    screen.facts(
        [
            (_("task"), result.get("task")),
            (_("model"), result.get("model")),
            (_("steps"), f"{result['steps']:,}" if result.get("steps") is not None else None),
            (_("time"), duration(result["seconds"]) if result.get("seconds") is not None else None),
            (_("processes"), plans.sharing(**result["sharing"]) if result.get("sharing") else None),
            (_("resuming"), _resuming(result.get("resume"))),
        ]
    )
    show_metrics(result.get("metrics", {}), screen, title=_("On examples kept aside"))
    show_baselines(result, screen)
    show_folds(result.get("folds") or {}, screen)
    show_columns(result.get("read") or [], screen)
    run = result.get("run")
    if run:
        screen.heading(_("Run folder"))
        screen.line(str(run), indent=2)
        screen.line(f"{run}/report.html", indent=2)
        screen.heading(_("Next"))
        screen.commands([(step["command"], step["does"]) for step in result["next"]])


def _resuming(proof: dict[str, Any] | None) -> str | None:
    """What `--prove-resume` proved. (Where it does not hold, that is an error, and there is no run.)"""
    if not proof:
        return None
    killed = listed(map(str, proof["killed_at"]))
    return _("exact: killed at step {steps} of {total} and resumed, it ended with the same weights, bit for bit").format(
        steps=killed, total=proof["steps"]
    )


def show_metrics(metrics: Mapping[str, Any], screen: Screen, *, title: str) -> None:
    """Metrics, with their intervals where they have them."""
    rows = []
    for name, value in metrics.items():
        if isinstance(value, Mapping):
            between = f"{number(value.get('low'))} – {number(value.get('high'))}" if value.get("low") is not None else ""
            rows.append((name, number(value.get("value")), between))
        elif value is None or isinstance(value, (int, float)):
            rows.append((name, number(value), ""))
    if rows:
        screen.heading(title)
        screen.table((), rows, indent=2)


def show_columns(read: Sequence[Mapping[str, Any]], screen: Screen, *, most: int = 100) -> None:
    """Every column of a table as it was understood, and the option that says otherwise."""
    if not read:
        return
    screen.heading(_("The table as it was understood"))
    rows = [
        (
            *(told["column"], told["read"], told["example"]),
            percent(told["missing"]) if told["missing"] else "–",
            "–" if told["distinct"] is None else f"{told['distinct']:,}",
            joined("; ", [part for part in (told["became"], told["option"]) if part]),
        )
        for told in read[:most]
    ]
    names = (_("column"), _("read as"), _("example"), _("missing"), _("values"), _("what became of it; otherwise"))
    screen.table(names, rows, indent=2)
    if len(read) > most:
        screen.line(_("… and {count} more; --json tells all of them").format(count=len(read) - most), indent=2)


def show_folds(metrics: Mapping[str, Any], screen: Screen) -> None:
    """What cross-validation found: of each metric the mean, the deviation, and the value of every fold."""
    if metrics:
        screen.heading(_("Cross-validation"))
        rows = [
            (name, f"{number(told['mean'])} ± {number(told['deviation'])}", ", ".join(map(number, told["values"])))
            for name, told in metrics.items()
        ]
        screen.table((_("metric"), _("mean ± deviation"), _("each fold")), rows, indent=2)


def show_groups(groups: Mapping[str, Any], screen: Screen, *, most: int = 4) -> None:
    """The first metrics for each value of each column."""
    for column, found in groups.items():
        names = list(found[0]["metrics"])[:most] if found else []
        screen.heading(_("By {column}").format(column=column))
        rows = [(g["value"], f"{g['examples']:,}", *(number(_value(g["metrics"].get(n))) for n in names)) for g in found]
        screen.table((column, _("examples"), *names), rows, indent=2)


def show_notes(notes: Sequence[str], screen: Screen) -> None:
    """What ought to be known about a result."""
    if notes:
        screen.heading(_("Notes"))
        for note in notes:
            screen.line(note, indent=2)


def _value(figure: Any) -> float | None:
    return figure.get("value") if isinstance(figure, Mapping) else figure


def show_baselines(result: Mapping[str, Any], screen: Screen, *, most: int = 5) -> None:
    """The model and each baseline, side by side, over the first metrics that they share; and which of them it does not beat."""
    baselines, metrics = result.get("baselines") or {}, result.get("metrics") or {}
    names = [n for n in metrics if any(_value(told.get(n)) is not None for told in baselines.values())][:most]
    if not names:
        return
    from fukami.report.figures import baseline_label

    screen.heading(_("Beside simple models"))
    rows = [(_("this model"), *(number(_value(metrics[n])) for n in names))]
    rows += [(baseline_label(name), *(number(_value(told.get(n))) for n in names)) for name, told in baselines.items()]
    screen.table((_("model"), *names), rows, indent=2)
    for sentence in result.get("verdict", []):
        screen.line(screen.style(sentence, "yellow"), indent=2)
    if result.get("advice"):
        from fukami.core.next_commands import sentence as advised

        screen.line(screen.style(advised(result["advice"]), "yellow"), indent=2)
        screen.line(result["advice"]["command"], indent=4)
    if result.get("verdict") == [] and is_number(_value(metrics[names[0]])):
        screen.line(_("Better than every simple method, by more than chance explains."), "green", indent=2)


def is_number(value: float | None) -> bool:
    """Whether there is a figure: a metric that cannot be computed is None or NaN."""
    return value is not None and value == value
