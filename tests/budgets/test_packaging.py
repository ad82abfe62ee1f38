"""What is installed: every dependency is bounded and in the recorded set, and nothing names a machine or a registry."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
RECORDED = (ROOT / "constraints.txt").read_text("utf-8").splitlines()


def name_of(requirement: str) -> str:
    return re.split(r"[<>=~\[;! ]", requirement)[0].lower().replace("_", "-")


def wanted() -> list[str]:
    """Every requirement that is written out; groups and extras that another includes stand there once."""
    groups, extras = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]
    named = [*PROJECT["project"]["dependencies"], *(one for group in groups.values() for one in group)]
    named += [one for name in ("pandas", "explain", "export", "compress", "serve") for one in extras[name]]
    return sorted({one for one in named if isinstance(one, str)})


def test_tests_have_what_the_extras_bring():
    """Each extra that tests use is in their group, within the same bounds."""
    groups, extras = PROJECT["dependency-groups"], PROJECT["project"]["optional-dependencies"]
    assert {*extras["explain"], *extras["export"], *extras["compress"], *extras["serve"]} == set(groups["extras"])


def test_the_recorded_set_is_names_and_versions_in_order():
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in RECORDED)
    assert sorted(RECORDED, key=str.lower) == RECORDED and "fukami" not in {name_of(line) for line in RECORDED}


@pytest.mark.parametrize("requirement", wanted())
def test_every_dependency_is_bounded_and_recorded(requirement):
    assert re.search(r">=\d", requirement)
    assert name_of(requirement) in {name_of(line) for line in RECORDED}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def test_no_lock_file_and_no_interpreter_is_pinned():
    assert not {"uv.lock", ".python-version"} & {path.name for path in tracked()}


def test_the_check_names_no_path_of_a_machine_and_no_registry():
    """An address or an absolute path would work on one machine only; the shebang is the exception."""
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()[1:]
    assert not [line for line in lines if "://" in line or re.search(r"(?:^|[\s\"'=])/[a-z]+/", line)]


def test_no_tracked_file_names_a_home_folder():
    pattern = re.compile(r"(?:/root/|/home/[a-z]+/|/Users/[A-Za-z]+/)")
    found = []
    for path in tracked():
        if path.suffix in (".py", ".md", ".toml", ".txt", ".po", ".html", ".cfg", "") and path != Path(__file__):
            text = path.read_text("utf-8", errors="ignore")
            found += [f"{path.relative_to(ROOT)}: {line.strip()[:80]}" for line in text.splitlines() if pattern.search(line)]
    assert not found
