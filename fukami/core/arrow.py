"""pyarrow without pandas, in a process that is one command.

Where pandas is installed, pyarrow imports it when it makes its first array, so as to know a frame when it is given one. That
takes a third of the time of importing torch, and nobody hands a frame to a command line. Told once that there is no pandas,
pyarrow does not look for it again. Only a command may tell it so: in a user's own process the next line may make an array
from a frame.
"""

import importlib
import sys
from typing import Any

_state = {"frames": True}


class _NoPandas:
    """Finds every module as others do, but pandas not at all."""

    @staticmethod
    def find_spec(name: str, _path: Any = None, _target: Any = None) -> None:
        if name == "pandas":
            raise ModuleNotFoundError("No module named 'pandas'", name=name)


def expect_no_frames() -> None:
    """Says that this process is a command of ours, which no pandas frame will reach."""
    _state["frames"] = False


def settle() -> None:
    """Lets pyarrow look for pandas now, and not find it, where no frames are expected. Does nothing elsewhere."""
    if _state["frames"] or "pandas" in sys.modules:
        return
    pyarrow = importlib.import_module("pyarrow")
    sys.meta_path.insert(0, _NoPandas)  # type: ignore[arg-type]
    try:
        pyarrow.scalar(0)
    finally:
        sys.meta_path.remove(_NoPandas)  # type: ignore[arg-type]
    _state["frames"] = True  # pyarrow asks only once
