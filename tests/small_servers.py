"""Servers around predictors that were never written into a folder. Not a test itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from starlette.testclient import TestClient

from fukami.predictor import Predictor
from fukami.serve.app import Served, app_of
from fukami.serve.batching import Bounds
from fukami.serve.figures import Figures
from fukami.serve.hosts import Hosts
from fukami.serve.limits import Limits
from fukami.serve.log import Log
from fukami.serve.runs import ServedRun


def run_of(predictor: Predictor, name: str) -> Any:
    """What passes for an opened run."""
    told = {"task": predictor.task.name, "fields": predictor.task.described(), "model": {"name": "tiny"}}
    return SimpleNamespace(
        path=Path(name),
        task=predictor.task.name,
        told=told,
        predictor=predictor,
        asked_with=lambda settings: run_of(predictor.with_options(settings), name),
    )


@contextmanager
def serving(
    *runs: Any, log: Path | None = None, bounds: Bounds | None = None, limits: Limits | None = None, **more: Any
) -> Iterator[TestClient]:
    """A client of a server of these runs."""
    figures = Figures()
    hosts = Hosts([(run if hasattr(run, "ask") else ServedRun(run), ()) for run in runs], bounds or Bounds(), figures)
    with TestClient(app_of(Served(hosts, figures, Log(log), limits or Limits(), **more))) as client:
        yield client


def lines(place: Path) -> list[dict[str, Any]]:
    """What a log says."""
    return [json.loads(line) for line in place.read_text("utf-8").splitlines()]
