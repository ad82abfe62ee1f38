"""A file that is appended to while a training runs, on a disk that may be full for a while: what it does not take waits.

A training should not end because a line of its history cannot be written; it should not lose the line either.

>>> import tempfile, pathlib
>>> with Patient(pathlib.Path(tempfile.mkdtemp()) / "log") as file:
...     file.append(b"a line\\n"), file.waiting
(True, 0)
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from fukami.engine.checkpoint import DISK


class Patient:
    """Appends bytes to `place`, which is made where it is not there.

    What is appended is handed to the system at once, so another process can follow it; what the disk does not take is held and
    written, in order, before whatever comes next.
    """

    def __init__(self, place: Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        self.place = place
        self._handle = self._opened()
        self._held = b""
        self._anew = False  # whether what is held replaces the file

    @property
    def waiting(self) -> int:
        """Bytes that the disk has not taken yet."""
        return len(self._held)

    def content(self) -> bytes:
        """Everything so far, whether the disk has taken it or not."""
        return (b"" if self._anew else self.place.read_bytes()) + self._held

    def append(self, data: bytes) -> bool:
        """Adds `data`; whether everything so far is with the system. Raises `OSError` where the reason is not the disk."""
        self._held += data
        return self._tried()

    def replace(self, data: bytes) -> bool:
        """Makes `data` the whole content; until the disk takes it, the file stays as it was. Returns and raises as `append`."""
        self._held, self._anew = data, True
        return self._tried()

    def sync(self) -> None:
        """Puts everything on the disk for good. Raises `OSError` where it does not take it."""
        self._deliver()
        os.fsync(self._handle)

    def close(self) -> None:
        """Closes the file. Raises `OSError`, with the file's name, where something waits that the disk still does not take."""
        if self._handle < 0:
            return
        try:
            self._deliver()
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.place)) from None
        finally:
            os.close(self._handle)
            self._handle = -1

    def abandon(self) -> None:
        """Closes the file, and gives up what waits: for a training that ends with an error and is repeated from before."""
        if self._handle >= 0:
            self.append(b"")
            os.close(self._handle)
        self._handle = -1

    def _tried(self) -> bool:
        try:
            self._deliver()
        except OSError as error:
            if error.errno not in DISK:
                raise
            return False
        return True

    def _deliver(self) -> None:
        if self._anew:
            self._put_in_place()
        while self._held:
            self._held = self._held[os.write(self._handle, self._held) :]

    def _put_in_place(self) -> None:
        # a draft that replaces the file: a crash while rewriting must not lose the lines that were there
        draft = self.place.with_name(f".{self.place.name}.draft")
        try:
            with draft.open("wb") as file:
                file.write(self._held)
                file.flush()
                os.fsync(file.fileno())
            os.close(self._handle)  # Windows replaces no file that is open
            try:
                draft.replace(self.place)
            finally:
                self._handle = self._opened()
        finally:
            with contextlib.suppress(OSError):  # a disk that fails may refuse even this; the next draft overwrites it
                draft.unlink(missing_ok=True)
        self._held, self._anew = b"", False

    def _opened(self) -> int:
        return os.open(self.place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)

    def __enter__(self) -> Patient:
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
