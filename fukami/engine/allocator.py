"""Memory that a step frees is kept for the next one, on a processor with the GNU C library.

By default large tensors go back to the system when they are freed, and every step asks for them again: the system hands out
zeroed pages one by one, some ten thousand for a step of a small convolutional network, which takes a tenth of its time and
varies. During a training such memory stays in the process; afterwards it is given back.
"""

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""`M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD` of mallopt(3)."""
_LARGE = 1 << 30
_USUAL = 128 << 10
"""The thresholds that mallopt(3) names as the usual ones."""


@contextmanager
def freed_memory_kept() -> Iterator[None]:
    """Inside, freed memory up to 1 GiB a tensor stays with the process. Nothing changes where there is no `mallopt`.

    >>> with freed_memory_kept(): pass
    """
    library = _library()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, _LARGE)
    library.mallopt(_TRIM_THRESHOLD, _LARGE)
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _USUAL)
        library.mallopt(_TRIM_THRESHOLD, _USUAL)
        library.malloc_trim(0)


def _library() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    # other C libraries (musl) have neither
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
