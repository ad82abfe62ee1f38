"""The command line on its own: parsing, mistakes, exit codes, JSON. The functions behind it are stand-ins."""

import ast
import io
import json
import os
import signal
import subprocess
import sys
import types
from pathlib import Path

import pytest

import fukami
from fukami.cli import _text, _verbs
from fukami.cli._evidence import WORDS
from fukami.cli._screen import Screen
from fukami.cli.main import main
from fukami.core import language
from fukami.core.errors import DataError
from fukami.core.plain import plain
from fukami.core.unfinished import Interrupted

TASK = "image-classification"
NEXT = [{"command": f"fukami {verb} runs/x", "does": "something"} for verb in ("predict", "explain", "evaluate")]
SUMMARY = {
    "run": "runs/x",
    "task": TASK,
    "model": "lenet",
    "steps": 12,
    "seconds": 3.5,
    "metrics": {"accuracy": 0.9876},
    "next": NEXT,
}


@pytest.fixture
def api(monkeypatch):
    """A stand-in for `fukami.api` that notes how it was called and answers what a test puts into `answers`."""
    calls, answers = [], {}
    stand_in = types.ModuleType("fukami.api")

    def answering(name):
        def answer(*args, **options):
            calls.append((name, args, options))
            print("a library that prints")
            result = answers[name]
            if isinstance(result, BaseException):
                raise result
            return result

        return answer

    for name in (
        "tasks",
        "models",
        "datasets",
        "check",
        "plan",
        "train",
        "evaluate",
        "predict",
        "quickstart",
        "compress",
        "diagnose",
    ):
        setattr(stand_in, name, answering(name))
    monkeypatch.setitem(sys.modules, "fukami.api", stand_in)
    monkeypatch.setattr(fukami, "api", stand_in, raising=False)
    yield types.SimpleNamespace(calls=calls, answers=answers)
    language.use("en")


def said(capsys, *words):
    """Exit code, standard output and standard error of one command line."""
    code = main(list(words))
    told = capsys.readouterr()
    return code, told.out, told.err


def error_of(capsys, *words):
    """The code and the one JSON object of a command line that fails."""
    code, out, err = said(capsys, *words, "--json")
    error = json.loads(out)["error"]
    assert "Traceback" not in err and error["code"] in err
    return code, error


# -- what is handed over ---------------------------------------------------------------------------------------------
def test_train_hands_everything_over(api, capsys):
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY)
    words = f"train {TASK} photos/ --model resnet18 --epochs 5 --out runs/cats --set a=1 --set b.c=x=y --resume --folds 3"
    words += " --devices 2"
    code, out, _err = said(capsys, *words.split(), "--json")
    assert code == 0 and json.loads(out) == SUMMARY
    name, args, options = api.calls[0]
    assert (name, args) == ("train", (TASK, "photos/"))
    assert options == {
        "model": "resnet18",
        "out": Path("runs/cats"),
        "epochs": 5.0,
        "minutes": None,
        "settings": {"a": "1", "b.c": "x=y", "devices": 2},
        "resume": True,
        "folds": 3,
        "prove_resume": False,
    }


@pytest.mark.parametrize("recipe", ["runs/cats/recipe.toml", "digits/small"])
def test_train_takes_a_recipe_alone(api, capsys, recipe):
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY)
    assert said(capsys, "train", recipe)[0] == 0
    assert api.calls[0][1] == (recipe, None)


@pytest.mark.parametrize(
    "words", ["--epochs 3 train-task photos", "train-task --epochs 3 photos", "train-task photos --epochs 3"]
)
def test_options_stand_anywhere(api, capsys, words):
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY)
    assert said(capsys, "train", *words.replace("train-task", TASK).split())[0] == 0
    assert api.calls[0][1] == (TASK, "photos") and api.calls[0][2]["epochs"] == 3


def test_predict_takes_many_inputs_and_standard_input(api, capsys):
    api.answers["predict"] = {"predictions": [{"input": "a.jpg", "label": "cat", "score": 0.9, "scores": {}}]}
    assert said(capsys, "predict", "runs/x", "a.jpg", "--json", "-", "b.jpg")[0] == 0
    assert api.calls[0][1] == (Path("runs/x"), ["a.jpg", "-", "b.jpg"])


def test_models_are_asked_with_and_without_a_task(api, capsys):
    api.answers["models"] = [
        {"name": "lenet", "summary": "s", "sizes": {"tiny": 44_426, "base": 2e6}, "default": "base", "source": "x"}
    ]
    assert json.loads(said(capsys, "models", "--json")[1])["task"] is None
    code, out, _err = said(capsys, "models", TASK)
    assert code == 0 and "tiny 44.4 k, base* 2 M" in out and api.calls[1][1] == (TASK,)
    assert "for pictures in colour of 32 × 32 pixels" in out


def test_a_model_without_parameters_of_its_own_lists_none(api, capsys):
    api.answers["models"] = [{"name": "linear", "summary": "s", "sizes": {"": 0}, "default": "", "source": "nowhere"}]
    assert said(capsys, "models", TASK)[1].splitlines()[1].split() == ["linear", "nowhere", "s"]


# -- what is printed -------------------------------------------------------------------------------------------------
def test_a_training_ends_with_figures_the_folder_and_what_to_do_next(api, capsys):
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY)
    _code, out, _err = said(capsys, "train", TASK, "photos")
    assert "0.9876" in out and "runs/x/report.html" in out
    assert [line.split()[1] for line in out.splitlines() if line.strip().startswith("fukami ")] == [
        "predict",
        "explain",
        "evaluate",
    ]


def test_the_proof_of_resuming_is_told(api, capsys):
    proof = {"held": True, "killed_at": [7, 13], "steps": 20}
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY | {"resume": proof})
    assert "killed at step 7, 13 of 20 and resumed" in said(capsys, "train", TASK, "photos", "--prove-resume")[1]


def test_what_libraries_print_goes_to_standard_error(api, capsys):
    api.answers["tasks"] = []
    _code, out, err = said(capsys, "tasks", "--json")
    assert json.loads(out) == {"tasks": []} and "a library that prints" in err


def problem(severity):
    return {"code": "F-X", "severity": severity, "what": "odd", "where": "a.csv:3", "expected": "", "got": "", "fix": "mend it"}


def test_check_groups_problems_and_fails_on_errors(api, capsys):
    api.answers["check"] = {"examples": 3, "problems": [problem("warning"), problem("error")]}
    code, out, _err = said(capsys, "check", TASK, "x")
    assert code == 1 and out.index("Errors") < out.index("Warnings") and out.count("mend it") == 2
    assert "1 error, 1 warning, 0 notes" in out


def test_one_error_is_no_errors(api, capsys):
    api.answers["check"] = {"examples": 3, "problems": [problem("warning"), problem("warning"), problem("error")]}
    assert "1 error, 2 warnings, 0 notes" in said(capsys, "check", TASK, "x")[1]


def test_check_with_warnings_alone_is_done(api, capsys):
    api.answers["check"] = {"examples": 3, "problems": [problem("warning")]}
    assert said(capsys, "check", TASK, "x")[0] == 0


def test_every_layout_is_told_in_words():
    from fukami.cli.check import layout_told
    from fukami.data.catalogue import LAYOUT
    from fukami.data.readers import layouts

    told = {name: layout_told(name) for name in (*layouts(), LAYOUT)}
    assert all(words.endswith(f" ({name})") for name, words in told.items()) and len(set(told.values())) == len(told)


def test_every_figure_of_a_symptom_is_told_in_words():
    """Keys of the dicts that become `figures`, read from the sources; whatever goes into `told` or `words` is a sentence's."""
    places = sorted((Path(fukami.__file__).parent / "engine" / "diagnosis" / "symptoms").glob("*.py"))
    found = {}
    for place in places:
        for node in ast.walk(ast.parse(place.read_text("utf-8"))):
            named = (
                isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)) and "figures" in ast.unparse(node).split("=")[0]
            )
            handed = isinstance(node, ast.keyword) and node.arg == "evidence"
            if named or handed:
                keys = [key for part in ast.walk(node) if isinstance(part, ast.Dict) for key in part.keys]
                found |= {key.value: place.name for key in keys if isinstance(key, ast.Constant)}
    assert len(found) > 40 and {key: place for key, place in found.items() if key not in WORDS} == {}


def test_evidence_is_told_in_the_language(api, capsys):
    evidence = {"skill_on_training": 0.0, "better_baseline": "majority"}
    finding = {"code": "F-X", "sentence": "odd", "score": 0.9, "follows": "", "evidence": evidence, "fix": "mend it"}
    api.answers["diagnose"] = {"healthy": False, "findings": [finding], "tests": {}, "verdict": ["Not better."]}
    out = said(capsys, "diagnose", "r")[1]
    assert "Not better." in out
    assert "skill on training examples 0, the simple model that is better: always the commonest class" in out


BESIDE = {"baselines": {"majority": {"accuracy": 0.5}, "linear": {"accuracy": 0.95}}}


def test_evaluation_shows_intervals_and_baselines(api, capsys):
    metrics = {"accuracy": {"value": 0.98, "low": 0.96, "high": 0.99}}
    api.answers["evaluate"] = {"task": TASK, "run": "r", "examples": 50, "metrics": metrics, "verdict": []} | BESIDE
    _code, out, _err = said(capsys, "evaluate", "r")
    assert all(text in out for text in ("0.9800", "0.9600 – 0.9900", "always the commonest class", "0.5000", "a linear model"))
    assert "Better than every simple method" in out


def test_a_training_whose_model_is_no_better_than_a_simple_one_ends_with_saying_so(api, capsys):
    beside = BESIDE | {"verdict": ["It is not better than a linear model."]}
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY | {"metrics": {"accuracy": 0.9}} | beside)
    _code, out, _err = said(capsys, "train", TASK, "photos")
    assert "It is not better than a linear model." in out and "Better than every" not in out
    assert out.index("always the commonest class") < out.index("Run folder")


def test_a_metric_without_a_value_is_no_better_than_anything(api, capsys):
    told = SUMMARY | BESIDE | {"metrics": {"accuracy": None}, "verdict": []}
    api.answers["train"] = types.SimpleNamespace(summary=lambda: told)
    assert "Better than every" not in said(capsys, "train", TASK, "photos")[1]


def test_evaluation_shows_groups_and_what_was_left_out(api, capsys):
    figure = {"value": 0.75, "low": 0.7, "high": 0.8}
    groups = {"sex": [{"value": "f", "examples": 20, "metrics": {"accuracy": figure}}]}
    told = {
        "task": TASK,
        "run": "r",
        "examples": 50,
        "excluded": 7,
        "metrics": {"accuracy": figure},
        "groups": groups,
        "notes": ["odd"],
    }
    api.answers["evaluate"] = told
    _code, out, _err = said(capsys, "evaluate", "r", "x.csv")
    assert all(text in out for text in ("By sex", "7 examples that the run was trained on", "odd"))


@pytest.mark.parametrize(
    ("after_ms", "won", "words"),
    [
        ((0.5, 0.4), "time (4.0× to 5.0× as fast)", ""),
        ((2.2, 2.2), "not time (0.9× as fast)", "It is not faster"),
        ((0.5, 2.0), "time (1.0× to 4.0× as fast)", "with some batches"),
    ],
)
def test_a_compression_says_what_it_won_and_what_not(api, capsys, after_ms, won, words):
    from fukami.compress.gains import gains, note

    before = {"median": 2.0, "p99": 3.0}
    latency = [{"batch": 1, "threads": 1, "before_ms": before, "after_ms": before | {"median": ms}} for ms in after_ms]
    told = {"task": TASK, "run": "small", "how": "int8", "bytes": {"before": 4_000_000, "after": 1_000_000}}
    found = gains(told["bytes"], latency)
    told |= {"gains": found, "notes": [note(found)] if words else [], "latency": latency}
    api.answers["compress"] = told | {"parameters": {"before": 9, "after": 9}, "examples": 50, "metrics": {}}
    _code, out, _err = said(capsys, "compress", "r", "--to", "int8")
    assert f"size (4.0× smaller); {won}" in out and words in out and bool(note(found)) == bool(words)


def test_a_plan_shows_cost_and_what_was_measured(api, capsys):
    plan = {"precision": "bfloat16", "memory_format": "contiguous", "threads": 2, "micro_batch": 0, "compile": "no"}
    measured = [
        plan | {"seconds": 0.0123, "admitted": True, "reason": ""},
        plan | {"threads": 1, "seconds": 0.0, "admitted": False, "reason": "memory"},
    ]
    api.answers["plan"] = {
        "task": TASK,
        "model": "cnn",
        "parameters": 391_000,
        "seconds": 83,
        "plan": plan,
        "alternatives": measured,
    }
    _code, out, _err = said(capsys, "plan", TASK, "x")
    assert all(text in out for text in ("391 k", "1 min 23 s", "bfloat16, 2 threads", "12 ms", "refused"))
    assert "bfloat16, 1 thread: memory ran out" in out


def test_the_same_in_japanese(api, capsys):
    api.answers["check"] = {"examples": 3, "problems": []}
    assert "問題は見つかりませんでした" in said(capsys, "check", TASK, "x", "--lang", "ja")[1]
    assert "問題は見つかりませんでした" in said(capsys, "--lang=ja", "check", TASK, "x")[1]


# -- mistakes --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        ("trian x y", "F-VERB-NAME", "train"),
        ("monitor runs/x", "F-VERB-LATER", None),
        ("", "F-VERB-MISSING", None),
        ("train image-clasification x", "F-TASK-NAME", TASK),
        (f"train {TASK} x --epocs 3", "F-OPTION-NAME", "--epochs"),
        (f"train {TASK} x --epochs", "F-OPTION-VALUE", None),
        (f"train {TASK} x --epochs -3", "F-OPTION-VALUE", None),
        (f"train {TASK} x --epochs nan", "F-OPTION-VALUE", None),
        (f"train {TASK} x --folds 1", "F-OPTION-VALUE", None),
        (f"train {TASK} x --devices 0", "F-OPTION-VALUE", None),
        (f"train {TASK} x --epochs 1 --minutes 1", "F-OPTION-TOGETHER", None),
        (f"train {TASK} x --resume=yes", "F-OPTION-VALUE", None),
        (f"train {TASK} x --set epochs", "F-SET-FORM", "--set epochs=VALUE"),
        (f"train {TASK} x --set a=1 --set a=2", "F-SET-TWICE", None),
        (f"train {TASK}", "F-DATA-MISSING", "fukami datasets"),
        ("train", "F-ARGUMENT-MISSING", None),
        ("predict runs/x", "F-ARGUMENT-MISSING", None),
        (f"check {TASK} a b", "F-ARGUMENT-EXTRA", None),
        (f"check {TASK} a target=kind", "F-ARGUMENT-EXTRA", "--set target=kind"),
        ("tasks --lang fr", "F-LANG", None),
        ("tasks --set a=1", "F-OPTION-NAME", None),
        ("tasks --limit 3", "F-OPTION-NAME", None),
        (f"train {TASK} x --limit=100", "F-OPTION-NAME", "--set limit=100"),
        (f"train {TASK} x --batch-size 64", "F-OPTION-NAME", "--set batch_size=VALUE"),
        (f"check {TASK} x --target kind", "F-OPTION-NAME", "--set target=VALUE"),
        ("--epochs 3 train", "F-OPTION-NAME", None),
    ],
)
def test_a_mistake_is_told_with_its_code_and_mend(api, capsys, words, code, hint):
    exit_code, error = error_of(capsys, *words.split())
    assert (exit_code, error["code"]) == (2, code)
    assert hint is None or hint in error["fix"]
    if words.endswith((" -3", " nan", " 0")):
        assert error["got"] == words.split()[-1]
    assert not api.calls


def test_what_folds_found_is_shown(api, capsys):
    folds = {"accuracy": {"mean": 0.75, "deviation": 0.05, "values": [0.7, 0.8]}}
    api.answers["train"] = types.SimpleNamespace(summary=lambda: SUMMARY | {"folds": folds})
    _code, out, _err = said(capsys, "train", TASK, "x", "--folds", "2")
    assert "accuracy  0.7500 ± 0.0500   0.7000, 0.8000" in out


def test_several_lines_of_an_expectation_stand_below_each_other(api, capsys):
    for lang, column in (("en", 12), ("ja", 14)):
        _code, _out, err = said(capsys, "train", TASK, "x", "y", "--lang", lang)
        assert f"\n{' ' * column}fukami train RECIPE" in err


def test_an_error_of_the_data_has_exit_code_1_and_four_parts(api, capsys):
    api.answers["check"] = DataError("F-X", "broken", where="a.csv:3", expected="a number", got="'x'", fix="correct it")
    code, error = error_of(capsys, "check", TASK, "a.csv")
    assert code == 1
    assert error == {
        "code": "F-X",
        "what": "broken",
        "where": "a.csv:3",
        "expected": "a number",
        "got": "'x'",
        "fix": "correct it",
    }


def test_our_own_mistake_leaves_its_traceback_in_a_file(api, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    api.answers["tasks"] = ZeroDivisionError("oh")
    code, error = error_of(capsys, "tasks")
    assert code == 70 and error["code"] == "F-BUG" and "ZeroDivisionError: oh" in error["got"]
    assert "Traceback" in Path(error["where"]).read_text("utf-8")


def test_an_interrupt_exits_130_and_tells_the_command_that_goes_on(api, capsys):
    api.answers["train"] = Interrupted(Path("runs/.my cats.unfinished"), Path("runs/my cats"))
    code, error = error_of(capsys, "train", TASK, "x")
    assert (code, error["code"], error["where"]) == (130, "F-INTERRUPTED", "runs/.my cats.unfinished")
    assert "is saved and waits to be resumed" in error["what"] and "got" not in error
    assert error["fix"] == f"fukami train {TASK} x --json --out 'runs/my cats' --resume"


@pytest.mark.parametrize(("saved", "what"), [(True, "what had been saved before is safe"), (False, "nothing was saved yet")])
def test_an_interrupt_before_the_first_step_says_what_is_safe(api, capsys, tmp_path, saved, what):
    api.answers["train"] = KeyboardInterrupt()
    if saved:
        (tmp_path / ".run.unfinished").mkdir()
        (tmp_path / ".run.unfinished" / "checkpoint.previous.safetensors").touch()
    words = ["train", TASK, "x", f"--out={tmp_path / 'run'}"]
    code, error = error_of(capsys, *words)
    assert (code, error["code"]) == (130, "F-INTERRUPTED") and what in error["what"]
    assert error["fix"] == " ".join(["fukami", *words, "--json", *(["--resume"] if saved else [])])


def test_an_interrupt_of_a_training_without_a_place_saved_nothing(api, capsys):
    api.answers["train"] = KeyboardInterrupt()
    assert "nothing was saved yet" in error_of(capsys, "train", TASK, "x")[1]["what"]


def test_an_interrupted_tour_goes_on_as_a_training(api, capsys, tmp_path):
    place = tmp_path / ".run.unfinished"
    place.mkdir()
    (place / "recipe.toml").write_text('task = "image-classification"\n[data]\nsource = "digits"\n')
    (place / "data.json").write_text("{}")
    api.answers["quickstart"] = Interrupted(place, tmp_path / "run")
    told = error_of(capsys, "quickstart")[1]["fix"]
    assert told == f"fukami train image-classification digits --out {tmp_path / 'run'} --resume"


def test_an_interrupt_of_anything_else_exits_130(api, capsys):
    api.answers["tasks"] = KeyboardInterrupt()
    code, error = error_of(capsys, "tasks")
    assert (code, error) == (130, {"code": "F-INTERRUPTED", "what": "interrupted"})


@pytest.mark.parametrize("more", [(), ("b.png",)], ids=["alone", "beside another"])
def test_a_file_that_looks_like_an_option_is_told_how_to_be_named(api, capsys, tmp_path, monkeypatch, more):
    (tmp_path / "-1.png").write_text("")
    monkeypatch.chdir(tmp_path)
    code, error = error_of(capsys, "predict", "run", "-1.png", *more)
    assert (code, error["code"], error["got"], error["fix"]) == (2, "F-OPTION-NAME", "-1.png", "did you mean ./-1.png?")


def test_what_the_system_refuses_is_no_mistake_of_ours(api, capsys):
    api.answers["train"] = PermissionError(13, "Permission denied", "/x/y")
    code, error = error_of(capsys, "train", TASK, "x")
    assert (code, error["code"], error["where"]) == (1, "F-FILE-PERMISSION", "/x/y")


def test_termination_is_an_interrupt(tmp_path):
    """A real process, stopped by a real signal while a verb works."""
    program = (
        "import sys, time, types, fukami\n"
        "api = types.ModuleType('fukami.api'); sys.modules['fukami.api'] = fukami.api = api\n"
        "def tasks():\n    print('ready', flush=True); time.sleep(30)\n"
        "api.tasks = tasks\n"
        "from fukami.cli.main import main\nsys.exit(main(['tasks', '--json']))"
    )
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None and process.stderr.readline() == "ready\n"
    process.send_signal(signal.SIGTERM)
    out, _err = process.communicate(timeout=10)
    assert process.returncode == 130 and json.loads(out)["error"]["code"] == "F-INTERRUPTED"


def test_a_reader_that_leaves_early_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([sys.executable, "-m", "fukami", "--help"], stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert done.returncode == 0 and done.stderr == b""


# -- help ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("speech", ["en", "ja"])
@pytest.mark.parametrize("verb", _verbs.present())
def test_help_fits_the_width_and_shows_examples(api, capsys, verb, speech):
    code, out, _err = said(capsys, "--lang", speech, verb, "--help")
    assert code == 0 and f"fukami {verb}" in out and "--json" in out
    assert max(_text.width(line) for line in out.splitlines()) <= 102
    assert ("使い方" in out) == (speech == "ja")


def test_help_lists_the_verbs_that_are_not_there_yet(api, capsys):
    code, out, _err = said(capsys, "--help")
    assert code == 0 and out.index("predict") < out.index("Not there yet") < out.index("monitor")
    assert said(capsys)[:2] == (0, out)


def test_the_version(api, capsys):
    assert json.loads(said(capsys, "--version", "--json")[1])["version"] == fukami.__version__


# -- words and figures -----------------------------------------------------------------------------------------------
def test_json_has_no_nan_and_no_foreign_numbers():
    import numpy as np

    given = {"a": float("inf"), "b": np.float32(0.5), "c": np.arange(2), "d": Path("x"), 3: (None, True)}
    assert plain(given) == {"a": None, "b": 0.5, "c": [0, 1], "d": "x", "3": [None, True]}
    with pytest.raises(TypeError):
        plain(object())


def test_columns_line_up_also_under_wide_characters():
    stream = io.StringIO()
    Screen(stream, columns=60).table(("名前", "x"), [("猫", "1"), ("long name", "2")])
    assert len({_text.width(line) for line in stream.getvalue().splitlines()}) == 1


def test_no_japanese_line_starts_with_a_closing_mark():
    lines = _text.wrap("これは長い文です。つぎの行に、句点が来てはいけません。", 18)
    assert "".join(lines) == "これは長い文です。つぎの行に、句点が来てはいけません。"
    assert all(line[0] not in "、。" for line in lines) and max(map(_text.width, lines)) <= 20


# -- streams ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", ">&- 2>&-"])
def test_a_stream_that_the_shell_closed_is_no_mistake_of_ours(closing):
    done = subprocess.run(["sh", "-c", f"{sys.executable} -m fukami tasks --lang ja {closing}"], capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr


def test_what_a_terminal_cannot_encode_is_written_out():
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    words = [sys.executable, "-m", "fukami", "tasks", "--lang", "ja"]
    done = subprocess.run(words, capture_output=True, text=True, env=environment)
    assert done.returncode == 0 and "\\u" in done.stdout


def test_an_out_below_a_file_is_no_mistake_of_ours(api, capsys, tmp_path):
    api.answers["train"] = NotADirectoryError(20, "Not a directory", "/x/file/run")
    assert error_of(capsys, "train", TASK, "x")[1]["code"] == "F-FILE-PERMISSION"


def test_a_weight_that_is_no_number_is_not_drawn():
    """One example alone cannot be exchanged with another: permutation has nothing to say."""
    from fukami.cli.explain import show

    summary = {"examples": 1, "units": [{"name": "weather", "weight": float("nan")}, {"name": "town", "weight": 0.5}]}
    stream = io.StringIO()
    show({"task": TASK, "run": "r", "method": "permutation", "explanations": [], "summary": summary}, Screen(stream))
    assert "Over 1 example\n" in stream.getvalue() and "town" in stream.getvalue() and "weather" not in stream.getvalue()


@pytest.mark.parametrize(
    ("words", "fix"),
    [
        (["predict", "明日.csv", "run 1"], "fukami predict 'run 1' '明日.csv'"),
        (["evaluate", "t.csv", "run 1", "--set", "a=1"], "fukami evaluate 'run 1' t.csv --set a=1"),
        (["train", "t.csv", TASK, "--epochs", "3"], f"fukami train {TASK} t.csv --epochs 3"),
        (["train", "data/t.csv", TASK], f"fukami train {TASK} data/t.csv"),
        (["check", "t.csv", TASK], f"fukami check {TASK} t.csv"),
    ],
)
def test_arguments_the_other_way_round(api, capsys, tmp_path, monkeypatch, words, fix):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run 1").mkdir()
    (tmp_path / "run 1" / "run.json").write_text("{}")
    code, error = error_of(capsys, *words)
    assert (code, error["code"]) == (2, "F-ARGUMENT-ORDER") and error["fix"].removesuffix(" --json") == fix and not api.calls


def test_answers_beside_an_error_end_with_1(api, capsys):
    error = {"code": "F-TEXT-EMPTY", "what": "the text is empty", "fix": "fill it in"}
    api.answers["predict"] = {"predictions": [{"input": "a", "label": "cat", "score": 0.9}, {"input": "b", "error": error}]}
    code, out, _err = said(capsys, "predict", "runs/x", "t.csv")
    assert code == 1 and "cat" in out and "F-TEXT-EMPTY the text is empty (fix: fill it in)" in " ".join(out.split())
    code, out, _err = said(capsys, "predict", "runs/x", "t.csv", "--json")
    assert code == 1 and json.loads(out)["predictions"][1]["error"] == error
