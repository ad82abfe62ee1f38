"""`history.jsonl`: one JSON object a line, one line per logged step, written so that a crash costs at most the last line.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "history.jsonl"
>>> with History(place) as history: history.write({"step": 1, "loss": 2.5})
>>> with History(place, resume_at=1) as history: history.write({"step": 2, "loss": 1.5})
>>> [line["step"] for line in read(place)]
[1, 2]
"""

import json
import math
from pathlib import Path
from typing import Any

from fukami.engine.patient import Patient


class History:
    """Appends lines to `place`. Every line is handed to the system at once, so another process can follow it; a disk that is
    full is waited for.

    `resume_at` is the number of steps that were done when the training was saved, `returns` how often it had gone back until
    then: lines of later steps, and a last line that a crash cut short, are taken away, since those steps come again. With 0 and
    0 the file starts empty.
    """

    def __init__(self, place: Path, *, resume_at: int = 0, returns: int = 0):
        self.place = place
        self._file = Patient(place)
        self._keep(resume_at, returns)

    def _keep(self, last: int, returns: int | None) -> None:
        kept = until(_lines(self._file.content()), last, returns)
        self._file.replace("".join(map(_line, kept)).encode())

    def back_to(self, step: int) -> None:
        """Takes away the lines of steps after `step`, which come again."""
        self._keep(step, None)

    def write(self, line: dict[str, Any]) -> None:
        """Writes one line. Numbers, text, lists and tables; its `step` (or `at`, of an event) is what resuming goes by."""
        self._file.append(_line(line).encode())

    def sync(self) -> None:
        """Puts every line on the disk for good. Raises `OSError` where it does not take them."""
        self._file.sync()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *error: Any) -> None:
        self._file.__exit__(*error)


def until(lines: list[dict[str, Any]], last: int, returns: int | None) -> list[dict[str, Any]]:
    """The lines up to step `last`, with the first `returns` events of going back (None: all of them).

    An event of going back tells of a step that was undone, so it stays although its step is later.

    >>> until([{"step": 1}, {"step": 3}, {"at": 4, "event": "rolled-back", "back": 2}, {"step": 3}], 2, 1)
    [{'step': 1}, {'at': 4, 'event': 'rolled-back', 'back': 2}]
    """
    kept, seen = [], 0
    for line in lines:
        if "back" in line:
            seen += 1
            keep = returns is None or seen <= returns
        else:
            keep = line.get("step", line.get("at", 0)) <= last
        if keep:
            kept.append(line)
    return kept


def _line(values: dict[str, Any]) -> str:
    # a loss that is not a number is written as null: NaN is no JSON, and readers outside Python refuse it
    return json.dumps(_finite(values), ensure_ascii=False, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def read(place: Path) -> list[dict[str, Any]]:
    """The lines of a history, up to one that was cut short or is none of ours. A missing file is an empty history."""
    return _lines(place.read_bytes()) if place.exists() else []


def _lines(content: bytes) -> list[dict[str, Any]]:
    lines = []
    for text in content.decode("utf-8", errors="replace").splitlines():
        try:
            told = json.loads(text)
        except ValueError:
            break
        if not isinstance(told, dict):
            break
        lines.append(told)
    return lines
