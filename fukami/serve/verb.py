"""`serve`: opens the runs, and answers over HTTP until it is asked to end."""

import contextlib
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from fukami.core import stopping
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.serve.app import Served, app_of
from fukami.serve.batching import Bounds
from fukami.serve.figures import Figures
from fukami.serve.hosts import Hosts, opened_with_signs
from fukami.serve.limits import Limits
from fukami.serve.log import Log

LOOPBACK = ("127.0.0.1", "::1", "localhost")
KEYS = "FUKAMI_SERVE_KEYS"
MOST_CONNECTIONS = 1000


@dataclass(frozen=True)
class Place:
    """Where a server listens, and what it asks for; port 0 for any that is free."""

    host: str = "127.0.0.1"
    port: int = 8000
    keys: Sequence[str] = ()
    log: Path | None = None
    log_share: float = 1.0
    log_inputs: bool = False
    bounds: Bounds = field(default_factory=Bounds)
    limits: Limits = field(default_factory=Limits)


def asked(*, batch: int, deadline_s: float, waiting: int, seconds: float, **options: Any) -> Place:
    """The place, from the options of the command line."""
    return Place(bounds=Bounds(batch, deadline_s, waiting, seconds), **options)


class Server(uvicorn.Server):
    """One that ends as it should when it is asked to, instead of raising the signal again."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._asked_to_end) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _asked_to_end(self, number: int, frame: Any) -> None:
        stopping.heard()  # so that nobody ends the process meanwhile
        self.handle_exit(number, frame)


def keys_of(given: Sequence[str]) -> tuple[str, ...]:
    """Keys that were given, and those of the environment. Raises `UsageError` F-SERVE-KEY for one that is empty: whoever gives
    none would have it."""
    if any(not key.strip() for key in given):
        raise UsageError("F-SERVE-KEY", _("a key is empty"), expected="--key KEY")
    return (*given, *(key.strip() for key in os.environ.get(KEYS, "").split(",") if key.strip()))


def served_of(runs: Sequence[Path], place: Place) -> Served:
    """Everything of a server but the place where it listens."""
    figures = Figures()
    log = Log(place.log, share=place.log_share, raw=place.log_inputs)
    hosts = Hosts([opened_with_signs(run) for run in runs], place.bounds, figures)
    return Served(hosts, figures, log, place.limits, keys_of(place.keys))


def serve_runs(
    runs: Sequence[Path], place: Place, *, began: Callable[[dict[str, Any]], None] = lambda _told: None
) -> dict[str, Any]:
    """Serves until SIGTERM or Ctrl-C; `began` is told where, once it answers. Returns what was served.

    Raises:
        RunError: a run was altered.
        UsageError: F-SERVE-PORT where nobody may listen there.
    """
    listening = bound(place)
    served = served_of(runs, place)
    host, port = listening.getsockname()[:2]
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    told: dict[str, Any] = {"address": address, "runs": [one.name for one in served.hosts], "notes": []}
    if place.host not in LOOPBACK and not served.keys:
        told["notes"].append(_("whoever reaches this machine can ask: no key is asked for (--key)"))
    config = uvicorn.Config(
        app_of(served),
        log_config=None,
        access_log=False,
        limit_concurrency=MOST_CONNECTIONS,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=int(place.bounds.seconds) + 5,
        server_header=False,
    )
    began(told)
    Server(config).run(sockets=[listening])
    return told | {"requests": served.log.number}


def bound(place: Place) -> socket.socket:
    """A socket that listens. Raises `UsageError` F-SERVE-PORT."""
    family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    if os.name == "posix":
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((place.host, place.port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(
            "F-SERVE-PORT",
            _("nobody can listen at this address"),
            where=f"{place.host}:{place.port}",
            got=str(error),
            fix="--port 0",
        ) from None
    return listening


def told_to_people(told: dict[str, Any]) -> None:
    """Says on standard error where the server is, while it runs."""
    lines = [f"{', '.join(told['runs'])}: {told['address']}", *told["notes"], _("Ctrl-C ends it")]
    print("\n".join(lines), file=sys.stderr, flush=True)
