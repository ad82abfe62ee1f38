"""What people and programs rely on: names of the Python API, verbs, flags. Growth is a decision, taken by editing this file."""

import fukami
from fukami.cli import _verbs
from fukami.cli._parser import Parser, common

NAMES = ["FukamiClassifier", "FukamiError", "FukamiRegressor", "Run", "check", "load", "options", "plan", "predict"]
NAMES += ["quickstart", "train"]

LATER = {"monitor", "update"}

COMMON = {"--json", "--lang", "--help", "-h"}

VERBS = {
    "quickstart": {"--out"},
    "tasks": set(),
    "models": {"TASK"},
    "options": {"TASK", "MODEL"},
    "datasets": set(),
    "check": {"TASK", "DATA", "--set"},
    "plan": {"TASK", "DATA", "--model", "--set"},
    "train": {"TASK", "DATA", "--model", "--out", "--epochs", "--minutes", "--set"}
    | {"--resume", "--prove-resume", "--folds", "--devices"},
    "diagnose": {"RUN", "DATA"},
    "evaluate": {"RUN", "DATA", "--set"},
    "compare": {"RUN", "DATA", "--set"},
    "predict": {"RUN", "INPUT", "--history", "--out", "--set"},
    "search": {"RUN", "INPUT", "--top", "--in", "--duplicates", "--near"},
    "explain": {"RUN", "INPUT", "--method", "--of", "--out", "--examples"},
    "compress": {"RUN", "--to", "--prune", "--unstructured", "--distill", "--budget", "--max-drop"}
    | {"--epochs", "--data", "--out", "--set"},
    "export": {"RUN", "DATA", "--to", "--out"},
    "serve": {"RUN", "--host", "--port", "--key", "--log", "--log-share", "--log-inputs"}
    | {"--batch", "--deadline", "--waiting", "--seconds"},
}


def words_of(verb: str) -> set[str]:
    """Every flag and placeholder that the verb takes."""
    parser = Parser(verb, summary="")
    _verbs.load(verb).arguments(parser)
    common(parser)
    return {word for action in parser._actions for word in (action.option_strings or [str(action.metavar)])}


def test_the_names_of_the_python_api():
    assert sorted(fukami.__all__) == NAMES
    assert all(callable(getattr(fukami, name)) for name in NAMES if name not in ("Run",))


def test_the_verbs():
    assert _verbs.present() == list(VERBS)
    assert set(_verbs.later()) == LATER


def test_the_flags_of_every_verb():
    assert {verb: words_of(verb) - COMMON for verb in VERBS} == VERBS
    assert all(words_of(verb) >= COMMON for verb in VERBS)


def test_every_verb_has_a_sentence_ways_to_call_it_and_examples_that_start_with_it():
    for verb in VERBS:
        module = _verbs.load(verb)
        assert module.SUMMARY and module.USAGE and module.EXAMPLES
        assert all(f"fukami {verb}" in command for command, _does in module.EXAMPLES)
