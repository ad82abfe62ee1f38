"""Checksums of the blocks of a file, so that a bit that changed on the disk is noticed without reading all of a large file.

A file of up to `MOST_BLOCKS` blocks is read in full; of a larger one its first block, its last, and others drawn anew each
time, so that damage which one look misses is found by a later one.
"""

import contextlib
import io
import os
import threading
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

BLOCK = 1 << 20
MOST_BLOCKS = 32
"""Blocks that a look reads at most: some hundredths of a second."""
SYNCED_BLOCKS = 32
"""Blocks after which the disk is asked to take what was written."""


class SummedFile:
    """Writes to `file` and keeps the checksum (CRC-32) of every block in `sums`.

    >>> import io
    >>> file = SummedFile(io.BytesIO())
    >>> file.write(b"one"), file.sums == [zlib.crc32(b"one")]
    (None, True)
    """

    def __init__(self, file: BinaryIO):
        self.file, self._filled = file, BLOCK
        self.sums: list[int] = []
        self._syncing: _Syncing | None = None

    def write(self, data: bytes | memoryview) -> None:
        at = 0
        while at < len(data):
            if self._filled == BLOCK:
                self.sums.append(0)
                self._filled = 0
                if len(self.sums) % SYNCED_BLOCKS == 0:
                    self._settle()
            part = data[at : at + BLOCK - self._filled]
            self.file.write(part)
            self.sums[-1] = zlib.crc32(part, self.sums[-1])
            self._filled += len(part)
            at += len(part)

    def sync(self) -> None:
        """Puts what was written on the disk for good. Raises `OSError` where it does not take it.

        It is begun on the way, and done by a thread: nothing could stop who waits for a slow disk to take gigabytes.
        """
        self._waited()
        self._settle()
        self._waited()

    def _settle(self) -> None:
        if self._syncing is not None and self._syncing.is_alive():
            return
        self._waited()
        self.file.flush()
        with contextlib.suppress(io.UnsupportedOperation):  # no file of the system's
            self._syncing = _Syncing(self.file.fileno())

    def _waited(self) -> None:
        if self._syncing is not None:
            self._syncing.join()
            if self._syncing.error is not None:
                raise self._syncing.error


class _Syncing(threading.Thread):
    def __init__(self, handle: int):
        super().__init__(name="fukami-sync", daemon=True)
        self.handle = os.dup(handle)  # the file may be closed meanwhile
        self.error: OSError | None = None
        self.start()

    def run(self) -> None:
        try:
            os.fsync(self.handle)
        except OSError as error:
            self.error = error
        finally:
            os.close(self.handle)


def damaged_block(place: Path, sums: list[int], rng: np.random.Generator) -> int | None:
    """The number of a block of the file whose checksum is not the one in `sums`; None where none was found."""
    asked = range(len(sums))
    if len(sums) > MOST_BLOCKS:
        drawn = rng.choice(np.arange(1, len(sums) - 1), MOST_BLOCKS - 2, replace=False)
        asked = [0, *sorted(drawn.tolist()), len(sums) - 1]
    with place.open("rb") as file:
        for number in asked:
            file.seek(number * BLOCK)
            if zlib.crc32(file.read(BLOCK)) != sums[number]:
                return number
    return None
