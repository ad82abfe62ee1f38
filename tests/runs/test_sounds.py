"""Recordings from files to a run, and the figure that the defaults reach on public data."""

import os

import numpy as np
import pytest
import soundfile

import fukami


def written(folder, per_class: int = 24) -> None:
    """Three kinds of tones by two singers, whose names stand in the files' names."""
    rng = np.random.default_rng(0)
    for number in range(3 * per_class):
        at_L = np.arange(int(rng.integers(800, 1200))) / 4000
        wave = 0.4 * np.sin(2 * np.pi * (300 + 400 * (number % 3)) * at_L) + rng.normal(0, 0.02, len(at_L))
        soundfile.write(folder / f"{'abc'[number % 3]}_{('ann', 'bob')[number // 3 % 2]}_{number}.wav", wave, 4000)


@pytest.mark.slow
def test_sounds_by_the_names_of_their_files(tmp_path):
    (tmp_path / "data").mkdir()
    written(tmp_path / "data")
    told = {"label_from": "{label}_{speaker}_*", "bands": 16, "compile": "no", "epochs": 30, "batch_size": 8}
    run = fukami.train("audio-classification", tmp_path / "data", model="audio-cnn:tiny", out=tmp_path / "run", **told)
    assert run.metrics["accuracy"] > 0.9
    (answer,) = run.predict([str(next((tmp_path / "data").glob("b_*.wav")))])
    assert answer["label"] == "b"
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "media-src data:" in page


@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="needs FUKAMI_DATA")
def test_spoken_digits_with_one_command(tmp_path):
    run = fukami.train("audio-classification", "fsdd", out=tmp_path / "run")
    assert run.metrics["accuracy"] >= 0.98
