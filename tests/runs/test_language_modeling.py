"""Language models by the command that people type: to the figure that is claimed, and interrupted to the same weights."""

import os

import pytest

import fukami


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get("FUKAMI_DATA"), reason="reads real data")
def test_tiny_shakespeare_by_characters(tmp_path):
    run = fukami.train("language-modeling", "tinyshakespeare", out=tmp_path / "run")
    assert run.metrics["nats_per_character"] <= 1.9


def test_a_language_model_from_text_to_text(tmp_path):
    (tmp_path / "a.txt").write_text("".join(f"{n} and {n + 1} make {2 * n + 1}.\n" for n in range(900)))
    small = {"size": "tiny", "context": 64, "epochs": 2, "plan": "default", "max_tokens": 12}
    run = fukami.train("language-modeling", tmp_path / "a.txt", out=tmp_path / "run", settings=small)
    assert 1 < run.metrics["perplexity"] < 16
    assert run.evaluation["samples"] and run.evaluation["passages"]
    (answer,) = run.predict(["7 and 8"])
    assert len(answer["text"]) == 12
    assert run.predict(["7 and 8"]) == fukami.load(tmp_path / "run").predict(["7 and 8"])
    told = fukami.predict(tmp_path / "run", ["7 and 8"], settings={"max_tokens": 3, "greedy": True})["predictions"]
    assert len(told[0]["text"]) == 3
