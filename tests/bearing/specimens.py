"""Writes a table of the specimens of a task's own fields: `python -m tests.bearing.specimens TASK ROWS FILE`."""

import json
import sys
from pathlib import Path

import numpy as np

from fukami.tasks.contract import is_read
from fukami.tasks.registry import contract


def rows(task, total):
    """`total` records about three hidden classes; a field of one column gives it the field's name."""
    rng, found = np.random.default_rng(0), [{} for _row in range(total)]
    hidden = rng.permutation(np.arange(total) % 3)
    for name, field in task.fields.items():
        if name in task.same or not is_read(field):
            continue
        cells = type(field).specimens(hidden, rng)
        for column in cells:
            for row, value in zip(found, column.values.tolist(), strict=True):
                row[name if len(cells) == 1 else column.name] = value
    return found


if __name__ == "__main__":
    task, total, place = sys.argv[1:]
    Path(place).write_text("".join(json.dumps(row) + "\n" for row in rows(contract(task), int(total))), "utf-8")
