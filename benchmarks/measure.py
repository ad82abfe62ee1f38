"""Inside the process of one measurement: `python -m benchmarks.measure MODULE WORK SIDE VERB SETTINGS RESULT`.

VERB is `run` or `prepare`; SIDE is `-` to prepare the work itself. SETTINGS is JSON. The outcome is written to the file RESULT,
because libraries print what they like.
"""

import importlib
import json
import sys
from dataclasses import asdict
from pathlib import Path

from benchmarks.contract import Settings, Work


def found(module: str, name: str) -> Work:
    """The work called `name` of `module`, which holds one as `WORK` or several as `WORKS`."""
    holder = importlib.import_module(module)
    works = getattr(holder, "WORKS", None) or (holder.WORK,)
    return next(work for work in works if work.name == name)


def main(words: list[str]) -> None:
    module, name, side_name, verb, told, result = words
    work, settings = found(module, name), Settings(**json.loads(told))
    if verb == "prepare":
        prepare = work.prepare if side_name == "-" else work.side(side_name).prepare
        assert prepare is not None
        prepare(settings)
        return
    run = work.side(side_name).run
    assert run is not None
    Path(result).write_text(json.dumps(asdict(run(settings))), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
