"""The report: well-formed, offline, safe against hostile names, and true to the figures it was given."""

import io
import re
import sys
import time
from dataclasses import fields, replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fukami.core import language
from fukami.report import page as pages
from fukami.report.charts.axes import Scale, ticks
from fukami.report.charts.matrix import PALE, strength
from fukami.report.content import Content
from fukami.report.figures import percent, shown_range, significant
from fukami.report.page import ordered, render
from fukami.report.sections import ORDER
from fukami.report.sections.result import verdict
from fukami.report.summary import html_fragment, show, text

sys.path.insert(0, str(Path(__file__).parent.parent))
from report_contents import HOSTILE, full

ALL = ordered(section["name"] for section in pages.sections(full()))
VOID = {"meta", "link", "br", "img", "wbr", "hr", "input"}


class Balance(HTMLParser):
    """Collects mistakes of nesting, and every attribute and start tag."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"{tag} at {self.getpos()}")


def parsed(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    return parser


def sections(page: str) -> list[str]:
    return re.findall(r'<section id="(\w+)"', page)


@pytest.mark.parametrize("labels", [None, HOSTILE], ids=["plain", "hostile"])
@pytest.mark.parametrize("spoken", ["en", "ja"])
def test_page_is_well_formed_and_loads_nothing(labels, spoken):
    page = render(full(labels), language=spoken)
    told = parsed(page)
    assert not told.wrong and not told.open
    assert f'<html lang="{spoken}">' in page
    for tag, attributes in told.tags:
        assert tag not in ("iframe", "object", "embed", "base", "audio", "video")
        assert not any(name.startswith("on") for name in attributes), tag
        for name in ("src", "href", "srcset", "action", "data"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:", "#")), (tag, address)
    style = page[page.index("<style>") : page.index("</style>")]
    assert "@import" not in style and "url(" not in style
    page.encode("utf-8")


@pytest.mark.parametrize("labels", [None, HOSTILE], ids=["plain", "hostile"])
def test_every_drawing_is_xml_with_a_title(labels):
    drawings = re.findall(r"<svg.*?</svg>", render(full(labels), language="en"), re.S)
    assert len(drawings) >= 9
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        title = root.find("title")
        assert title is not None and title.text == root.get("aria-label")
        assert "nan" not in drawing.lower().replace("finance", "")


def test_hostile_names_stay_text():
    page = render(full(HOSTILE), language="en")
    scripts = re.findall(r"<script[^>]*>(.*?)</script>", page, re.S)
    assert len(scripts) == 1 and "alert" not in scripts[0]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "onerror=alert(1)&gt;" in page and "<img src=x" not in page
    assert "{{ 7 * 7 }}" in page
    assert "\x00" not in page and "\ufffd" in page


def test_policy_allows_the_own_script_only():
    import base64
    import hashlib

    page = render(full(), language="en")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    assert policy and script
    allowed = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{allowed}'" in policy[1] and "default-src 'none'" in policy[1]


def test_sections_stand_in_order():
    assert sections(render(full(), language="en")) == ALL and set(ORDER) <= set(ALL)


@pytest.mark.parametrize(
    ("part", "gone"),
    [
        ("history", []),
        ("baselines", []),
        ("columns", ["columns"]),
        ("pictures", ["mistakes"]),
        ("problems", ["problems"]),
        ("proofs", ["proofs"]),
        ("recipe", ["recipe"]),
        ("commands", ["following"]),
        ("run", ["compression", "plan", "origin"]),
    ],
)
def test_a_section_is_there_because_its_data_is(part, gone):
    everything = full()
    everything = replace(everything, run={k: v for k, v in everything.run.items() if k != "notes"})
    empty = next(f.default_factory() for f in fields(Content) if f.name == part)  # type: ignore[misc]
    page = sections(render(replace(everything, **{part: empty}), language="en"))
    expected = gone or (["learning"] if part == "history" else [])
    assert page == [name for name in ALL if name not in expected]


@pytest.mark.parametrize(
    ("part", "gone"),
    [
        ("metrics", "result"),
        ("per_class", "classes"),
        ("confusion", "confusion"),
        ("calibration", "calibration"),
        ("curves", "curves"),
        ("residuals", "residuals"),
        ("groups", "groups"),
    ],
)
def test_a_part_of_the_evaluation_makes_its_section(part, gone):
    content = full()
    kept = {name: told for name, told in content.evaluation.items() if name != part}
    assert sections(render(replace(content, evaluation=kept), language="en")) == [n for n in ALL if n != gone]


def test_forms_that_were_tried_lie_where_they_cost_and_are_worth():
    """Three forms, each cheaper and worse than the one before: all on the line, the one that was taken drawn larger."""
    page = render(full(), language="en")
    drawings = re.findall(r"<svg.*?</svg>", page[page.index('<section id="compression"') :], re.S)[:2]
    for drawing in drawings:
        places = [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', drawing)]
        assert len(places) == 3 and places[0][0] > places[1][0] > places[2][0] and places[0][1] < places[1][1] < places[2][1]
        line = re.search(r'<polyline points="([^"]+)"', drawing)
        assert line and line[1].split() == [f"{x:g},{y:g}" for x, y in reversed(places)]
        assert drawing.count('r="6"') == 1
    assert "1.00 points gained" in page and "1.00 points lost" in page and "nothing lost" in page and "taken" in page


def test_an_empty_content_is_a_page():
    told = parsed(render(Content(), language="en"))
    assert not told.wrong and not told.open


def test_missing_values_are_no_figures():
    nothing = {"value": None, "low": None, "high": None}
    evaluation = {"examples": 3, "metrics": {"accuracy": {"value": 0.5, "low": None, "high": None}, "roc_auc": nothing}}
    content = Content(evaluation=evaluation, baselines={"majority": {"accuracy": None}})  # type: ignore[dict-item]
    page = render(content, language="en")
    assert "50.0\u00a0%" in page and "roc_auc" not in page
    assert "None" not in page and "nan" not in page.lower()


def test_figures_are_those_given():
    page = render(full(), language="en")
    found = re.findall(r'<data value="([^"]+)">([^<]+)</data>', page)
    assert ("0.91237", "91.2\u00a0%") in found and ("0.8642", "86.4\u00a0%") in found and ("0.31234", "0.312") in found
    for value, shown in found:
        number = float(shown.replace("\u00a0%", "").replace(",", ""))
        number = number / 100 if shown.endswith("%") else number
        assert number == pytest.approx(float(value), abs=6e-4)
    assert "right for 91.2\u00a0% of 1,234 held-out examples" in page
    assert "between 88.0\u00a0% and 94.0\u00a0%" in page
    assert "a linear model 86.4\u00a0%, always the commonest class 41.0\u00a0%" in page


@pytest.mark.parametrize(
    ("metric", "told", "rival", "level"),
    [
        ("accuracy", (0.9, 0.88, 0.92), 0.8, "good"),
        ("accuracy", (0.9, 0.88, 0.92), 0.89, "unsure"),
        ("accuracy", (0.9, 0.88, 0.92), 0.9, "bad"),
        ("accuracy", (0.9, 0.88, 0.92), 0.95, "bad"),
        ("rmse", (3.0, 2.5, 3.5), 4.0, "good"),
        ("rmse", (3.0, 2.5, 3.5), 3.2, "unsure"),
        ("rmse", (3.0, 2.5, 3.5), 2.0, "bad"),
    ],
)
def test_verdict_follows_direction_and_interval(metric, told, rival, level):
    from fukami.report.figures import Figure

    found = verdict(metric, Figure(*told), {"linear": Figure(rival), "other": Figure(rival)})
    assert found is not None and found["level"] == level


def test_a_thousand_classes_are_quick_and_small():
    num = 1000
    counts = [[0] * num for _ in range(num)]
    for i in range(num):
        counts[i][i], counts[i][(i * 7 + 1) % num] = 30, i % 9
    labels = [f"class number {i}" for i in range(num)]
    per_class = [{"label": v, "precision": 0.9, "recall": 0.8, "f1": i / num, "support": 30} for i, v in enumerate(labels)]
    content = Content(evaluation={"examples": 9, "confusion": {"labels": labels, "counts": counts}, "per_class": per_class})
    start = time.perf_counter()
    page = render(content, language="en")
    assert time.perf_counter() - start < 5
    assert len(page.encode()) < 1_000_000
    assert "The 30 classes of 1,000" in page and "960 further classes" in page


def test_pictures_are_left_out_with_a_word_before_the_file_grows_large():
    picture = {"html": f'<img alt="" src="data:image/png;base64,{"A" * 100_000}">', "target": "a", "answer": "b", "score": 0.9}
    page = render(Content(pictures=[picture] * 20), language="en")
    assert len(page.encode()) < 1_000_000
    assert page.count("<img") == 5 and "15 more are left out" in page


def test_confusions_counted_over_all_classes_are_told():
    content = full()
    told = {**content.evaluation["confusion"], "left_out": 7, "pairs": [{"target": "cat", "answer": "fish", "count": 21}]}
    page = render(replace(content, evaluation={**content.evaluation, "confusion": told}), language="en")
    assert "The 3 classes of 10" in page
    assert re.search(r"<td>cat</td><td>fish</td><td class=\"n own\">21</td><td class=\"n faint\">50.0\u00a0%</td>", page)


def test_rendering_leaves_the_language_as_it_was():
    language.use("en")
    render(full(), language="ja")
    assert language.current() == "en"


@pytest.mark.parametrize("value", [0.99999, 0.999999999, 1 - 1e-12])
def test_percent_never_rounds_up_to_perfection(value):
    assert percent(value) not in ("100\u00a0%", "100.0\u00a0%") and "100" not in percent(value)


def test_percent_and_significant():
    assert [percent(v) for v in (0.0, 1.0, 0.5, 0.9996, 0.0004)] == [
        f"{v}\u00a0%" for v in ("0", "100", "50.0", "99.96", "0.04")
    ]
    assert [significant(v) for v in (0.0, 206855.8, -0.00123456, 12.0)] == ["0", "206,900", "-0.001235", "12"]


def test_ranges():
    from fukami.report.figures import Figure

    assert shown_range("accuracy", Figure(0.98, 0.972, 0.994)) == "97.2–99.4\u00a0%"
    assert shown_range("accuracy", Figure(0.98, 0.9791, 0.9812)) == "97.91–98.12\u00a0%"
    assert shown_range("r2", Figure(0.1, -0.1, 0.2)) == "-0.100 … 0.200"
    assert shown_range("r2", Figure(0.1)) == ""


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 1e9), (0.97, 0.971), (1e-7, 3e-7), (-5, -4.9), (123456, 123999)])
def test_ticks_are_inside_and_few(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 5 and found == sorted(set(found))
    assert all(low - 1e-9 * abs(low) <= v <= high + 1e-9 * abs(high) for v in found)


def test_scale_is_linear_or_logarithmic():
    assert Scale(0, 10, 100, 200)(5) == 150
    assert Scale(1, 100, 0, 1, log=True)(10) == pytest.approx(0.5)
    assert Scale(3, 3, 0, 10)(3) == 5


def test_summary_as_text_and_for_notebooks():
    content = full(HOSTILE)
    lines = text(content).splitlines()
    assert lines[0].startswith("The model was right for 91.2 % of 1,234 held-out examples.")
    assert "Better than every simple method" in lines[0]
    accuracy = next(line for line in lines if line.startswith("accuracy"))
    assert accuracy.split() == ["accuracy", "91.2", "%", "88.0–94.0", "%", "41.0", "%", "86.4", "%"]
    fragment = html_fragment(content.run, content.evaluation, {HOSTILE[0]: {"accuracy": 0.2}})
    assert "<script>" not in fragment and not parsed(fragment).wrong and "91.2" in fragment
    assert html_fragment({}, {}) == "" and text(Content()) == ""


def test_show_draws_for_terminals_and_writes_plainly_elsewhere():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    plain, terminal = io.StringIO(), Terminal()
    show(full(), plain)
    show(full(), terminal)
    assert plain.getvalue() == text(full()) + "\n" and "\x1b" not in plain.getvalue()
    assert "91.2" in terminal.getvalue() and "accuracy" in terminal.getvalue()


def test_colours_have_contrast():
    """WCAG: text 4.5, graphics 3, on the page's own background, in both schemes."""
    style = (Path(render.__code__.co_filename).parent / "templates" / "page.css").read_text("utf-8")
    for scheme in (style[: style.index("@media")], style[style.index("@media") : style.index("* { box-sizing")]):
        colour = dict(re.findall(r"--([\w-]+): (#\w{6});", scheme))
        for name in ("ink", "soft", "c1", "c2", "good", "unsure", "bad"):
            assert contrast(colour[name], colour["paper"]) >= 4.5, name
        for name in ("c3", "c4", "c5"):
            assert contrast(colour[name], colour["paper"]) >= 3, name
        for name in ("hit", "miss"):
            told = re.search(rf"--{name}: (\d+) (\d+) (\d+)", scheme)
            assert told
            full_strength = tuple(int(v) for v in told.groups())
            for tone in {strength(hundredth / 100) for hundredth in range(101)}:
                empty = rgb(colour["faint-fill"])
                mixed = tuple(round(tone * a + (1 - tone) * b) for a, b in zip(full_strength, empty, strict=True))
                ink = colour["over"] if tone > PALE else colour["ink"]
                assert contrast(ink, mixed) >= 4.5, (name, tone)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[i : i + 2], 16) for i in (1, 3, 5))


def contrast(one, two) -> float:
    def luminance(colour) -> float:
        parts = [v / 255 for v in (rgb(colour) if isinstance(colour, str) else colour)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)
