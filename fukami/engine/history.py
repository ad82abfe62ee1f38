"""`history.jsonl`: one JSON object a line, one line per logged step, written so that a crash costs at most the last line.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "history.jsonl"
>>> with History(place) as history: history.write({"step": 1, "loss": 2.5})
>>> with History(place, resume_at=1) as history: history.write({"step": 2, "loss": 1.5})
>>> [line["step"] for line in read(place)]
[1, 2]
"""

import contextlib
import json
import math
import os
from pathlib import Path
from typing import Any, Self

from fukami.engine.checkpoint import DISK


class Buffered:
    """A file that is appended to while a training runs, on a disk that may be full for a while: what it does not take waits.

    A training should not end because a line of its history cannot be written; it should not lose the line either. What is
    appended is handed to the system at once, so another process can follow it, and in order: after whatever waits.
    """

    def __init__(self, place: Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        self.place, self.waiting, self._anew = place, b"", False
        self._file = place.open("ab", buffering=0)

    def append(self, data: bytes, *, anew: bool = False) -> None:
        """Adds `data`, or makes it the whole content (`anew`): until the disk takes that, the file stays as it was.

        Raises `OSError` where the reason is not the disk.
        """
        self.waiting, self._anew = (data, True) if anew else (self.waiting + data, self._anew)
        try:
            self._deliver()
        except OSError as error:
            if error.errno not in DISK:
                raise

    def sync(self) -> None:
        """Puts everything on the disk for good. Raises `OSError` where it does not take it."""
        self._deliver()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file. Raises `OSError`, with the file's name, where something waits that the disk still does not take."""
        try:
            self._deliver()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.place)) from None
        finally:
            self._file.close()

    def _deliver(self) -> None:
        if self._anew:
            self._replace()
        while self.waiting:
            self.waiting = self.waiting[os.write(self._file.fileno(), self.waiting) :]

    def _replace(self) -> None:
        # a draft that replaces the file: a crash while rewriting must not lose the lines that were there
        draft = self.place.with_name(f".{self.place.name}.draft")
        try:
            with draft.open("wb") as file:
                file.write(self.waiting)
                file.flush()
                os.fsync(file.fileno())
            self._file.close()  # Windows replaces no file that is open
            try:
                draft.replace(self.place)
            finally:
                self._file = self.place.open("ab", buffering=0)
        finally:
            with contextlib.suppress(OSError):  # a disk that fails may refuse even this; the next draft overwrites it
                draft.unlink(missing_ok=True)
        self.waiting, self._anew = b"", False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        if kind is None:
            self.close()
        elif not self._file.closed:  # an error is under way, and what still waits is given up: its steps come again
            self.append(b"")
            self._file.close()


class History(Buffered):
    """Lines at `place`, each handed to the system as it is written; a disk that is full is waited for.

    `resume_at` is the number of steps that were done when the training was saved, `returns` how often it had gone back until
    then: lines of later steps, and a last line that a crash cut short, are taken away, since those steps come again. With 0 and
    0 the file starts empty.
    """

    def __init__(self, place: Path, *, resume_at: int = 0, returns: int = 0):
        super().__init__(place)
        self._keep(resume_at, returns)

    def _keep(self, last: int, returns: int | None) -> None:
        content = (b"" if self._anew else self.place.read_bytes()) + self.waiting
        self.append("".join(map(_line, until(_lines(content), last, returns))).encode(), anew=True)

    def back_to(self, step: int) -> None:
        """Takes away the lines of steps after `step`, which come again."""
        self._keep(step, None)

    def write(self, line: dict[str, Any]) -> None:
        """Writes one line. Numbers, text, lists and tables; its `step` (or `at`, of an event) is what resuming goes by."""
        self.append(_line(line).encode())


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
