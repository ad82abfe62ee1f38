"""The frame of `predict.py`: asks the graph. What stands for fields here is replaced by those of the run."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from fukami.export.standalone.category import answer
from fukami.export.standalone.image import inputs, read

FOLDER = Path(__file__).parent
TOLD = json.loads((FOLDER / "preprocessing.json").read_text("utf-8"))
SESSION = onnxruntime.InferenceSession(str(FOLDER / "model.onnx"), providers=["CPUExecutionProvider"])


def scores(values, batch=32):
    """What the network gives for raw inputs."""
    names = [node.name for node in SESSION.get_inputs()]
    parts = []
    for start in range(0, len(values), batch):
        tensors = read(values[start : start + batch], TOLD["input"])
        parts.append(SESSION.run(None, {name: tensors[name] for name in names})[0])
    return np.concatenate(parts)


def predict(values):
    """An answer for each raw input."""
    return [answer(row, TOLD["answer"]) for row in scores(values)]


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__ if not sys.argv[1:] else print(__doc__))
    for argument in sys.argv[1:]:
        try:
            values = [json.loads(line) for line in sys.stdin if line.strip()] if argument == "-" else inputs(argument)
            answers = predict(values)
        except (OSError, KeyError, ValueError) as error:
            sys.exit(f"predict.py: {argument}: {error}")
        for value, told in zip(values, answers, strict=True):
            print(json.dumps({"input": value, **told}, ensure_ascii=False))
