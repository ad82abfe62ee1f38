"""Every broken file, table and folder of the corpus gives a clear message with its name: no traceback, no hang."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from fukami.cli.main import main
from tests.corpus import Case, everything

CASES = everything()
LIMIT_S = 20
LOST = ("F-IMAGE-UNREADABLE", "F-IMAGE-BROKEN", "F-IMAGE-MISSING", "F-IMAGE-SIZE", "F-TEXT-EMPTY", "F-CATEGORY-MISSING")


def test_there_are_more_than_a_hundred():
    assert len(CASES) > 100


@contextlib.contextmanager
def time_limit(seconds: int) -> Iterator[None]:
    def stop(_signal, _frame):
        raise TimeoutError(f"no answer within {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def asked(words: list[str], capsys) -> tuple[int, dict]:
    """Exit code, and the one JSON object on standard output."""
    with time_limit(LIMIT_S):
        code = main([*words, "--json"])
    out, err = capsys.readouterr()
    assert "Traceback" not in err and code in (0, 1, 2), err
    (line,) = out.strip().splitlines()
    return code, json.loads(line)


def words_for(case: Case, data: Path) -> list[str]:
    return [case.task, str(data), *(word for setting in case.settings for word in ("--set", setting))]


@pytest.mark.parametrize("name", CASES)
def test_check_tells_what_is_wrong(name, tmp_path, capsys):
    case = CASES[name]
    if name in ("pictures-no_permission", "folders-closed_folder") and os.geteuid() == 0:
        pytest.skip("permissions do not bind the superuser")
    code, told = asked(["check", *words_for(case, case.make(tmp_path))], capsys)
    problems = told.get("problems") or [{**told["error"], "severity": "error"}]
    for problem in problems:
        assert problem["code"].startswith("F-") and problem["what"] and problem["code"] != "F-BUG", problem
    chosen = [p for p in problems if case.code in ("", p["code"])]
    if case.expects == "error":
        assert code != 0 and "error" in {p["severity"] for p in chosen}, problems
    else:
        assert code == 0, problems
    if case.expects == "fine":
        assert not {p["code"] for p in problems} & set(LOST), problems
    else:
        shown = [json.dumps(p, ensure_ascii=False) for p in chosen]
        assert any(case.names in one for one in shown), problems


REFUSED = [name for name, case in CASES.items() if case.expects == "error" and name != "folders-closed_folder"]


@pytest.mark.parametrize("name", REFUSED[::4])
def test_train_refuses_and_leaves_nothing(name, tmp_path, capsys):
    case = CASES[name]
    data = case.make(tmp_path)
    before = set(tmp_path.rglob("*"))
    code, told = asked(["train", *words_for(case, data), "--out", str(tmp_path / "run")], capsys)
    assert code in (1, 2) and told["error"]["code"].startswith("F-") and told["error"]["code"] != "F-BUG", told
    assert set(tmp_path.rglob("*")) == before
