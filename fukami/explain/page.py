"""The page of a set: what counts most, whether that stood its test, and every explanation; one file that works offline."""

from collections.abc import Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from markupsafe import Markup

import fukami.report
from fukami.core import language
from fukami.core.language import _, _n, listed
from fukami.explain.explanation import Explanation, verdict
from fukami.report.charts.bars import Bar, bars
from fukami.report.charts.lines import Line, lines
from fukami.report.figures import Figure
from fukami.report.page import facts
from fukami.report.svg import WIDTH, clean, drawing, element, join

SHOWN, CURVES, NAMED = 15, 12, 80
"""Parts with a bar, columns with a curve, and letters of a name."""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; base-uri 'none'; form-action 'none'"
_MORE = """
.explanations { display: grid; gap: 1.2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 24rem), 1fr)); }
.explanation { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 0.9rem; min-width: 0; }
.explanation h3 { margin: 0 0 0.6rem; font-size: 0.9rem; }
.explanation .example { max-height: 24rem; }
.explanation .example:has(table) { max-height: none; overflow: visible; }
.single .explanation { max-width: 44rem; }
.explanation .example img { max-height: none; image-rendering: auto; }
.explanation dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0 0.7rem; margin-top: 0.7rem; }
.explanation dl { font-size: 0.86rem; }
.explanation .example td { text-align: left; }
.places { max-width: 18rem; border: 1px solid var(--line); }
"""


@cache
def _style() -> str:
    own = Path(fukami.report.__file__).parent / "templates" / "page.css"
    return own.read_text("utf-8") + _MORE


def page(run: dict[str, Any], told: dict[str, Any], explanations: Sequence[Explanation]) -> str:
    """The document. `run` is `run.json`, `told` the verb's result."""
    title = _("Why: {method}").format(method=told["method"])
    above = "".join(f"<span>{escape(fact)}</span>" for fact in [*facts(run), Path(told["run"]).name])
    body = "".join(
        f"<section><h2>{escape(name)}</h2>{inside}</section>" for name, inside in _sections(told, explanations) if inside
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in told.get("notes", []))
    end = _("Made by Fukami. This file works offline; nothing in it is loaded from elsewhere.")
    return clean(
        f'<!doctype html>\n<html lang="{language.current()}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><title>{escape(title)} · Fukami</title><style>{_style()}</style></head><body>'
        f'<header class="top"><p class="brand">Fukami <span lang="ja">深み</span></p><h1>{escape(title)}</h1>'
        f'<p class="facts">{above}</p>{notes}</header><main>{body}</main><footer><p>{escape(end)}</p></footer></body></html>\n'
    )


def _sections(told: dict[str, Any], explanations: Sequence[Explanation]) -> list[tuple[str, str]]:
    """Headings and what stands below them: of one input the input itself first, of a set what it says as a whole."""
    test = (_("The test"), _test(told["summary"].get("faithfulness"), explanations))
    if len(explanations) == 1:
        return [(named(explanations[0]), f'<div class="single">{explanations[0].html()}</div>'), test]
    return [
        test,
        (_("What counts most"), _places(told["summary"], explanations) or _most(told["summary"])),
        (_("How answers move with each column"), _curves(told["summary"])),
        (_("Examples"), _examples(explanations)),
    ]


def named(one: Explanation) -> str:
    """What an input is called, short enough for a heading."""
    name = str(one.input)
    return name if len(name) <= NAMED else f"{name[: NAMED - 1]}…"


def _test(told: dict[str, Any] | None, explanations: Sequence[Explanation]) -> str:
    """The verdict, and the mean curves where every explanation has its own."""
    if told is None:
        return ""
    kind = "good" if told["better_than_random"] else "bad"
    about = _(
        "Parts are taken away in the order of their weights, and put back in the same order. The sooner the answer falls and "
        "comes back, the higher the score; orders drawn by chance have 0 on average."
    )
    said = f'<p class="verdict {kind}"><span class="mark"></span>{escape(verdict(told))}</p><p class="note">{escape(about)}</p>'
    curves = [one.faithfulness for one in explanations if one.faithfulness is not None and len(one.faithfulness.shares) > 2]
    if not curves:
        return said
    drawn = [
        Line(_("taken away"), _mean([(c.shares, c.deleted) for c in curves]), "c2"),
        Line(_("put back"), _mean([(c.shares, c.inserted) for c in curves]), "c1"),
    ]
    least = min(0.0, *(value for line in drawn for _share, value in line.points))
    chart = lines(drawn, title=_("The explained score, part by part"), x_title=_("share of the parts"), low=least)
    return f'{said}<div class="charts"><figure>{chart}</figure></div>'


def _mean(curves: Sequence[tuple[Sequence[float], Sequence[float]]], points: int = 17) -> list[tuple[float, float]]:
    import numpy as np

    grid = np.linspace(0, 1, points)
    mean = np.mean([np.interp(grid, shares, values) for shares, values in curves], axis=0)
    return list(zip(grid.tolist(), mean.tolist(), strict=True))


def measured(summary: dict[str, Any]) -> str:
    """What the figures of a set are, in a sentence."""
    return summary.get("measure") or _("mean strength over the examples, as a share of each one's strongest part")


def _most(summary: dict[str, Any]) -> str:
    units = summary.get("units", [])
    above, without = [u for u in units if u["weight"] > 0], [str(u["name"]) for u in units if u["weight"] <= 0]
    drawn = [Bar(str(u["name"]), Figure(u["weight"], None, None), f"{u['weight']:.3g}") for u in above[:SHOWN]]
    measure = measured(summary)
    if not drawn:
        return ""
    chart = bars(drawn, title=_("What counts most"))
    rest = []
    if left := len(above) - len(drawn):
        rest.append(_n("and {n} more, which counts less", "and {n} more, which count less", left))
    if without:
        rest.append(_("nothing is lost without these: {names}").format(names=listed(without)))
    notes = "".join(f'<p class="note">{escape(text)}</p>' for text in rest)
    return f'<p class="lead">{escape(measure)}</p><div class="charts"><figure>{chart}</figure></div>{notes}'


def _places(summary: dict[str, Any], explanations: Sequence[Explanation]) -> str:
    """The mean strength at each place of a picture, where parts have places; the pictures are of one size."""
    boxes = {
        n: t["box"] for one in explanations[:1] for n, t in zip(one.units.names, one.units.told, strict=True) if "box" in t
    }
    units = [unit for unit in summary.get("units", []) if unit["name"] in boxes]
    if not units or len(explanations) < 2:
        return ""
    most = max(unit["weight"] for unit in units) or 1.0
    right, below = (max(box[axis] + box[axis + 2] for box in boxes.values()) for axis in (0, 1))
    scale = WIDTH / right
    squares = []
    for unit in units:
        x, y, width, height = (side * scale for side in boxes[unit["name"]])
        said = element("title", f"{unit['name']}: {unit['weight']:.3g}")
        look = {"class_": "bar c1", "opacity": round(unit["weight"] / most, 3)}
        squares.append(element("rect", said, x=x, y=y, width=width, height=height, **look))
    chart = drawing(*squares, title=_("Where pictures are looked at"), height=below * scale)
    return f'<p class="lead">{escape(measured(summary))}</p><div class="charts"><figure class="places">{chart}</figure></div>'


def _curves(summary: dict[str, Any]) -> str:
    """The curve of each column whose values are numbers, a table for the others."""
    figures = []
    for unit in [unit for unit in summary.get("units", []) if unit.get("scores")][:CURVES]:
        numeric = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in unit["values"])
        made = _lines_of(unit) if numeric else _table_of(unit)
        figures.append(element("figure", element("figcaption", element("b", unit["name"])), made))
    return f'<div class="charts">{join(figures)}</div>' if figures else ""


def _lines_of(unit: dict[str, Any]) -> Markup:
    scores = unit["scores"]
    ranked = sorted(scores, key=lambda label: max(scores[label]) - min(scores[label]), reverse=True)[:4]
    drawn = [Line(label, list(zip(unit["values"], scores[label], strict=True)), f"c{i + 1}") for i, label in enumerate(ranked)]
    return lines(drawn, title=str(unit["name"]), x_title=str(unit["name"]))


def _table_of(unit: dict[str, Any]) -> Markup:
    label = max(unit["scores"], key=lambda name: max(unit["scores"][name]) - min(unit["scores"][name]))
    pairs = sorted(zip(unit["values"], unit["scores"][label], strict=True), key=lambda pair: -pair[1])
    rows = [element("tr", element("td", "–" if v is None else str(v)), element("td", f"{s:.3g}", class_="n")) for v, s in pairs]
    return element("table", element("caption", label), *rows)


def _examples(explanations: Sequence[Explanation]) -> str:
    parts = []
    for one in explanations:
        heading = f"<h3>{escape(named(one))}</h3>"
        parts.append(one.html().replace('<div class="explanation">', f'<div class="explanation">{heading}', 1))
    return f'<div class="explanations">{"".join(parts)}</div>' if parts else ""
