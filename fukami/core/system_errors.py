"""What safetensors says of the system (a full disk, a folder that may not be written to) as the error that it was."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def system_errors(place: Path | None = None) -> Iterator[None]:
    """Raises as the `OSError` that it was what safetensors tells in a text of its own; `place` is the file in question.

    >>> from safetensors import SafetensorError
    >>> with contextlib.suppress(OSError), system_errors():
    ...     raise SafetensorError("I/O error: No space left on device (os error 28)")
    """
    from safetensors import SafetensorError

    try:
        yield
    except SafetensorError as error:
        told = re.search(r"\(os error (\d+)\)", str(error))
        if told is None:
            raise
        number = int(told[1])
        raise OSError(number, os.strerror(number), *([str(place)] if place else [])) from None
