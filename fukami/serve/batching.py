"""Requests that wait for one model, answered together: whoever comes while it computes is asked about in the next batch.

The queue is bounded, and nobody waits for longer than was agreed. What was accepted is answered, also while a server ends.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from fukami.core.errors import FukamiError
from fukami.core.language import _
from fukami.serve.hosted import Told

Ask = Callable[[Sequence[Any], dict[str, Any]], list[Told]]


class Refused(FukamiError):
    """A request that cannot be answered now: `status` is that of HTTP."""

    status = 503

    def __init__(self, code: str, what: str, *, status: int, **parts: str):
        super().__init__(code, what, **parts)
        self.status = status


@dataclass(frozen=True)
class Bounds:
    """How requests wait.

    Attributes:
        batch: examples that are asked about at a time.
        deadline_s: how long the first of a batch waits for others.
        waiting: requests that may wait; more are told to come again.
        seconds: how long a request may take in all.
    """

    batch: int = 64
    deadline_s: float = 0.003
    waiting: int = 256
    seconds: float = 60.0


@dataclass
class _Job:
    values: Sequence[Any]
    options: dict[str, Any]
    future: asyncio.Future[list[Told]]
    began: float = field(default_factory=time.perf_counter)


@dataclass
class Queue:
    """The requests for one model. `ask` is called in a thread of its own, once at a time; `seen` is told the examples of each
    batch, and how long the first of them waited."""

    ask: Ask
    bounds: Bounds
    seen: Callable[[int, float], None] = lambda _examples, _seconds: None

    def __post_init__(self) -> None:
        self._jobs: deque[_Job] = deque()
        self._some = asyncio.Event()
        self._thread = ThreadPoolExecutor(1, "fukami-serve")
        self._worker: asyncio.Task[None] | None = None
        self.in_hand = 0
        """Requests that were accepted and are not answered yet."""

    async def answered(self, values: Sequence[Any], options: dict[str, Any]) -> list[Told]:
        """What is told of the values of one request. Raises `Refused` 429 where too many wait, 503 where it takes too long."""
        self.require_room()
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        job = _Job(values, options, asyncio.get_running_loop().create_future())
        self._jobs.append(job)
        self._some.set()
        return await self._waited(job.future)

    async def alone(self, work: Callable[[], Any]) -> Any:
        """What `work` gives, done where the model is asked. Raises `Refused` as `answered` does."""
        self.require_room()
        return await self._waited(self.in_thread(work))

    def require_room(self) -> None:
        """Raises `Refused` 429 where too many wait."""
        if self.in_hand >= self.bounds.waiting:
            raise Refused(
                "F-SERVE-BUSY",
                _("more is asked than can be answered"),
                status=429,
                expected=_("at most {n} requests that wait").format(n=self.bounds.waiting),
                fix=_("ask again in a second"),
            )

    async def _waited(self, answer: Awaitable[Any]) -> Any:
        self.in_hand += 1
        try:
            return await asyncio.wait_for(answer, self.bounds.seconds)
        except TimeoutError:
            raise Refused(
                "F-SERVE-SLOW",
                _("the answer took too long"),
                status=503,
                expected=_("at most {n} seconds").format(n=f"{self.bounds.seconds:g}"),
                fix=_("ask about fewer inputs at a time"),
            ) from None
        finally:
            self.in_hand -= 1

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """What `work` gives, done where the model is asked, after what waits there."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        """Answers what was accepted, and ends."""
        while any(not job.future.done() for job in self._jobs) or self.in_hand:
            await asyncio.sleep(0.01)
        if self._worker is not None:
            self._worker.cancel()
            with suppress(asyncio.CancelledError):
                await self._worker
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            self._some.clear()
            while self._jobs:
                await self._gathered()
                await self._answer(list(self._taken()))

    async def _gathered(self) -> None:
        """Waits for more, until a batch is full, or its first request has waited as long as it may."""
        ends = self._jobs[0].began + self.bounds.deadline_s
        while (left := ends - time.perf_counter()) > 0 and sum(len(job.values) for job in self._jobs) < self.bounds.batch:
            self._some.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._some.wait(), left)

    def _taken(self) -> Iterator[_Job]:
        """The requests of one batch: those at the front that ask with the same options, and that somebody still waits for."""
        count, options = 0, self._jobs[0].options
        while self._jobs and self._jobs[0].options == options and (not count or count < self.bounds.batch):
            job = self._jobs.popleft()
            if not job.future.done():
                count += len(job.values)
                yield job

    async def _answer(self, jobs: list[_Job]) -> None:
        """Asks about several requests at once; where that fails, about each by itself: none fails for another's sake."""
        if not jobs:
            return
        values = [value for job in jobs for value in job.values]
        self.seen(len(values), time.perf_counter() - jobs[0].began)
        try:
            told = iter(await self.in_thread(lambda: self.ask(values, jobs[0].options)))
        except Exception as error:
            if len(jobs) > 1:
                for job in jobs:
                    await self._answer([job])
            elif not jobs[0].future.done():
                jobs[0].future.set_exception(error)
            return
        for job in jobs:
            own = [next(told) for _value in job.values]
            if not job.future.done():
                job.future.set_result(own)
