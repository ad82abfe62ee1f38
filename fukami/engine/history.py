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
import os
from pathlib import Path
from typing import Any


class History:
    """Appends lines to `place`. Every line is handed to the system at once, so another process can follow it.

    `resume_at` is the number of steps that were done when the training was saved: lines of later steps, and a last line that a
    crash cut short, are taken away, since those steps come again. With 0 the file starts empty.
    """

    def __init__(self, place: Path, *, resume_at: int = 0):
        place.parent.mkdir(parents=True, exist_ok=True)
        self.place = place
        self._keep(resume_at)

    def _keep(self, last: int) -> None:
        kept = [line for line in read(self.place) if line.get("step", 0) <= last] if last else []
        # a draft that replaces the file: a crash while rewriting must not lose the lines that were there
        draft = self.place.with_name(f".{self.place.name}.{os.getpid()}")
        draft.write_text("".join(map(_line, kept)), "utf-8")
        draft.replace(self.place)
        self._file = self.place.open("a", encoding="utf-8")

    def back_to(self, step: int) -> None:
        """Takes away the lines of steps after `step`, which come again."""
        self._file.close()
        self._keep(step)

    def write(self, line: dict[str, Any]) -> None:
        """Writes one line. Numbers, text, lists and tables; its `step` is what resuming goes by."""
        self._file.write(_line(line))
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


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
    """The lines of a history, up to one that was cut short. A missing file is an empty history."""
    if not place.exists():
        return []
    lines = []
    for text in place.read_text("utf-8", errors="replace").splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
