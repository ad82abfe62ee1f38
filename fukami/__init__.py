"""Fukami (深み): from your own data to a deep-learning model in service, with a proof for every result.

    import fukami
    run = fukami.train("image-classification", "photos/", model="resnet18")
    run.evaluate("photos/test")
    run.predict("cat.jpg")

Nothing is loaded until a name is used: `import fukami` brings no torch.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from fukami.core import processors

__version__ = "0.1.0"
__all__ = ["FukamiClassifier", "FukamiError", "FukamiRegressor", "Run"]
__all__ += ["check", "load", "options", "plan", "predict", "quickstart", "train"]
"""The front door. Rooms (`fukami.models`, `fukami.evaluate`, …) keep their names, so what they do is reached through a run."""

_HOMES = {"FukamiError": "fukami.core.errors", "Run": "fukami.run"}
_HOMES |= dict.fromkeys(("FukamiClassifier", "FukamiRegressor"), "fukami.estimators")

if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec

    from fukami.api import check, load, options, plan, predict, quickstart, train
    from fukami.core.errors import FukamiError
    from fukami.estimators import FukamiClassifier, FukamiRegressor
    from fukami.run import Run


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fukami' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES.get(name, "fukami.api")), name)
    globals()[name] = value
    return value


class _Plugins:
    """Finds what plugins bring as if it lay in the package: `fukami.metrics.x`. Asked last, so that they replace nothing."""

    @staticmethod
    def find_spec(name: str, _path: "Sequence[str] | None" = None, _target: object = None) -> "ModuleSpec | None":
        if not name.startswith(f"{__name__}."):
            return None
        from fukami.core import rooms

        return rooms.spec_of(name)


sys.meta_path.append(_Plugins)
processors.prepare()


def __dir__() -> list[str]:
    return sorted(__all__)
