"""Pictures that have just been decoded, held until they are stored, so that none is opened once to be looked at and once more.

Small pictures are held as they came out of their files, from which any size and mode can be made. Larger ones are held as they
are stored, and only those that learning looked at: their files are decoded to the size that is asked for, which is cheaper.
All together keep to a cap; what came first stays, since pictures are stored in the order in which they are looked at.
"""

import threading
from collections.abc import Hashable
from typing import NamedTuple

import numpy as np
from PIL import Image as Pillow

from fukami.fields.image import decode

MOST_BYTES = 256 << 20
SMALL_PX = 128 * 128
"""Pixels up to which a picture is held as it came out of its file."""
OVERHEAD = 1024
"""Bytes that an entry takes besides its pixels."""


class Form(NamedTuple):
    """What makes the pixels of a stored picture: its size, its channels, how it becomes square, and the levels of its kind."""

    size_px: int
    channels: int
    resize: str
    levels: str


class _Held(NamedTuple):
    bytes: int
    whole: Pillow.Image | None = None
    drafts: bool = False
    form: Form | None = None
    stored: np.ndarray | None = None


class Memory:
    """Decoded pictures by what they are known again by (a file that changed is another). Safe among threads.

    >>> memory = Memory()
    >>> memory.hold_whole("a", Pillow.new("L", (4, 4)), "PNG")
    >>> memory.whole("a", size_px=4, channels=1).size, memory.whole("b", size_px=4, channels=1)
    ((4, 4), None)
    """

    def __init__(self, most_bytes: int = MOST_BYTES):
        self.most_bytes, self.used = most_bytes, 0
        self._held: dict[Hashable, _Held] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def hold_whole(self, key: Hashable, image: Pillow.Image, format: str) -> None:
        """Holds a picture that was decoded at its full size, upright; `format` is its file's. Large ones are not held."""
        pixels = image.width * image.height
        if pixels > SMALL_PX:
            return
        copy = image.copy()  # without the file that it came from
        copy.info = {name: value for name, value in image.info.items() if name == "transparency"}
        size = OVERHEAD + pixels * (4 if len(image.getbands()) > 1 or decode.is_deep(image) else 1)
        self._hold(key, _Held(size, whole=copy, drafts=format in decode.DRAFTED))

    def hold_stored(self, key: Hashable, form: Form, x_CHW: np.ndarray) -> None:
        """Holds a picture as it is stored, unless it is held whole."""
        before = self._held.get(key)
        if before is None or before.whole is None:
            self._hold(key, _Held(OVERHEAD + x_CHW.nbytes, form=form, stored=x_CHW.copy()))

    def whole(self, key: Hashable, *, size_px: int, channels: int) -> Pillow.Image | None:
        """The picture, where its file would give the same pixels for this size and so many channels."""
        held = self._held.get(key)
        if held is None or held.whole is None:
            return None
        # a JPEG decodes straight to grey, and to half its size, with other values than what its pixels are mixed to
        to_grey, to_half = channels == 1 and held.whole.mode in decode.COLOURED, min(held.whole.size) >= 2 * size_px
        return None if held.drafts and (to_grey or to_half) else held.whole

    def stored(self, key: Hashable, form: Form) -> np.ndarray | None:
        """The picture as it is stored in this form (C, H, W)."""
        held = self._held.get(key)
        return held.stored if held is not None and held.form == form else None

    def drop(self, key: Hashable) -> None:
        """Lets go of one picture."""
        with self._lock:
            held = self._held.pop(key, None)
            self.used -= held.bytes if held else 0

    def clear(self) -> None:
        """Lets go of everything."""
        with self._lock:
            self._held.clear()
            self.used = 0

    def _hold(self, key: Hashable, held: _Held) -> None:
        with self._lock:
            before = self._held.get(key)
            used = self.used + held.bytes - (before.bytes if before else 0)
            if used <= self.most_bytes:
                self._held[key], self.used = held, used


MEMORY = Memory()
"""Of this process; emptied when the examples are stored."""
