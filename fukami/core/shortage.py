"""Memory that has run out, as libraries say it: each in words of its own. No torch, since it may not be loaded yet."""

from fukami.core.errors import FukamiError, RunError
from fukami.core.language import _

ALLOCATING = (
    "not enough memory",
    "can't allocate memory",
    "cannot allocate memory",
    "out of memory",
    "could not create a memory",
)
"""What allocators say in a `RuntimeError`."""
_NO_ROOM = (
    "can't start new thread",
    "failed to launch worker thread",
    "failed to map segment",
    "could not create a primitive",
)
"""What else fails where nothing is left: a thread's stack, a library's text, oneDNN's own buffers."""
_OTHERWISE = "could not create a primitive descriptor"
"""oneDNN has no way to compute something, however much memory there is."""


def is_allocation(error: BaseException) -> bool:
    """Whether an allocator had no memory to give.

    >>> is_allocation(RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory")), is_allocation(ValueError())
    (True, False)
    """
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and _says(error, ALLOCATING)


def is_shortage(error: BaseException) -> bool:
    """Whether memory ran out wherever it was: also while a thread began or a library was loaded.

    >>> is_shortage(RuntimeError("can't start new thread")), is_shortage(ImportError("no module named x"))
    (True, False)
    """
    if is_allocation(error):
        return True
    speaks = isinstance(error, (RuntimeError, ImportError, OSError)) or type(error).__module__.startswith("pyarrow")
    return speaks and _says(error, _NO_ROOM) and not _says(error, (_OTHERWISE,))


def shortage(*, fix: str = "") -> FukamiError:
    """What is said where memory ran out and nothing could be done about it."""
    return RunError(
        "F-MEMORY-OUT",
        _("memory ran out"),
        fix=fix
        or _("end other programs, or raise the limit that this one runs under; `fukami plan` tells what a training takes"),
    )


def _says(error: BaseException, words: tuple[str, ...]) -> bool:
    told = str(error).lower()
    return any(word in told for word in words)
