"""The frame of `predict.py`: asks the graph for one tensor. What stands for fields here is replaced by those of the run."""

import json
from pathlib import Path

import onnxruntime

from fukami.export.standalone.category import answer
from fukami.export.standalone.image import read

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))
SESSION = onnxruntime.InferenceSession(str(Path(__file__).with_name("model.onnx")), providers=["CPUExecutionProvider"])


def predict(values):
    """An answer for each raw input, computed 32 at a time."""
    if not values:
        raise ValueError("there is no input that can be read")
    parts = (read(values[start : start + 32], TOLD["input"]) for start in range(0, len(values), 32))
    return [answer(row, TOLD["answer"]) for part in parts for row in SESSION.run(None, part)[0]]  # pyright: ignore
