"""`history.jsonl`: one JSON object a line, one line per logged step, written so that a crash costs at most the last line.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "history.jsonl"
>>> with History(place) as history: history.add(step=1, loss=2.5)
>>> with History(place, after=1) as history: history.add(step=2, loss=1.5)
>>> [line["step"] for line in read(place)]
[1, 2]
"""

import json
import os
from pathlib import Path
from typing import Any


class History:
    """Appends lines to `place`. Every line is handed to the system at once, so another process can follow it.

    `after` is the step that a resumed training continues from: lines of later steps, and a last line that a crash cut short,
    are taken away, since those steps come again. With `after=None` the file starts empty.
    """

    def __init__(self, place: Path, *, after: int | None = None):
        place.parent.mkdir(parents=True, exist_ok=True)
        kept = [] if after is None else [line for line in read(place) if line.get("step", 0) <= after]
        # a draft that replaces the file: a crash while rewriting must not lose the lines that were there
        draft = place.with_name(f".{place.name}.{os.getpid()}")
        draft.write_text("".join(map(_line, kept)), "utf-8")
        draft.replace(place)
        self._file = place.open("a", encoding="utf-8")

    def add(self, **values: Any) -> None:
        """Writes one line. Numbers, text, lists and tables; `step` is what resuming goes by."""
        self._file.write(_line(values))
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> "History":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def _line(values: dict[str, Any]) -> str:
    # a loss that is not a number is written as null: NaN is no JSON, and readers outside Python refuse it
    cleaned = {key: None if isinstance(v, float) and not abs(v) < float("inf") else v for key, v in values.items()}
    return json.dumps(cleaned, ensure_ascii=False, allow_nan=False) + "\n"


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
