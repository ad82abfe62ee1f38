"""What lies between a network and its metrics does not look into answers: only fields, and what is made for one kind, do."""

import re

import pytest

from fukami.core.cards import cards
from tests.budgets.test_architecture import FILES, PACKAGE

WORDS = {
    "classes": re.compile(r"""state(\"\]|'\])?(\[|\.get\()"classes\""""),
    "largest": re.compile(r"\bargmax\(|softmax"),
    "outputs": re.compile(r"\bnum_outputs\b|\boutputs_BMK\b"),
    "scores": re.compile(r"\bscores_BK?\b"),
}
OWN = ("fields", "metrics", "objectives", "evaluate/details", "evaluate/baselines", "export/standalone", "layers")
"""Rooms whose files are about kinds of target, or about how outputs become answers."""
WHOLE = {
    f"models/{name.replace('-', '_')}.py" for name, card in cards("models").items() if set(card.gives) & set(cards("fields"))
}
"""Models that are whole, and so know their own answers."""
KNOWN = {
    "compress/gate.py": "the example that differs most",
    "compress/pruning.py": "the shape of a linear head",
    "core/beforehand.py": "labels, asked before a field can be loaded",
    "data/checks/leakage.py": "the commonest value of a column",
    "data/draws.py": "the smallest part of a split",
    "engine/diagnosis/neighbours.py": "the commonest class among neighbours",
    "evaluate/whole.py": "how many classes a metric needs to say anything",
    "explain/methods/attention_rollout.py": "attention",
    "export/parity.py": "the example that differs most",
    "models/best.py": "the shape of a linear head, and probabilities that parts of one model add up",
    "models/boosting.py": "the shape of a linear head",
    "models/contract.py": "the shape of a linear head",
    "models/perceptron.py": "what the model is called elsewhere",
    "models/registry.py": "the shape of a linear head",
    "models/wrapped.py": "the shape of a linear head",
    "predictor.py": "the shape of a linear head",
    "tasks/compose.py": "the shape of a linear head",
    "training/building.py": "the shape of a linear head",
    "training/fitting.py": "the shape of a linear head",
}
"""What is left, and why. It may only become shorter."""


def told() -> dict[str, set[str]]:
    """File → the words in it."""
    found = {}
    for path in FILES:
        name = path.relative_to(PACKAGE).as_posix()
        words = {word for word, pattern in WORDS.items() if pattern.search(path.read_text("utf-8"))}
        if words and not name.startswith(OWN) and name not in WHOLE:
            found[name] = words
    return found


def test_nobody_but_fields_and_metrics_looks_into_answers():
    assert set(told()) <= set(KNOWN), {name: words for name, words in told().items() if name not in KNOWN}


def test_what_is_left_is_still_there():
    assert set(KNOWN) <= set(told()), "the list may become shorter"


@pytest.mark.parametrize(
    "line", ['field["state"].get("classes", ())', 'target.state["classes"]', "x.argmax(1)", "scores_BK = 1"]
)
def test_the_words_are_found(line):
    assert any(pattern.search(line) for pattern in WORDS.values())
