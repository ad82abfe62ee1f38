"""All that a server holds: each run by its name, with what waits for it; a folder that was replaced is opened anew.

The old one answers until the new one can. One that cannot be opened, because it was altered or is not whole, changes nothing.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fukami.core.errors import FukamiError, UsageError, unknown
from fukami.core.language import _
from fukami.serve.batching import Bounds, Queue
from fukami.serve.figures import Figures
from fukami.serve.hosted import Hosted, Told
from fukami.serve.values import example_of, schema_like, values_of

LOOK_S = 1.0
"""Seconds between two looks at the folders."""
TRIES = 20
"""How often a folder that was changed and cannot be opened is tried again, ever later: ten minutes in all."""


@dataclass
class Host:
    """One run that is served. `answer` is the schema of its answers."""

    name: str
    hosted: Hosted
    answer: dict[str, Any]
    seen: tuple[int, ...]
    queue: Queue | None = None
    ready: bool = True
    failed: int = 0
    again: float = 0.0

    def described(self) -> dict[str, Any]:
        """What the server says of it."""
        told = {"name": self.name, "task": self.hosted.task, "model": self.hosted.model}
        return told | {
            "inputs": self.hosted.schemas,
            "answer": self.answer,
            "options": self.hosted.options,
            "tables": self.hosted.tables,
        }


def opened(path: Path) -> Hosted:
    """What lies in a folder, verified. Raises `RunError` where it was altered, `UsageError` where it holds nothing to serve."""
    if (path / "preprocessing.json").is_file() and not (path / "run.json").exists():
        from fukami.serve.exported import Exported

        return Exported(path)
    from fukami.opened import Opened
    from fukami.serve.runs import ServedRun

    return ServedRun(Opened(path))


def warmed(hosted: Hosted) -> dict[str, Any]:
    """The schema of its answers, from a first one to an input that is made up; so nobody waits for what is slow but once.

    Where an input that a schema allows is none for the run, nothing is said of answers but that they are objects.
    """
    made = {name: example_of(schema) for name, schema in hosted.schemas.items()}
    value = made if len(made) > 1 else next(iter(made.values()))
    (told,) = hosted.ask(values_of([value], hosted.schemas), {})
    return {"type": "object"} if told.error else schema_like(told.answer)


class Hosts:
    """What is `hosted`, asked once, each with the signs of its folder when it was opened.

    Raises:
        UsageError: F-SERVE-NAME where two have one name.
    """

    def __init__(self, hosted: Sequence[tuple[Hosted, tuple[int, ...]]], bounds: Bounds, figures: Figures):
        self.bounds, self.figures = bounds, figures
        self._by_name: dict[str, Host] = {}
        for one, seen in hosted:
            name = one.path.resolve().name
            if name in self._by_name:
                raise UsageError("F-SERVE-NAME", _("two runs have one name"), got=name, fix=_("rename one of the folders"))
            self._by_name[name] = Host(name, one, warmed(one), seen)
        self._watching: asyncio.Task[None] | None = None

    def __iter__(self):
        return iter(self._by_name.values())

    @property
    def first(self) -> Host:
        return next(iter(self))

    def of(self, name: str) -> Host:
        """The run of that name. Raises `UsageError` F-SERVE-RUN."""
        if name not in self._by_name:
            raise unknown(_("run"), name, self._by_name, code="F-SERVE-RUN")
        return self._by_name[name]

    async def open(self) -> None:
        """Begins to answer, and to look for folders that were replaced."""
        for host in self:
            host.queue = Queue(self._asking(host), self.bounds, self.figures.batches(host.name))
            self.figures.waiting(host.name, lambda host=host: host.queue.in_hand if host.queue else 0)
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Answers what was accepted, and ends."""
        if self._watching is not None:
            self._watching.cancel()
        for host in self:
            if host.queue is not None:
                await host.queue.close()
                host.queue = None

    @staticmethod
    def _asking(host: Host):
        def ask(values: Sequence[Any], options: dict[str, Any]) -> list[Told]:
            return host.hosted.ask(values, options)

        return ask

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            for host in self:
                if (seen := signs(host.hosted.path)) and seen != host.seen and time.monotonic() >= host.again:
                    await self._exchange(host, seen)

    async def _exchange(self, host: Host, seen: tuple[int, ...]) -> None:
        """Opens a folder anew in another thread than answers are computed in."""
        loop, path = asyncio.get_running_loop(), host.hosted.path
        try:
            new = await loop.run_in_executor(None, lambda: opened(path))
            answer = await loop.run_in_executor(None, lambda: warmed(new))
        except Exception as error:
            told = str(error) if isinstance(error, FukamiError) else f"{type(error).__name__}: {error}"
            print(f"{host.name}: {_('the folder was changed, and cannot be served; the old one answers on')}\n{told}",
                  file=sys.stderr, flush=True)  # fmt: skip
            self.figures.reloaded(host.name, held=False)
            host.failed += 1
            host.again = time.monotonic() + min(30.0, 2.0**host.failed)  # it may still be on its way here
            if host.failed > TRIES:
                host.seen, host.failed = seen, 0
            return
        host.hosted, host.answer, host.seen, host.failed = new, answer, seen, 0
        self.figures.reloaded(host.name, held=True)
        print(f"{host.name}: {_('the folder was replaced; the new one answers')}", file=sys.stderr, flush=True)


def opened_with_signs(path: Path) -> tuple[Hosted, tuple[int, ...]]:
    """What lies in a folder, and by what it will be known to have been replaced since."""
    seen = signs(path)
    return opened(path), seen


def signs(path: Path) -> tuple[int, ...]:
    """By what a folder is known to be the one that was opened; nothing where there is none just now."""
    try:
        told = (path / "manifest.json").stat()
    except OSError:
        return ()
    return told.st_ino, told.st_mtime_ns, told.st_size
