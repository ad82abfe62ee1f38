"""The frame of `predict.py`: asks the graph. What stands for fields here is replaced by those of the run."""

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime

from fukami.export.standalone.category import answer
from fukami.export.standalone.image import read
from fukami.export.standalone.single import inputs

TOLD = json.loads(Path(__file__).with_name("preprocessing.json").read_text("utf-8"))
SESSION = onnxruntime.InferenceSession(str(Path(__file__).with_name("model.onnx")), providers=["CPUExecutionProvider"])


def scores(values):
    """What the network gives for raw inputs, 32 at a time."""
    if not values:
        raise ValueError("there is no input")
    parts = (values[start : start + 32] for start in range(0, len(values), 32))
    return np.concatenate([SESSION.run(None, read(part, TOLD["input"]))[0] for part in parts])  # pyright: ignore


def spread(argument):
    """What an argument stands for: itself, or those files of a folder that can be read."""
    if not (argument and len(argument) < 1024 and Path(argument).is_dir()):
        return [argument]
    known = [path for path in sorted(Path(argument).rglob("*")) if path.suffix.lower() in TOLD["input"]["extensions"]]
    found = [str(path) for path in known if "/." not in f"/{path.relative_to(argument).as_posix()}"]  # not hidden
    if not found:
        raise ValueError("the folder holds no file that can be read")
    return found


def predict(values):
    """An answer for each raw input."""
    return [answer(row, TOLD["answer"]) for row in scores(values)]


if __name__ == "__main__":
    if not sys.argv[1:] or sys.argv[1] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if sys.argv[1:] else 2)
    sys.stdout.reconfigure(encoding="utf-8")  # pyright: ignore
    for argument in sys.argv[1:]:
        try:
            values = [value for one in spread(argument) for value in inputs(one, TOLD["input"])]
            for value, told in zip(values, predict(values), strict=True):
                print(json.dumps({"input": value, **told}, ensure_ascii=False))
        except Exception as error:  # libraries raise whatever a broken input leads to
            print(f"predict.py: {argument}: {error}", file=sys.stderr)
            sys.exit(2)
