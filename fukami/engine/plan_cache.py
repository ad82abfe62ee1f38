"""Plans that were measured before, kept in the cache folder (`core/kept.py`). Safe to delete at any time.

A plan is known again by everything that decides which one is best: the network's structure, the shapes of its batches, the
machine, the versions, and what the recipe leaves open. A file that cannot be read is measured anew, and says so.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import platform
import statistics
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fukami.core import kept, processors
from fukami.core.language import _
from fukami.core.recipe import PlanChoices
from fukami.engine.memory import left_bytes
from fukami.engine.plan import Figure, Plan

SCHEMA = 2
COMPILE_S = {"cpu": 60.0, "cuda": 40.0}
"""What compiling takes where none was measured on this machine yet; measured: 29 to 47 s for five layers on two cores."""
KEPT = 10
"""Compile times that are remembered for each machine."""
MOST_BYTES = 16 << 20
"""All plans together; each takes some kilobytes."""


def hardware(device: torch.device) -> dict[str, Any]:
    """What is computed on: processor or GPU, how much of it, and the instruction set that libraries are told to keep to."""
    told: dict[str, Any] = {
        "processor": _processor(),
        "cores": processors.usable(),
        "threads": torch.get_num_threads(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "onednn": os.environ.get("ONEDNN_MAX_CPU_ISA", ""),
        "device": device.type,
    }
    if device.type == "cuda":
        told["gpu"] = torch.cuda.get_device_name(device)
    return told


@dataclass(frozen=True)
class Entry:
    """What is remembered: figures in the order they were measured, the seconds it was allowed, and whether that was enough."""

    figures: tuple[Figure, ...]
    most_s: float
    complete: bool


def key_of(
    network: nn.Module, batches: list[Any], choices: PlanChoices, optimizer: str, device: torch.device
) -> dict[str, Any]:
    """Everything that decides which plan is best; `batches` are the `shapes` of a few."""
    structure = hashlib.blake2b(repr(network).encode(), digest_size=16)
    for name, weight in network.named_parameters():
        structure.update(f"{name} {tuple(weight.shape)} {weight.dtype} {weight.requires_grad}".encode())
    left = left_bytes(device)
    asked = {name: value for name, value in dataclasses.asdict(choices).items() if name != "snapshot_steps"}
    return {
        "model": f"{type(network).__module__}.{type(network).__qualname__} {structure.hexdigest()}",
        "batches": batches,
        "hardware": hardware(device),
        # how many examples fit at a time: a machine with half as much left is another one
        "memory": left.bit_length() if left else 0,
        "torch": torch.__version__,
        "choices": asked,
        "optimizer": optimizer,
    }


def shapes(tree: Any) -> Any:
    """The shapes and types of a batch's tensors, as plain values.

    >>> shapes({"x": (torch.zeros(2, 3), 0.5)})
    {'x': ['(2, 3) torch.float32', 'float']}
    """
    if isinstance(tree, torch.Tensor):
        return f"{tuple(tree.shape)} {tree.dtype}"
    if isinstance(tree, dict):
        return {name: shapes(value) for name, value in tree.items()}
    return [shapes(value) for value in tree] if isinstance(tree, (tuple, list)) else type(tree).__name__


def read(key: dict[str, Any]) -> tuple[Entry | None, tuple[str, ...]]:
    """The remembered entry, None where there is none, and what is to be said about it."""
    place = place_of(key)
    try:
        found = kept.read(place)
        if found is None:
            return None, ()
        told = found[0]
        figures = tuple(_figure(dict(figure)) for figure in told["figures"])
        if not figures or not figures[0].admitted or told["key"] != key:
            raise ValueError
        return Entry(figures, float(told["most_s"]), bool(told["complete"])), ()
    except (kept.Damaged, ValueError, KeyError, TypeError):
        note = _("the remembered step plan cannot be read and is measured anew: {path}").format(path=place)
        return None, (note,)


def write(key: dict[str, Any], entry: Entry) -> tuple[str, ...]:
    """Remembers what was measured, and how long compiling took where it was tried. Says so where the disk does not take it."""
    figures = [figure.as_dict() for figure in entry.figures]
    times = [figure.compile_s for figure in entry.figures if figure.compile_s]
    place, machine = place_of(key), _compiling(key["hardware"])
    try:
        told = {"key": key, "complete": entry.complete, "most_s": entry.most_s, "figures": figures}
        kept.write(place, told, cap_bytes=MOST_BYTES)
        if times:
            kept.write(machine, [*_compile_times(machine), *times][-KEPT:])
    except OSError as error:
        note = _("the step plan cannot be kept in {folder} ({why}), so it is measured each time. Mend: {command}")
        why, mend = error.strerror or str(error), "export FUKAMI_CACHE=FOLDER"
        return (note.format(folder=place.parent, why=why, command=mend),)
    return ()


def compile_seconds(device: torch.device) -> float:
    """What compiling takes on this machine: the median of what was measured, else what is typical."""
    times = _compile_times(_compiling(hardware(device)))
    return statistics.median(times) if times else COMPILE_S.get(device.type, float("inf"))


def _compile_times(place: Path) -> list[float]:
    try:
        found = kept.read(place)
    except kept.Damaged:  # what is typical is good enough
        return []
    return [] if found is None else found[0]


def _figure(told: dict[str, Any]) -> Figure:
    """A figure from its flat mapping. Raises `TypeError` or `ValueError` for anything else."""
    plan = {f.name: told.pop(f.name) for f in dataclasses.fields(Plan)}
    figure = Figure(Plan(**plan), **told)
    for value in (figure.plan, figure):
        for declared in dataclasses.fields(value):
            kind = {"float": (int, float), "int": int, "bool": bool, "str": str}.get(str(declared.type), object)
            if not isinstance(getattr(value, declared.name), kind):
                raise TypeError(declared.name)
    return figure


def place_of(key: dict[str, Any]) -> Path:
    """Where the plan of `key` is kept."""
    return kept.place("plans", [SCHEMA, key])


def _compiling(machine: dict[str, Any]) -> Path:
    return kept.place("compiling", [SCHEMA, machine])


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
