"""Fukami (深み): from your own data to a deep-learning model in service, with a proof for every result.

    import fukami
    run = fukami.train("image-classification", "photos/", model="resnet18")
    run.evaluate("photos/test")
    run.predict("cat.jpg")

Nothing is loaded until a name is used: `import fukami` brings no torch.
"""

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["FukamiError", "Run", "check", "load", "plan", "predict", "quickstart", "train"]
"""The front door. Rooms (`fukami.models`, `fukami.evaluate`, …) keep their names, so what they do is reached through a run."""

_HOMES = {"FukamiError": "fukami.core.errors", "Run": "fukami.run"}

if TYPE_CHECKING:
    from fukami.api import check, load, plan, predict, quickstart, train
    from fukami.core.errors import FukamiError
    from fukami.run import Run


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fukami' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "fukami.api")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
