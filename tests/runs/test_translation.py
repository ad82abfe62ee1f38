"""Translation by the command that people type: to the figure that is claimed, and from pairs to a program without Fukami."""

import os

import pytest

import fukami
from tests.unit.test_translation import PAIRS


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FUKAMI_DATA"), reason="reads real data")
def test_short_sentences_of_english_become_japanese(tmp_path):
    run = fukami.train("translation", "small-parallel-enja", out=tmp_path / "run")
    assert run.metrics["bleu"] >= 18


@pytest.mark.slow
def test_pairs_are_learned_answered_and_exported(tmp_path):
    (tmp_path / "pairs.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in PAIRS))
    small = {"size": "tiny", "epochs": 40, "plan": "default"}
    run = fukami.train("translation", tmp_path / "pairs.tsv", out=tmp_path / "run", settings=small)
    assert run.metrics["bleu"] > 50
    (answer,) = run.predict([PAIRS[0][0]])
    assert answer["text"] == PAIRS[0][1] and 0 < answer["score"] < 1
    greedy = fukami.predict(tmp_path / "run", [PAIRS[0][0]], settings={"beams": 1})["predictions"]
    assert greedy[0]["text"] == PAIRS[0][1]
    assert (run.export("onnx", out=tmp_path / "onnx") / "steps.onnx").exists()
