"""What Prometheus reads: requests, their time, batches, who waits, what was refused."""

from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Figures:
    """The figures of one server, in a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        own: dict[str, Any] = {"registry": self._registry}
        self._requests = Counter("fukami_requests", "Requests by run and status.", ["run", "status"], **own)
        self._seconds = Histogram(
            "fukami_request_seconds", "Seconds from a request to its answer.", ["run"], buckets=SECONDS, **own
        )
        self._examples = Counter("fukami_examples", "Examples that were answered.", ["run"], **own)
        self._failed = Counter(
            "fukami_examples_refused", "Examples that could not be answered, by code.", ["run", "code"], **own
        )
        self._batch = Histogram(
            "fukami_batch_examples", "Examples asked about together.", ["run"], buckets=[2**n for n in range(11)], **own
        )
        self._waited = Histogram(
            "fukami_waited_seconds", "Seconds that a batch's first request waited.", ["run"], buckets=SECONDS, **own
        )
        self._in_hand = Gauge(
            "fukami_requests_in_hand", "Requests that were accepted and are not answered yet.", ["run"], **own
        )
        self._reloads = Counter(
            "fukami_reloads", "Folders that were replaced, by whether the new one answers.", ["run", "held"], **own
        )

    def request(self, run: str, status: int, seconds: float) -> None:
        self._requests.labels(run, str(status)).inc()
        self._seconds.labels(run).observe(seconds)

    def examples(self, run: str, answered: int, codes: list[str]) -> None:
        self._examples.labels(run).inc(answered)
        for code in codes:
            self._failed.labels(run, code).inc()

    def batches(self, run: str) -> Callable[[int, float], None]:
        """What a queue is to tell its batches to."""

        def seen(examples: int, seconds: float) -> None:
            self._batch.labels(run).observe(examples)
            self._waited.labels(run).observe(seconds)

        return seen

    def waiting(self, run: str, count: Callable[[], float]) -> None:
        self._in_hand.labels(run).set_function(count)

    def reloaded(self, run: str, *, held: bool) -> None:
        self._reloads.labels(run, str(held).lower()).inc()

    def text(self) -> bytes:
        return generate_latest(self._registry)
