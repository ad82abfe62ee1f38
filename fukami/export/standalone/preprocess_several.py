"""The frame of `preprocess.py` where a network gives several tensors, or lies on places of the input."""

import json
from pathlib import Path

from fukami.export.standalone.answered import answered
from fukami.export.standalone.image import read

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))


def tensors(values):
    """The network's inputs, by name, of raw inputs."""
    return read(values, TOLD["input"])


def answers(outputs, values):
    """An answer for each raw input, of the list of arrays that the network gave for them."""
    return answered(outputs[0] if len(outputs) == 1 else zip(*outputs, strict=True), values, TOLD)
