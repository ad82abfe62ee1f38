"""The same result in a few lines: for the terminal, and for notebooks.

>>> print(text(Content(evaluation={"examples": 40, "metrics": {"accuracy": {"value": 0.9, "low": 0.79, "high": 0.95}}})))
... # doctest: +ELLIPSIS
The model was right for 90.0 % of 40 held-out examples. With other examples of the same kind it would ...
<BLANKLINE>
metric    this model  95 % interval
accuracy  90.0 %      79.0–95.0 %
"""

import sys
from typing import Any, TextIO

from fukami.core.language import _
from fukami.core.percent import SPACE
from fukami.report.content import Content
from fukami.report.figures import baseline_label, digits_of, figure, label, meaning, paragraph, shown, shown_range
from fukami.report.sections.result import apart_of, baselines_of, sentences, verdict
from fukami.report.svg import columns, element


def table(content: Content) -> tuple[list[str], list[list[str]]]:
    """Header and rows: each metric, its interval where any has one, and every baseline beside it."""
    metrics = content.metrics
    intervals = any(told.has_interval for told in metrics.values())
    header = [_("metric"), _("this model"), *([_("95 % interval")] if intervals else [])]
    rows = []
    for name, told in metrics.items():
        row = [label(name), shown(name, told.value, digits=digits_of(told))]
        if intervals:
            row.append(shown_range(name, told))
        rivals = [figure(values.get(name)) for values in content.baselines.values()]
        rows.append([*row, *("–" if rival is None else shown(name, rival.value) for rival in rivals)])
    return [*header, *map(baseline_label, content.baselines)], rows


def text(content: Content) -> str:
    """Plain text: what the result means, then the table. Empty where nothing was measured."""
    header, rows = table(content)
    if not rows:
        return ""
    widths = [max(columns(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [
        "  ".join(cell + " " * (w - columns(cell)) for cell, w in zip(row, widths, strict=True)) for row in [header, *rows]
    ]
    return "\n".join([said(content), "", *(line.rstrip() for line in lines)]).replace(SPACE, " ")


def said(content: Content) -> str:
    """The headline in words, and whether simple methods are beaten."""
    name, told = next(iter(content.metrics.items()))
    found = verdict(name, told, baselines_of(content, name), apart_of(content))
    return paragraph([*sentences(content), *([found["text"]] if found else [])])


def show(content: Content, stream: TextIO | None = None) -> None:
    """Prints the summary on `stream` (standard output): a table with rules on a terminal, plain text elsewhere."""
    out: TextIO = stream or sys.stdout
    if not out.isatty():
        out.write(f"{text(content)}\n")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    header, rows = table(content)
    if not rows:
        return
    shown_table = Table(box=None, pad_edge=False, header_style="dim")
    for i, name in enumerate(header):
        shown_table.add_column(Text(name), justify="left" if i == 0 else "right", no_wrap=True, style="bold" if i == 1 else "")
    for row in rows:
        shown_table.add_row(*(Text(cell) for cell in row))
    console = Console(file=out)
    console.print(Text(said(content)))
    console.print()
    console.print(shown_table)


def html_fragment(run: dict[str, Any], evaluation: dict[str, Any], baselines: dict[str, dict[str, float]] | None = None) -> str:
    """The result for a notebook: complete in itself, in the notebook's own colours."""
    content = Content(run=run, evaluation=evaluation, baselines=baselines or {})
    header, rows = table(content)
    if not rows:
        return ""
    cell = "padding:.25em 1.2em .25em 0;text-align:left;border-bottom:1px solid rgba(128,128,128,.3)"
    head = element("tr", *(element("th", name, scope="col", style=cell) for name in header))
    body = [
        element(
            "tr",
            *(
                element("th" if i == 0 else "td", part, title=meaning(name) if i == 0 else None, style=cell)
                for i, part in enumerate(row)
            ),
        )
        for name, row in zip(content.metrics, rows, strict=True)
    ]
    paragraph = element("p", said(content), style="max-width:44em")
    grid = element(
        "table",
        element("thead", head),
        element("tbody", *body),
        style="border-collapse:collapse;font-variant-numeric:tabular-nums",
    )
    return str(element("div", paragraph, grid, class_="fukami"))
