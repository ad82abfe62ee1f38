"""What the report says in words: names of metrics, losses beside each other, importance, advice, tables on a phone."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from fukami.core.cards import cards
from fukami.report import page as pages
from fukami.report.figures import label, shown
from fukami.report.page import render
from fukami.report.sections import following, importance, learning
from tests.report_contents import full

AUC = {"value": 0.737, "low": 0.7, "high": 0.78}


def told(page: str) -> str:
    """The text of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.split("<main>")[1]).split())


def test_every_metric_has_a_name_for_people():
    assert all(card.label for card in cards("metrics").values())


@pytest.mark.parametrize(("name", "value", "written"), [("roc_auc", 0.737, "0.737"), ("f1_macro", 0.61, "0.610")])
def test_what_is_no_share_is_no_percentage(name, value, written):
    assert shown(name, value) == written and "%" in shown("accuracy", value)


def test_the_headline_stands_beside_its_name():
    content = full()
    run = {**content.run, "task": "tabular-classification"}
    content = replace(content, run=run, evaluation={**content.evaluation, "metrics": {"roc_auc": AUC}})
    page = render(content)
    assert "ROC-AUC 0.737" in told(page) and "roc_auc" not in told(page)
    assert "ROC-AUC 0.737" in page.split("</title>")[0]


def test_names_of_metrics_are_in_the_language_of_the_page():
    page = told(render(full(), language="ja"))
    assert "正解率" in page and "accuracy" not in page.replace("top5_accuracy", "")
    assert label("roc_auc") == "ROC-AUC" and label("of_my_own") == "of_my_own"


def history(*, metric: str, values: list[float]) -> list[dict]:
    lines = [{"step": s, "epoch": s / 10, "loss": 3.0 / s, "learning_rate": 0.1} for s in range(1, 101)]
    return lines + [{"step": 10 * i, "epoch": float(i), "valid": {metric: v}} for i, v in enumerate(values, 1)]


def test_validation_loss_stands_beside_training_loss_with_the_best_step_marked():
    lines = history(metric="log_loss", values=[0.9, 0.7, 0.6, 0.8, 0.9])
    content = replace(full(), history=lines, run={**full().run, "training": {"best_step": 30}})
    (loss, *_rest) = learning.build(content)["charts"]
    assert loss["chart"].count('class="curve') >= 2 and 'class="guide"' in loss["chart"]
    assert "best validation" in loss["aside"]


def test_squared_errors_are_told_in_the_unit_of_the_training_loss():
    run = {**full().run, "fields": {"row": {"state": {}}, "value": {"state": {"mean": 5.0, "std": 10.0}}}}
    content = replace(full(), history=history(metric="mse", values=[200.0, 50.0]), run=run)
    assert learning.validation(content, content.history, "epoch") == [(1.0, 2.0), (2.0, 0.5)]


def test_columns_by_their_importance():
    columns = [{"name": f"column {i}", "value": 0.3 / (i + 1)} for i in range(20)]
    content = replace(full(), evaluation={"importance": {"measure": "what it costs", "examples": 256, "columns": columns}})
    view = importance.build(content)
    assert "column 0" in view["chart"] and "column 15" not in view["chart"]
    assert "what it costs" in view["advice"] and "256" in view["advice"] and view["rest"].startswith("5 ")
    assert "column 0" in render(content)


def test_advice_follows_from_what_was_found():
    commands = [("fukami train TASK x.csv --model linear", "better"), ("fukami predict 'my runs/a' x.csv", "answers")]
    by_heart = history(metric="log_loss", values=[0.7, 0.6, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2])
    run = {**full().run, "training": {"steps": 100}}
    content = replace(full(), run=run, commands=commands, history=by_heart, problems=[{"severity": "warning"}] * 2)
    content = replace(
        content, evaluation={"examples": 90, "metrics": {"accuracy": 0.6}}, baselines={"linear": {"accuracy": 0.7}}
    )
    found = following.build(content)["commands"]
    assert [command.split()[1] for command, _does in found] == ["diagnose", "diagnose", "check", "train", "predict"]
    assert found[0][0] == "fukami diagnose 'my runs/a'" and "simple method" in found[0][1]
    assert "by heart" in found[1][1] and "2 warnings" in found[2][1]
    fitted = replace(content, run={**run, "training": {"steps": 0}})  # a model without steps cannot be diagnosed
    assert [command for command, _does in following.build(fitted)["commands"]][:2] == ["", ""]
    well = replace(content, history=[], problems=[], baselines={})
    assert following.build(well)["commands"] == commands


def test_tables_stack_on_a_phone_and_cards_show_every_row():
    page = render(full())
    style = Path(pages.__file__).with_name("templates") / "page.css"
    assert 'class="metrics stacks"' in page and 'data-of="' in page
    assert ".example:has(table) { max-height: none; }" in style.read_text("utf-8")
