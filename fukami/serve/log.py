"""The log of requests: one JSON object a line, written at once and whole, so that a server that is killed leaves no half line
but its last. Raw data stand in it only where that is asked for."""

import json
import os
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fukami.core.plain import plain
from fukami.core.seeds import derive
from fukami.serve.hosted import Told

TOLD = ("label", "labels", "score", "value", "anomaly")
"""Parts of an answer that are logged: what was decided, in a word or a number. Texts and pictures are not."""


class Log:
    """Appends to the file `place`, or to standard error where there is none.

    Args:
        share: the share of requests that is logged; which of them follows from their number. Refusals are always logged.
        raw: whether inputs and whole answers are logged as well.
    """

    def __init__(self, place: Path | None, *, share: float = 1.0, raw: bool = False):
        self._file = 2 if place is None else os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._own = place is not None
        self._share, self.raw, self.number = share, raw, 0
        self._lock = threading.Lock()

    def request(self, told: dict[str, Any], values: Sequence[Any], answers: Sequence[Told]) -> None:
        """One request: `told` are its run, path, status and times."""
        with self._lock:
            self.number += 1
            number = self.number
        if told["status"] < 400 and derive(number, "log") % 1_000_000 >= self._share * 1_000_000:
            return
        line = {"time": time.time(), "number": number, **told}
        if answers:
            line["answers"] = [_shortened(one, raw=self.raw) for one in answers]
        if self.raw:
            line["inputs"] = [value if not isinstance(value, bytes) else f"{len(value)} bytes" for value in values]
        os.write(
            self._file, (json.dumps(plain(line), ensure_ascii=False, default=str) + "\n").encode("utf-8", "backslashreplace")
        )

    def close(self) -> None:
        if self._own:
            os.close(self._file)


def _shortened(told: Told, *, raw: bool) -> dict[str, Any]:
    if told.error is not None:
        return {"error": told.error.code}
    kept = {name: part for name, part in told.answer.items() if raw or name in TOLD}
    return kept | ({"note": True} if told.note else {})
