"""The end of `predict.py`: what it does on the command line."""

import json
import sys

from fukami.export.standalone.program import TOLD, predict
from fukami.export.standalone.single import inputs

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
