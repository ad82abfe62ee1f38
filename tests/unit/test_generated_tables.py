"""Tables whose columns are written in some fifty ways, with odd cells among them: read right, told where not, alike everywhere.

What a column means is known because it was written here: a number or a moment, in one of the forms of its language.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
import pytest

from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.readers import read_any
from fukami.export import assemble
from fukami.fields.row.columns.registry import learned
from fukami.fields.row.field import Row

ROWS, COLUMNS = 120, 6
ODD = {
    "en": ["see notes", "n/a", "tbd", "x", "unknown?"],
    "de": ["n.v.", "siehe Akte", "k.A.", "-", "offen"],
    "fr": ["voir note", "n.d.", "inconnu", "?", "à vérifier"],
    "ja": ["要確認", "不明", "なし", "-", "未定"],
}
MONTHS = {
    language: names.split()
    for language, names in {
        "en": "January February March April May June July August September October November December",
        "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    }.items()
}


class Form(NamedTuple):
    """How a number (of at most `digits` decimals, up to `most`) or a moment is written, and what it then says."""

    write: Callable
    digits: int = 1
    most: float = 20_000.0
    negative: bool = False
    date: str = ""


def comma(text: str, group: str = ".") -> str:
    return text.replace(",", "_").replace(".", ",").replace("_", group)


def clock(v: float) -> tuple[int, int, int]:
    return int(v) // 3600, int(v) // 60 % 60, int(v) % 60


def ampm(v: float) -> str:
    hour, minute, _second = clock(v)
    return f"{(hour + 11) % 12 + 1}:{minute:02} {'PM' if hour >= 12 else 'AM'}"


def era(d: datetime) -> tuple[str, int]:
    return ("令和", d.year - 2018) if d >= datetime(2019, 5, 1) else ("平成", d.year - 1988)


DAY = {"date": "D", "digits": 0}
MINUTES = {"digits": -60, "most": 86_000.0}
EN = {
    "1234.5": Form(lambda v: f"{v:.1f}", negative=True),
    "1,234.5": Form(lambda v: f"{v:,.1f}", negative=True),
    "1,234": Form(lambda v: f"{v:,.0f}", 0),
    "−64.9": Form(lambda v: f"{v:.1f}".replace("-", "−"), negative=True),
    "(1,000)": Form(lambda v: f"({-v:,.2f})" if v < 0 else f"{v:,.2f}", 2, negative=True),
    "12%": Form(lambda v: f"{v:.1f}%", most=100),
    "90 %": Form(lambda v: f"{v:.0f} %", 0, 100),
    "$1,200": Form(lambda v: f"${v:,.2f}", 2),
    "USD 6,493": Form(lambda v: f"USD {v:,.1f}"),
    "$1.5k": Form(lambda v: f"${v / 1000:.2f}k" if v >= 1000 else f"${v:.0f}", -10),
    "2.3M": Form(lambda v: f"{v / 1e6:.2f}M", -10_000, 9e7),
    "72.5 kg": Form(lambda v: f"{v:.1f} kg", most=200),
    "2072 sqft": Form(lambda v: f"{v:.0f} sqft", 0),
    "1165 min": Form(lambda v: f"{v:.0f} min", 0),
    "<31.0": Form(lambda v: f"<{v:.1f}" if int(v) % 5 == 0 else f"{v:.1f}", most=300),
    "1.2e-3": Form(lambda v: f"{v:.5e}", 6, 1.0),
    "14:30": Form(lambda v: "{:02}:{:02}".format(*clock(v)), **MINUTES),
    "14:30:05": Form(lambda v: "{}:{:02}:{:02}".format(*clock(v)), 0, 86_000),
    "2:30 PM": Form(ampm, **MINUTES),
    "timedelta": Form(lambda v: str(timedelta(seconds=int(v))), 0, 400_000),
    "0 days 20:24:53": Form(lambda v: "{} days {:02}:{:02}:{:02}".format(int(v) // 86400, *clock(v % 86400)), 0, 400_000),
    "1h 20m": Form(lambda v: f"{int(v) // 3600}h {int(v) // 60 % 60}m", **MINUTES),
    "PT1H20M": Form(lambda v: f"PT{int(v) // 3600}H{int(v) // 60 % 60}M", **MINUTES),
    "2024-05-06": Form(lambda d: f"{d:%Y-%m-%d}", **DAY),
    "2024-05-06 10:30": Form(lambda d: f"{d:%Y-%m-%d %H:%M}", date="m"),
    "2024-05-06T10:30:00Z": Form(lambda d: f"{d:%Y-%m-%dT%H:%M:%SZ}", date="s"),
    "05/06/2024": Form(lambda d: f"{d:%m/%d/%Y}", **DAY),
    "12/07/22": Form(lambda d: f"{d:%m/%d/%y}", **DAY),
    "May 6, 2024": Form(lambda d: f"{MONTHS['en'][d.month - 1]} {d.day}, {d.year}", **DAY),
    "06-May-24": Form(lambda d: f"{d.day:02}-{MONTHS['en'][d.month - 1][:3]}-{d:%y}", **DAY),
    "Wed Dec 07 05:59:00 2022": Form(lambda d: d.ctime(), date="s"),
    "20240506": Form(lambda d: f"{d:%Y%m%d}", **DAY),
    "2024Q3": Form(lambda d: f"{d.year}Q{(d.month + 2) // 3}", date="Q"),
    "2024-05": Form(lambda d: f"{d:%Y-%m}", date="M"),
}
CONTINENT = {
    "1.234,5": Form(lambda v: comma(f"{v:,.1f}"), negative=True),
    "1 234,5": Form(lambda v: comma(f"{v:,.1f}", "\u202f"), negative=True),
    "1'234,5": Form(lambda v: comma(f"{v:,.1f}", "'")),
    "0,125": Form(lambda v: comma(f"{v:.3f}"), 3, 5.0),
    "1.250": Form(lambda v: comma(f"{v:,.0f}"), 0),
    "6 493 €": Form(lambda v: comma(f"{v:,.2f}", " ") + " €", 2),
    "2,3 Mio. €": Form(lambda v: comma(f"{v / 1e6:.1f}") + " Mio. €", -100_000, 9e7),
    "72,5 kg": Form(lambda v: comma(f"{v:.1f}") + " kg", most=200),
    "12,5 %": Form(lambda v: comma(f"{v:.1f}") + " %", most=100),
    "14:30 Uhr": Form(lambda v: "{:02}:{:02}".format(*clock(v)), **MINUTES),
    "06.05.2024": Form(lambda d: f"{d:%d.%m.%Y}", **DAY),
    "07.12.22": Form(lambda d: f"{d:%d.%m.%y}", **DAY),
    "06/05/2024": Form(lambda d: f"{d:%d/%m/%Y}", **DAY),
    "06.05.2024 10:30": Form(lambda d: f"{d:%d.%m.%Y %H:%M}", date="m"),
    "2024-05-06 10:30:00+02": Form(lambda d: f"{d:%Y-%m-%d %H:%M:%S}+02", date="s"),
}
FORMS = {
    "en": EN,
    "de": CONTINENT | {
        "6. Mai 2024": Form(lambda d: f"{d.day}. {MONTHS['de'][d.month - 1]} {d.year}", **DAY),
        "14.30 Uhr": Form(lambda v: "{}.{:02} Uhr".format(*clock(v)), **MINUTES),
        "3 Std. 20 Min.": Form(lambda v: f"{int(v) // 3600} Std. {int(v) // 60 % 60} Min.", **MINUTES),
    },
    "fr": CONTINENT | {
        "6 mai 2024": Form(lambda d: f"{d.day} {MONTHS['fr'][d.month - 1]} {d.year}", **DAY),
        "14h30": Form(lambda v: "{}h{:02}".format(*clock(v)), **MINUTES),
    },
    "ja": {
        "１２３": Form(lambda v: f"{v:.0f}".translate({48 + i: 0xFF10 + i for i in range(10)}), 0),
        "△1,000": Form(lambda v: f"△{-v:,.0f}" if v < 0 else f"{v:,.0f}", 0, negative=True),
        "▲5": Form(lambda v: f"▲{-v:.1f}" if v < 0 else f"{v:.1f}", negative=True),
        "¥1,200": Form(lambda v: f"¥{v:,.0f}", 0),
        "1,200円": Form(lambda v: f"{v:,.0f}円", 0),
        "3.2万円": Form(lambda v: f"{v / 1e4:.1f}万円", -1000, 9e6),
        "1億2000万": Form(lambda v: f"{int(v) // 10**8}億{int(v) // 10**4 % 10**4}万", -10_000, 9e9),
        "45歳": Form(lambda v: f"{v:.0f}歳", 0, 100),
        "14時30分": Form(lambda v: "{}時{}分".format(*clock(v)), **MINUTES),
        "2時間30分": Form(lambda v: "{}時間{}分".format(*clock(v)), **MINUTES),
        "2024年5月6日": Form(lambda d: f"{d.year}年{d.month}月{d.day}日", **DAY),
        "2024/5/6": Form(lambda d: f"{d.year}/{d.month}/{d.day}", **DAY),
        "令和7年7月2日": Form(lambda d: "{}{}年".format(*era(d)).replace("和1年", "和元年") + f"{d.month}月{d.day}日", **DAY),
        "R7.7.2": Form(lambda d: "{}{}".format("RH"[era(d)[0] == "平成"], era(d)[1]) + f".{d.month}.{d.day}", **DAY),
        "1月2日": Form(lambda d: f"{d.month}月{d.day}日", date="y"),
        "2024年第3四半期": Form(lambda d: f"{d.year}年第{(d.month + 2) // 3}四半期", date="Q"),
        "2024年5月": Form(lambda d: f"{d.year}年{d.month}月", date="M"),
    },
}  # fmt: skip


def test_there_are_forms_enough():
    assert len({name for forms in FORMS.values() for name in forms}) >= 40


def number(form: Form, rng: np.random.Generator) -> tuple[str, float]:
    step = -form.digits if form.digits < 0 else 10.0**-form.digits
    value = float(rng.choice([rng.random() * form.most, rng.random() ** 4 * form.most]))
    value = round(value / step) * step * (-1 if form.negative and rng.random() < 0.3 else 1)
    if form.write(1000.0) == "$1.00k" and abs(value) < 1000:
        value = round(value)
    return form.write(value), value


def moment(form: Form, rng: np.random.Generator) -> tuple[str, float]:
    when = datetime(2016, 1, 1) + timedelta(seconds=int(rng.integers(0, 8 * 365 * 86400)))
    starts = {
        "Q": datetime(when.year, (when.month + 2) // 3 * 3 - 2, 1), "M": datetime(when.year, when.month, 1), "s": when,
        "D": datetime(when.year, when.month, when.day), "m": when.replace(second=0),
        "y": datetime(2000, when.month, when.day),
    }  # fmt: skip
    return form.write(when), (starts[form.date] - datetime(1970, 1, 1)) / timedelta(days=1)


def table(seed: int, folder) -> tuple[list[Column], dict[str, np.ndarray]]:
    """The columns of a file, and what their cells say; NaN for the odd ones."""
    rng = np.random.default_rng(seed)
    language = list(FORMS)[seed % 4]
    names = rng.choice(list(FORMS[language]), COLUMNS, replace=False).tolist()
    said, texts = {}, []
    for k, name in enumerate(names):
        form = FORMS[language][name]
        cells = [(moment if form.date else number)(form, rng) for _row in range(ROWS)]
        odd = rng.random(ROWS) < 0.05
        said[f"{k} like " + name.replace(",", "")] = np.where(odd, np.nan, [value for _text, value in cells])
        texts.append([str(rng.choice(ODD[language])) if o else text for o, (text, _value) in zip(odd, cells, strict=True)])
    mark = ";" if language in ("de", "fr") else "\t"
    lines = [mark.join(row) for row in zip(*texts, strict=True)]
    (folder / "t.csv").write_text("\n".join([mark.join(said), *lines]), "utf-8")
    return list(read_any(folder / "t.csv", DataChoices()).columns.values()), said


def raw(row: Row, column: Column) -> np.ndarray:
    (told,) = (told for told in row.state["columns"] if told["name"] == column.name)
    numbers = learned(told).raw(column).numbers
    return numbers[:, 0] if numbers.shape[1] else np.full(len(column), np.nan)


def examined(seed: int, folder) -> tuple[int, int]:
    """How many columns are read right, and how many of the others are told. Later cells and a program have to be read alike."""
    columns, said = table(seed, folder)
    row = Row().learn(columns)
    right, silent = 0, []
    problems = [p for p in Row().check(columns) if p.severity == "warning"]
    for column in columns:
        found, truth = raw(row, column), said[column.name]
        if np.allclose(found, truth, rtol=1e-5, atol=1e-5, equal_nan=True):
            right += 1
        elif not any(column.name in problem.what for problem in problems):
            silent.append(column.name)
        few = np.arange(0, ROWS, 17)
        np.testing.assert_array_equal(raw(row, column.take(few)), found[few])
        np.testing.assert_array_equal(raw(row, column.take(few[:1])), found[few[:1]])
    assert not silent, f"seed {seed}: {silent}"
    want, told = row.encode(columns), assemble.as_json(row.portable())
    got = assemble.read(told, row.as_inputs(columns, np.arange(ROWS), folder))
    np.testing.assert_allclose(got["row_numbers"], want["numbers"], atol=1e-5)
    if want["categories"].size:
        assert (got["row_categories"] == want["categories"]).all()
    return right, len(columns)


def share(seeds: range, folder) -> float:
    rights, totals = zip(*(examined(seed, folder) for seed in seeds), strict=True)
    return sum(rights) / sum(totals)


def test_a_few_tables_are_read_as_they_were_written(tmp_path):
    assert share(range(4), tmp_path) == 1.0


@pytest.mark.slow
def test_two_hundred_tables_are_read_as_they_were_written(tmp_path):
    assert share(range(200), tmp_path) >= 0.99
