"""The end of `predict.py` where answers hold sounds: on the command line they become files."""

import base64
import json
import sys
from pathlib import Path

from fukami.export.standalone.program import TOLD, predict
from fukami.export.standalone.single import inputs

SOUND = "data:audio/wav;base64,"


def kept(value, given, out, taken):
    """The path of a new file in the folder `out` for a sound in base64, named after its input; other values as they are.
    `taken` are the names that were given already."""
    if not (isinstance(value, str) and value.startswith(SOUND)):
        return value
    own = stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in Path(str(given)).stem) or "sound"
    number = 1
    while own in taken:
        number += 1
        own = f"{stem}-{number}"
    taken.add(own)
    Path(out).mkdir(parents=True, exist_ok=True)
    place = Path(out) / f"{own}.wav"
    place.write_bytes(base64.b64decode(value[len(SOUND) :]))
    return str(place)


if __name__ == "__main__":
    arguments, out, taken = sys.argv[1:], TOLD["answer"].get("out"), set()
    if arguments[:1] == ["--out"] and arguments[1:]:
        out, arguments = arguments[1], arguments[2:]
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        sys.exit(0 if arguments else 2)
    for argument in arguments:
        try:
            values = inputs(argument, TOLD["input"])
            for value, answer in zip(values, predict(values), strict=True):
                answer = {name: kept(one, value, out, taken) for name, one in answer.items()}
                sys.stdout.buffer.write(json.dumps({"input": value, **answer}, ensure_ascii=False).encode() + b"\n")
        except Exception as error:  # libraries raise whatever a broken input leads to
            print(f"predict.py: {argument}: {error}", file=sys.stderr)
            sys.exit(2)
