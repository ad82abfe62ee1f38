"""torch, loaded when something first asks it: `check` answers without it, and loading it is most of a short command.

`from fukami.core.lazily import nn, torch` is for what only touches tensors when it has some; type hints stay unread
(`from __future__ import annotations`). A file that derives from `nn.Module` imports torch itself.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
    from torch import nn as nn
    from torch.nn import functional as F
    from typing_extensions import TypeIs


class _Lazily:
    """A module that is loaded when it is first asked for something; after that an attribute costs what a module's does."""

    def __init__(self, name: str):
        self.__dict__["__name__"] = name

    def __getattr__(self, name: str) -> Any:
        value = self.__dict__[name] = getattr(import_module(self.__name__), name)
        return value


if not TYPE_CHECKING:
    torch, nn, F = _Lazily("torch"), _Lazily("torch.nn"), _Lazily("torch.nn.functional")


def is_tensor(value: object) -> "TypeIs[torch.Tensor]":
    """Whether this is a tensor; asking loads nothing, since before torch is loaded nothing is.

    >>> is_tensor(torch.zeros(2)), is_tensor([0.0, 0.0])
    (True, False)
    """
    return "torch" in sys.modules and isinstance(value, torch.Tensor)
