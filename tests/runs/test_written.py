"""Texts that are written from texts, by the command that people type: dates in one form, to a program without Fukami."""

import csv
import datetime
import os
import random

import pytest

import fukami

FORMS = (
    "{d} {month} {y}", "{month} {d}, {y}", "{short}. {d}, {y}", "{y}年{m}月{d}日", "{era}{n}年{m}月{d}日", "{d}.{m}.{y}",
    "{weekday}, {d} {month} {y}", "{y}/{m}/{d}",
)  # fmt: skip
ERAS = (("令和", datetime.date(2019, 5, 1)), ("平成", datetime.date(1989, 1, 8)), ("昭和", datetime.date(1926, 12, 25)))


def dates(count, seed=0):
    """Dates as people write them in English and Japanese, and in ISO 8601."""
    draw = random.Random(seed)
    for _pair in range(count):
        day = datetime.date(1940, 1, 1) + datetime.timedelta(draw.randrange(365 * 85))
        era, first = next((era, first) for era, first in ERAS if day >= first)
        told = {"d": day.day, "m": day.month, "y": day.year, "month": f"{day:%B}", "short": f"{day:%b}", "weekday": f"{day:%A}"}
        yield draw.choice(FORMS).format(**told, era=era, n=day.year - first.year + 1), day.isoformat()


def written(path, pairs):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("input", "output"), *pairs])
    return path


@pytest.mark.slow
def test_dates_are_brought_into_one_form(tmp_path):
    data = written(tmp_path / "dates.csv", dates(3000))
    run = fukami.train("text-to-text", data, out=tmp_path / "run", settings={"size": "tiny", "plan": "default"})
    assert run.metrics["exact_match"] > 0.8
    assert run.metrics["chrf"] > 90
    (answer,) = run.predict(["2004年2月29日"])
    assert answer["text"] == "2004-02-29"
    assert run.explain("2004年2月29日")
    assert (run.export("onnx", out=tmp_path / "onnx") / "steps.onnx").exists()


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FUKAMI_DATA"), reason="reads real data")
def test_conversations_are_summarised(tmp_path):
    settings = {"limit": 300, "epochs": 1, "size": "tiny", "plan": "default", "longest": 20}
    run = fukami.train("summarization", "dialogsum", out=tmp_path / "run", settings=settings)
    assert set(run.metrics) >= {"rouge_1", "rouge_2", "rouge_l"}
