"""What a start costs: `import fukami` under 0.1 s without torch, `fukami --help` under 0.3 s in total."""

import json
import os
import struct
import subprocess
import sys
import time

import pytest

from fukami.core import artefact

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


def test_lists_need_no_torch():
    lists = [["tasks"], ["datasets"], ["models"], ["models", "image-classification"], ["models", "tabular-classification"]]
    code = (
        f"from fukami.cli.main import main\nwith contextlib.redirect_stdout(io.StringIO()):\n for words in {lists}: main(words)"
    )
    assert "torch" not in loaded_by(code)


def test_the_language_is_taken_from_the_environment():
    environment = {**os.environ, "FUKAMI_LANG": "", "LC_ALL": "ja_JP.UTF-8"}
    done = subprocess.run([sys.executable, "-m", "fukami", "--help"], env=environment, capture_output=True, text=True)
    assert "使い方" in done.stdout


# -- mistakes that names and files show ----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders that pass for runs as far as names and files go."""
    root = tmp_path_factory.mktemp("runs")
    fields = {
        "pictures": ("image-classification", "image", "category", {"classes": ["cat", "dog"]}, "stem.weight", (8, 1, 3, 3)),
        "houses": ("tabular-regression", "row", "number", {}, "head.weight", (4, 1, 8)),
        "reviews": (
            "text-classification",
            "text",
            "category",
            {"classes": ["bad", "good"]},
            "rnn.weight_hh_l0",
            (8, 8),
        ),
    }
    for name, (task, kind, target, state, weight, shape) in fields.items():
        with artefact.creating(root / name) as draft:
            told = {"input": {"kind": kind, "state": {}}, "target": {"kind": target, "state": state}}
            artefact.write_json(draft / "run.json", {"schema": artefact.SCHEMA, "task": task, "fields": told})
            header = json.dumps({weight: {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}).encode()
            (draft / "model").mkdir()
            (draft / "model" / "model.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    unfinished = root / ".cats.unfinished"
    unfinished.mkdir()
    (unfinished / "recipe.toml").write_text('task = "image-classification"\n')
    return root


MISTAKES = {
    "export pictures --to foo": "F-FORMAT-NAME",
    "export nothing": "F-RUN-MISSING",
    "export cats": "F-RUN-UNFINISHED",
    "export pictures none.csv": "F-DATA-MISSING",
    "compress pictures": "F-COMPRESS-HOW",
    "compress pictures --to int9": "F-COMPRESS-TO",
    "compress pictures --prune 1.5": "F-COMPRESS-SHARE",
    "compress pictures --prune 0.5 --distill cnn:tiny": "F-OPTION-TOGETHER",
    "compress pictures --distill cnn:tny": "F-MODEL-SIZE",
    "compress pictures --distill gru": "F-KIND-FIT",
    "compress pictures --budget latency": "F-BUDGET-FORM",
    "compress pictures --budget rmse-drop<=1": "F-METRIC-NAME",
    "compress pictures --to int8 --max-drop nan": "F-COMPRESS-DROP",
    "compress pictures --to int8 --epochs 3": "F-COMPRESS-LEARNS",
    "compress pictures --to int8 --data none": "F-DATA-MISSING",
    "compress houses --prune 0.5": "F-PRUNE-NOTHING",
    "compress reviews --prune 0.5": "F-PRUNE-NOTHING",
    "explain pictures --method foo": "F-METHOD-NAME",
    "explain reviews --method grad-cam": "F-EXPLAIN-KIND",
    "explain pictures --of bird": "F-EXPLAIN-LABEL",
    "explain houses --of dear": "F-EXPLAIN-LABEL",
    "explain pictures none.png": "F-INPUT-MISSING",
    "predict pictures none.png": "F-INPUT-MISSING",
    "predict houses none.csv": "F-INPUT-MISSING",
    "predict cats x.png": "F-RUN-UNFINISHED",
    "evaluate pictures none": "F-DATA-MISSING",
    "diagnose nothing": "F-RUN-MISSING",
    "train image-classification none": "F-DATA-MISSING",
    "train image-classification digits --model cnn:tny": "F-MODEL-SIZE",
    "plan image-classification digits --model resnt18": "F-MODEL-NAME",
    "check tabular-regression none.csv": "F-DATA-MISSING",
}


def test_mistakes_that_names_and_files_show_are_told_before_torch_is_loaded(runs):
    code = (
        f"import io, json, sys, time\nfrom fukami.cli.main import main\nfor words in {list(MISTAKES)!r}:\n"
        "    sys.stdout = io.StringIO(); began = time.perf_counter()\n"
        "    main([*words.split(), '--json'])\n"
        "    told, sys.stdout = sys.stdout.getvalue(), sys.__stdout__\n"
        "    print(json.loads(told)['error']['code'], time.perf_counter() - began, *(m for m in sys.modules if m == 'torch'))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=runs, capture_output=True, text=True)
    found = [line.split() for line in done.stdout.splitlines()]
    assert dict(zip(MISTAKES, [line[0] for line in found], strict=False)) == MISTAKES
    assert not [words for words, line in zip(MISTAKES, found, strict=True) if "torch" in line]
    assert max(float(line[1]) for line in found) < 0.2 * SLACK


def test_a_library_that_is_missing_is_told_before_torch_is_loaded(runs):
    code = (
        "import sys, importlib.util as u\nfind = u.find_spec\n"
        "u.find_spec = lambda name, *more: None if name == 'executorch' else find(name, *more)\n"
        "from fukami.cli.main import main\nmain(['export', 'pictures', '--to', 'pte'])\nassert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=runs, capture_output=True, text=True)
    assert done.returncode == 0 and "pip install 'fukami[edge]'" in done.stderr
