"""Which device a training computes on."""

from __future__ import annotations

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import torch


def pick_device(name: str, *, several: bool = False) -> torch.device:
    """`auto` is the first of cuda, mps and cpu that is there. Raises `UsageError` for one that is not.

    A GPU is the process's current one. One of `several` processes takes the GPU that it was given, else the processor.
    """
    if name in ("auto", "cuda") and torch.cuda.is_available():
        return torch.device("cuda", torch.cuda.current_device())
    if several and name == "auto":
        return torch.device("cpu")
    if name != "auto":
        try:
            return torch.empty(0, device=name).device
        except (RuntimeError, AssertionError):
            what = _("this machine has no such device")
            raise UsageError("F-DEVICE", what, expected="auto, cpu, cuda, mps", got=name, fix="--set device=auto") from None
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
