"""A step plan in words, for the log line, `fukami plan` and the report: all three tell the same figures in the same way.

A plan is told as a mapping: `precision`, `memory_format`, `compiled`, `threads`, `micro_batch`, `batches_ahead`; a measured
candidate has besides `seconds` (of a step; 0 where refused), `admitted` and `reason`.
"""

from collections.abc import Mapping
from typing import Any

from fukami.core.language import N_, _, _n

REASONS = {
    "gradient": N_("its gradients disagree with the usual ones"),
    "memory": N_("memory ran out"),
    "not-finite": N_("its loss is not a finite number"),
    "error": N_("it fails here: {text}"),
}
"""Why a candidate was refused. What follows a colon in `reason` fills `{text}`."""


def words(plan: Mapping[str, Any]) -> str:
    """
    >>> words({"precision": "float32", "memory_format": "channels-last", "threads": 2, "micro_batch": 0})
    'float32, channels-last, 2 threads'
    >>> words({"precision": "bfloat16", "memory_format": "contiguous", "compiled": True, "micro_batch": 32, "threads": 1})
    'bfloat16, 1 thread, 32 examples at a time, compiled'
    """
    parts = [str(plan["precision"])]
    if plan.get("memory_format") == "channels-last":
        parts.append("channels-last")
    threads = plan.get("threads") or 0
    if threads:
        parts.append(_n("{n} thread", "{n} threads", threads))
    if plan.get("micro_batch"):
        parts.append(_n("{n} example at a time", "{n} examples at a time", plan["micro_batch"]))
    if plan.get("batches_ahead"):
        parts.append(_n("{n} batch ahead", "{n} batches ahead", plan["batches_ahead"]))
    if plan.get("compiled"):
        parts.append(_("compiled"))
    return ", ".join(parts)


def step_time(seconds: float) -> str:
    """
    >>> step_time(0.00042), step_time(0.008), step_time(0.0784), step_time(2.345)
    ('0.42 ms', '8.0 ms', '78 ms', '2.35 s')
    """
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.01:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e3:.1f} ms" if seconds >= 0.001 else f"{seconds * 1e3:.2g} ms"


def sharing(processes: int, together_s: float = 0.0, alone_s: float = 0.0) -> str:
    """That several processes share each step, and whether that pays, where a step was timed in all and in one of them alone.

    >>> sharing(2), sharing(2, 0.012, 0.03)
    ('2 processes share each step', '2 processes share each step: 12 ms a step, 2.5 × as fast as one alone (30 ms)')
    >>> sharing(2, 0.012, 0.008)
    '2 processes share each step: 12 ms a step, where one alone takes 8.0 ms: here it does not pay'
    """
    if not (together_s and alone_s):
        return _("{n} processes share each step").format(n=processes)
    told = {"n": processes, "together": step_time(together_s), "alone": step_time(alone_s)}
    if together_s >= alone_s:
        slower = _("{n} processes share each step: {together} a step, where one alone takes {alone}: here it does not pay")
        return slower.format(**told)
    faster = _("{n} processes share each step: {together} a step, {times} × as fast as one alone ({alone})")
    return faster.format(**told, times=f"{alone_s / together_s:.1f}")


def refusal(reason: str) -> str:
    """Why a candidate was refused, as a sentence.

    >>> refusal("memory"), refusal("error:no compiler")
    ('memory ran out', 'it fails here: no compiler')
    """
    kind, _colon, text = reason.partition(":")
    return _(REASONS[kind]).format(text=text)


def comparison(chosen: Mapping[str, Any], usual: Mapping[str, Any]) -> str:
    """The chosen candidate beside the usual one.

    >>> slow = {"precision": "float32", "memory_format": "contiguous", "threads": 2, "seconds": 0.163}
    >>> comparison(slow | {"memory_format": "channels-last", "seconds": 0.078}, slow)
    'float32, channels-last, 2 threads — 78 ms a step, 2.1 × the usual speed (163 ms)'
    """
    own = step_time(chosen["seconds"])
    if words(chosen) == words(usual):
        told = _("{plan} — {time} a step; these are PyTorch's defaults: nothing that was tried is faster")
        return told.format(plan=words(chosen), time=own)
    times = f"{usual['seconds'] / chosen['seconds']:.1f}"
    return _("{plan} — {time} a step, {times} × the usual speed ({usual})").format(
        plan=words(chosen), time=own, times=times, usual=step_time(usual["seconds"])
    )
