"""Pages that speak of the code agree with it: lists of error codes, the README's commands, links."""

import importlib.util
import re
import shlex
from pathlib import Path

import pytest

from fukami.cli import _verbs
from fukami.cli._parser import Parser, common

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / name for name in ("README.md", "README.ja.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    ROOT.glob("docs/**/*.md")
)
SPEC = importlib.util.spec_from_file_location("errors", ROOT / "tools" / "errors.py")
assert SPEC is not None and SPEC.loader is not None
errors = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(errors)


def test_every_error_code_is_listed(capsys, monkeypatch):
    monkeypatch.setattr("sys.argv", ["errors.py"])
    assert errors.main() == 0
    told = capsys.readouterr().out
    assert told.count("\n| `F-") >= 300 and told.count("\n| `F-DATA") >= 5


def test_a_code_and_its_sentence_are_found(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text('raise DataError("F-ODD-ONE", _("{n} files are odd").format(n=2), where="x")\n')
    monkeypatch.setattr(errors, "SOURCE", tmp_path)
    assert "| `F-ODD-ONE` | {n} files are odd | a |" in errors.page(tmp_path)


def commands(page: Path) -> list[list[str]]:
    """Every `fukami …` line inside a fence, as words."""
    fenced = re.findall(r"```\w*\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = [line.split(" #")[0].strip() for block in fenced for line in block.splitlines()]
    found = [re.search(r"(?:^|uv run )fukami (.*)$", line) for line in lines]
    return [shlex.split(match.group(1)) for match in found if match]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_command_on_a_page_can_be_typed(page):
    for verb, *words in commands(page):
        parser = Parser(verb, summary="")
        _verbs.load(verb).arguments(parser)
        common(parser)
        parser.read(words)


def test_the_readmes_show_the_same_commands_and_name_the_list_of_tasks():
    english, japanese = PAGES[:2]
    assert commands(english) == commands(japanese) and len(commands(english)) >= 7
    for page in (english, japanese):
        text = page.read_text("utf-8")
        assert "`fukami tasks`" in text
        assert "pip install uv && uv run fukami quickstart" in text and "\nuv run pytest\n" in text


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text("utf-8")):
        assert target.startswith("http") or (page.parent / target).exists(), target
