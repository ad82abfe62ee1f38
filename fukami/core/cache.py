"""The folder of what can be made again: prepared data, looks at pictures, step plans, downloads. Safe to delete at any time."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """`FUKAMI_CACHE`, else `fukami` in the user's cache folder (`XDG_CACHE_HOME`, `~/.cache`)."""
    named, base = os.environ.get("FUKAMI_CACHE"), os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named)
    return (Path(base) if base else Path.home() / ".cache") / "fukami"
