"""Checksums of the blocks of a file, so that a bit that changed on the disk is noticed without reading all of a large file.

A file of up to `MOST_BLOCKS` blocks is read in full; of a larger one its first block, its last, and others drawn anew each
time, so that damage which one look misses is found by a later one.
"""

import contextlib
import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

BLOCK = 1 << 20
MOST_BLOCKS = 32
"""Blocks that a look reads at most: some hundredths of a second."""
SYNCED_BLOCKS = 32
"""Blocks after which what was written is put on the disk: a second's work of a slow one."""


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

    def write(self, data: bytes | memoryview) -> None:
        at = 0
        while at < len(data):
            if self._filled == BLOCK:
                self.sums.append(0)
                self._filled = 0
                if len(self.sums) % SYNCED_BLOCKS == 0:
                    self.sync()
            part = data[at : at + BLOCK - self._filled]
            self.file.write(part)
            self.sums[-1] = zlib.crc32(part, self.sums[-1])
            self._filled += len(part)
            at += len(part)

    def sync(self) -> None:
        """Puts what was written on the disk for good.

        It is done on the way too: nothing can stop a process that waits for a slow disk to take gigabytes at once.
        """
        self.file.flush()
        with contextlib.suppress(io.UnsupportedOperation):  # no file of the system's
            os.fsync(self.file.fileno())


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
