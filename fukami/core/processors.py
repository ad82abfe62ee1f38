"""How many processors there really are for this process, whether others keep them busy, and how its threads wait.

A container's quota and a batch job's share count, not the machine: threads beyond them only stop each other. Threads that spin
while they wait for others' (OpenMP's usual way) take the processor from the very thread that is waited for as soon as anything
else runs on the machine; so they sleep, unless the user's environment says otherwise.
"""

import math
import os
import time
from pathlib import Path

_QUOTAS = (
    ("/sys/fs/cgroup/cpu.max",),
    ("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "/sys/fs/cgroup/cpu/cpu.cfs_period_us"),
)
"""Where Linux tells microseconds of processor in each period: control groups version 2 in one file, version 1 in two."""
_BUSY = 0.75
"""A process that had less than this share of its processors within reach was measured under load."""


def usable() -> int:
    """How many processors this process may use, one at least.

    >>> usable() >= 1
    True
    """
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        count = os.cpu_count() or 1
    return max(1, math.ceil(min(count, _quota())))


def _quota() -> float:
    """Processors that the control group grants; infinite where none is told."""
    for files in _QUOTAS:
        try:
            quota, period = " ".join(Path(file).read_text() for file in files).split()
            return float(quota) / float(period) if float(quota) > 0 else math.inf
        except (OSError, ValueError):  # no such file; "max"
            continue
    return math.inf


def prepare() -> None:
    """Tells OpenMP, before torch loads it, to wait asleep and to keep to `usable` processors; what the user has set stays."""
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    if "OMP_NUM_THREADS" not in os.environ and usable() < (os.cpu_count() or 1):
        os.environ["OMP_NUM_THREADS"] = str(usable())


class Watch:
    """Whether other work kept the processors busy since it was made; only Linux tells, so elsewhere nothing did."""

    def __init__(self) -> None:
        self._begun = self._now()

    @staticmethod
    def _now() -> tuple[float, float, float] | None:
        """Seconds: on the clock, idle over all processors, computed by this process."""
        try:
            first = Path("/proc/stat").read_text().split("\n", 1)[0].split()
        except OSError:
            return None
        own = os.times()
        idle = sum(int(ticks) for ticks in first[4:6]) / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), idle, own.user + own.system + own.children_user + own.children_system

    def is_busy(self) -> bool:
        """Whether what was idle and what this process computed were much less than the processors that it may use."""
        now = self._now()
        if now is None or self._begun is None:
            return False
        seconds, idle, own = (after - before for after, before in zip(now, self._begun, strict=True))
        return seconds > 0.1 and idle + own < _BUSY * usable() * seconds
