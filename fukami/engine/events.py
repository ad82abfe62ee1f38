"""TensorBoard events: `tensorboard --logdir RUN/events` shows the curves of a training while it runs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Events:
    """Writes scalars to an events file in `folder`. A resumed training adds a further file, which TensorBoard joins.

    `purge_step` is the number of steps that were done when the training was saved: TensorBoard is told to forget later ones.
    """

    def __init__(self, folder: Path, *, purge_step: int = 0):
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder), flush_secs=10, purge_step=purge_step + 1 if purge_step else None)

    def write(self, step: int, scalars: dict[str, Any]) -> None:
        """Writes each finite number under its name, at `step`; what is no number is left out."""
        for name, value in scalars.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                self._writer.add_scalar(name, value, step)

    def close(self) -> None:
        self._writer.close()

    def __enter__(self) -> Events:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


def read(folder: Path) -> Iterator[tuple[int, str, float]]:
    """`(step, name, value)` of every scalar in the folder's events files, in the order written."""
    from tensorboardX.proto.event_pb2 import Event  # type: ignore[attr-defined]
    from tensorboardX.record_writer import masked_crc32c

    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        at = 0
        while at + 12 <= len(data):
            # a record: length (8 bytes), its checksum (4), the event, its checksum (4)
            size = int.from_bytes(data[at : at + 8], "little")
            body = data[at + 12 : at + 12 + size]
            if len(body) < size or masked_crc32c(body).to_bytes(4, "little") != data[at + 12 + size : at + 16 + size]:
                break
            event = Event.FromString(body)
            yield from ((event.step, v.tag, v.simple_value) for v in event.summary.value)
            at += 16 + size
