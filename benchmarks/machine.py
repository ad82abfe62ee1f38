"""What the figures were measured on, in words that matter for them."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any

EXTENSIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")


def described() -> dict[str, Any]:
    """Processor, cores that this process may use, instruction sets that decide about speed, memory."""
    fields = _fields(Path("/proc/cpuinfo"))
    memory = _fields(Path("/proc/meminfo")).get("MemTotal", "").split()
    flags = set(fields.get("flags", "").split())
    affinity = getattr(os, "sched_getaffinity", None)
    return {
        "processor": fields.get("model name", platform.machine()),
        "cores": len(affinity(0)) if affinity else os.cpu_count(),
        "extensions": [name for name in EXTENSIONS if name in flags],
        "memory_gib": round(int(memory[0]) / 2**20) if memory else None,
        "system": platform.system(),
    }


def _fields(place: Path) -> dict[str, str]:
    """`name : value` lines of a file of the kernel, the first of each name; nothing where there is no such file."""
    if not place.exists():
        return {}
    lines = (line.partition(":") for line in place.read_text("utf-8", errors="replace").splitlines())
    found: dict[str, str] = {}
    for name, _colon, value in lines:
        found.setdefault(name.strip(), value.strip())
    return found


def sentence(told: dict[str, Any]) -> str:
    """One line about the machine."""
    extensions = ", ".join(told["extensions"]) or "no vector extensions that matter"
    memory = f", {told['memory_gib']} GiB" if told["memory_gib"] else ""
    return f"{told['cores']} cores, {told['processor']} ({extensions}){memory}, {told['system']}"
