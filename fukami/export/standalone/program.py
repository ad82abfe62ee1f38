"""The frame of `predict.py`: asks the graph. What stands for fields here is replaced by those of the run."""

import json
import sys
from pathlib import Path

import onnxruntime

from fukami.export.standalone.category import answer
from fukami.export.standalone.image import read
from fukami.export.standalone.single import inputs

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))
SESSION = onnxruntime.InferenceSession(str(Path(__file__).with_name("model.onnx")), providers=["CPUExecutionProvider"])


def predict(values):
    """An answer for each raw input, computed 32 at a time."""
    if not values:
        raise ValueError("there is no input that can be read")
    parts = (read(values[start : start + 32], TOLD["input"]) for start in range(0, len(values), 32))
    return [answer(row, TOLD["answer"]) for part in parts for row in SESSION.run(None, part)[0]]  # pyright: ignore


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] else 2)
    for argument in sys.argv[1:]:
        try:
            values = inputs(argument, TOLD["input"])
            for value, told in zip(values, predict(values), strict=True):
                sys.stdout.buffer.write(json.dumps({"input": value, **told}, ensure_ascii=False).encode() + b"\n")
        except Exception as error:  # libraries raise whatever a broken input leads to
            print(f"predict.py: {argument}: {error}", file=sys.stderr)
            sys.exit(2)
