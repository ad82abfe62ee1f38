"""Which plans are worth trying, coordinate by coordinate, the likeliest gains first.

The full product would be hundreds of plans; what helps one choice seldom depends on another. Two dependences are known. Some
devices are slower in channels-last order in float32 and much faster in bfloat16, so that order is asked about twice. And too
many threads make every time uncertain, so where there is time their number is asked about first, and again at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch

from fukami.core.recipe import PlanChoices
from fukami.engine.plan import GAIN, Figure, Plan

SLOW_STEP_S = 0.05
"""A step this long is long enough to be computed in parts that fit the processor's caches, and too long for one thread."""


@dataclass(frozen=True)
class Facts:
    """What decides which candidates make sense.

    `pictures`: a batch has an order of axes to choose; `bfloat16`: the device has instructions for it; `threads` and `cores`:
    how many there are; `whole`: the loss of a batch is not the mean of its parts' (batch statistics), so parts are not tried
    for speed; `loading`: share of a step that is spent on preparing its batch.
    """

    pictures: bool
    bfloat16: bool
    threads: int
    cores: int
    whole: bool
    batch_size: int
    loading: float = 0.0


def coordinates(choices: PlanChoices, facts: Facts, *, threads_first: bool = False) -> list[Callable[[Figure], Iterator[Plan]]]:
    """Functions `(best so far) -> plans to try`, in the order to ask them. What `choices` fixes has none.

    >>> facts = Facts(pictures=True, bfloat16=False, threads=1, cores=1, whole=False, batch_size=8)
    >>> [plan.memory_format for ask in coordinates(PlanChoices(), facts) for plan in ask(Figure(Plan(), 0.001))]
    ['channels-last']
    """
    asked: list[Callable[[Figure], Iterator[Plan]]] = []
    threads = [lambda best: _threads(best, facts.threads)] if choices.threads == 0 and facts.threads > 1 else []
    if threads_first:
        asked += threads
    formats = choices.memory_format == "auto" and facts.pictures
    if formats:
        asked.append(_formats)
    if choices.precision == "auto" and facts.bfloat16:
        asked.append(_precisions)
        if formats:
            asked.append(_formats)
    asked += threads
    if choices.micro_batch == 0 and not facts.whole:
        asked.append(lambda best: _parts(best, facts.batch_size))
    if choices.batches_ahead < 0 and facts.cores > 1 and facts.loading >= 1 - 1 / GAIN:
        asked.append(_ahead)
    return asked


def compiled(best: Figure) -> Plan:
    """The best plan so far with the network compiled."""
    return replace(best.plan, compiled=True)


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes bfloat16 itself. Emulated it is never faster.

    A processor is asked through oneDNN, which knows the instruction set it was told to keep to (`ONEDNN_MAX_CPU_ISA`).
    """
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return device.type == "cpu" and torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _formats(best: Figure) -> Iterator[Plan]:
    if best.plan.memory_format == "contiguous":
        yield replace(best.plan, memory_format="channels-last")


def _precisions(best: Figure) -> Iterator[Plan]:
    yield replace(best.plan, precision="bfloat16")


def _threads(best: Figure, most: int) -> Iterator[Plan]:
    """Half of the threads and one: small steps spend more on waking threads than on their arithmetic."""
    if best.plan.device != "cpu":
        return
    for number in dict.fromkeys((most // 2, 1)):
        if number != best.plan.threads and (number > 1 or best.seconds < SLOW_STEP_S or most == 2):
            yield replace(best.plan, threads=number)


def _parts(best: Figure, batch_size: int) -> Iterator[Plan]:
    """Half and a quarter of the examples at a time, where the processor's caches may hold them and not the whole."""
    if best.plan.device != "cpu" or best.seconds < SLOW_STEP_S or best.plan.micro_batch:
        return
    for share in (2, 4):
        if batch_size % share == 0 and batch_size // share >= 4:
            yield replace(best.plan, micro_batch=batch_size // share)


def _ahead(best: Figure) -> Iterator[Plan]:
    yield replace(best.plan, batches_ahead=0 if best.plan.batches_ahead else 2)
