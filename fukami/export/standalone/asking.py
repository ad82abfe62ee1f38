"""The frame of `predict.py` where a graph gives several tensors, lies on places of the input, or is asked again."""

import json
from pathlib import Path

import onnxruntime

from fukami.export.standalone.answered import answered
from fukami.export.standalone.image import read
from fukami.export.standalone.once import ask

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))
SESSIONS = {
    name: onnxruntime.InferenceSession(str(Path(__file__).with_name(f"{name}.onnx")), providers=["CPUExecutionProvider"])
    for name in TOLD["graphs"]
}


def predict(values):
    """An answer for each raw input, computed 32 at a time."""
    if not values:
        raise ValueError("there is no input that can be read")
    parts = [values[start : start + 32] for start in range(0, len(values), 32)]
    asked = ((part, ask(SESSIONS, read(part, TOLD["input"]), TOLD["asking"])) for part in parts)
    return [told for part, rows in asked for told in answered(rows, part, TOLD)]
