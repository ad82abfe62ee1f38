"""A file that is appended to while a training runs, on a disk that may be full for a while: what it does not take waits.

A training should not end because a line of its history cannot be written; it should not lose the line either.

>>> import tempfile, pathlib
>>> with Patient(pathlib.Path(tempfile.mkdtemp()) / "log") as file:
...     file.append(b"a line\\n"), file.waiting
(True, 0)
"""

from __future__ import annotations

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
        self._handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
        self._held = b""

    @property
    def waiting(self) -> int:
        """Bytes that the disk has not taken yet."""
        return len(self._held)

    def append(self, data: bytes) -> bool:
        """Adds `data`; whether everything so far is with the system. Raises `OSError` where the reason is not the disk."""
        self._held += data
        try:
            while self._held:
                self._held = self._held[os.write(self._handle, self._held) :]
        except OSError as error:
            if error.errno not in DISK:
                raise
            return False
        return True

    def sync(self) -> None:
        """Puts everything on the disk for good. Raises `OSError` where it does not take it."""
        while self._held:
            self._held = self._held[os.write(self._handle, self._held) :]
        os.fsync(self._handle)

    def close(self) -> None:
        """Closes the file. Raises `OSError`, with the file's name, where something waits that the disk still does not take."""
        handle, self._handle = self._handle, -1
        if handle < 0:
            return
        try:
            while self._held:
                self._held = self._held[os.write(handle, self._held) :]
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(self.place)) from None
        finally:
            os.close(handle)

    def abandon(self) -> None:
        """Closes the file, and gives up what waits: for a training that ends with an error and is repeated from before."""
        if self._handle >= 0:
            self.append(b"")
            os.close(self._handle)
        self._handle = -1

    def __enter__(self) -> Patient:
        return self

    def __exit__(self, kind: object, *_error: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()
