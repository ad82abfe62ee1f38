"""What a start costs: `import fukami` under 0.1 s without torch, `fukami --help` under 0.3 s in total."""

import os
import subprocess
import sys
import time

import pytest

HEAVY = ("torch", "numpy", "pyarrow", "sklearn", "pandas", "rich", "timm", "transformers", "PIL", "scipy", "jinja2")
SLACK = 3.0
"""How much slower a machine that runs other tests may be."""


def seconds_of(*command: str, trials: int = 5) -> float:
    """The best of several trials: the least disturbed one."""
    times = []
    for _ in range(trials):
        start = time.perf_counter()
        subprocess.run([sys.executable, *command], check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return min(times)


def loaded_by(code: str) -> set[str]:
    show = f"import sys, contextlib, io\n{code}\nprint('\\n'.join({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", show], check=True, capture_output=True, text=True)
    return set(done.stdout.split())


def test_importing_fukami_is_quick():
    assert seconds_of("-c", "import fukami") - seconds_of("-c", "pass") < 0.1 * SLACK


def test_importing_fukami_loads_nothing_heavy():
    assert not loaded_by("import fukami").intersection(HEAVY)


def test_help_is_quick():
    assert seconds_of("-m", "fukami", "--help") < 0.3 * SLACK


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["trian"], ["train", "no-such-task", "x"], ["explain"]])
def test_help_and_mistakes_load_nothing_heavy(words):
    code = f"from fukami.cli.main import main\nwith contextlib.redirect_stdout(io.StringIO()): main({words!r})"
    assert not loaded_by(code).intersection(HEAVY)


def test_listing_tasks_and_datasets_needs_no_torch():
    code = (
        "from fukami.cli.main import main\nwith contextlib.redirect_stdout(io.StringIO()): main(['tasks']); main(['datasets'])"
    )
    assert "torch" not in loaded_by(code)


def test_the_language_is_taken_from_the_environment():
    environment = {**os.environ, "FUKAMI_LANG": "", "LC_ALL": "ja_JP.UTF-8"}
    done = subprocess.run([sys.executable, "-m", "fukami", "--help"], env=environment, capture_output=True, text=True)
    assert "使い方" in done.stdout
