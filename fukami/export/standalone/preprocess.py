"""The frame of `preprocess.py`: what goes into a network and comes out of it, where another library computes it."""

import json
from pathlib import Path

from fukami.export.standalone.category import answer
from fukami.export.standalone.image import read

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))


def tensors(values):
    """The network's inputs, by name, of raw inputs."""
    return read(values, TOLD["input"])


def answers(scores):
    """An answer for each row of scores."""
    return [answer(row, TOLD["answer"]) for row in scores]
