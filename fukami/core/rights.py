"""Who may read what was written: safetensors, and every draft that `tempfile` makes, would leave it to its owner alone."""

import os
from pathlib import Path


def give_usual(path: Path) -> None:
    """Gives a file or folder the rights that this process gives to what it makes: a run trained by one is asked by others.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     before = os.umask(0o022)
    ...     give_usual(Path(file.name))
    ...     _ = os.umask(before)
    ...     oct(Path(file.name).stat().st_mode & 0o777)
    '0o644'
    """
    path.chmod((0o777 if path.is_dir() else 0o666) & ~_umask())


def _umask() -> int:
    """The rights that this process keeps from others; there is no way to ask but to set them."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
