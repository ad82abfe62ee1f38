"""TensorBoard events: `tensorboard --logdir RUN/events` shows the curves of a training while it runs.

The file is written here, one framed record after another, rather than by tensorboardX's writer, whose thread dies where the
disk is full and then blocks the training; its messages and checksums are used.
"""

from __future__ import annotations

import math
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fukami.engine.history import Buffered


class Events(Buffered):
    """Writes scalars to an events file in `folder`. A resumed training adds a further file, which TensorBoard joins.

    `purge_step` is the number of steps that were done when the training was saved: TensorBoard is told to forget later ones.
    """

    def __init__(self, folder: Path, *, purge_step: int = 0):
        now = time.time()
        name = f"events.out.tfevents.{now:.0f}.{socket.gethostname()}"
        earlier = len(list(folder.glob("events.out.tfevents.*")))  # joined in the order of their names
        super().__init__(folder / (f"{name}.{earlier:03d}" if earlier else name))
        self._put(file_version="brain.Event:2")
        if purge_step:
            self.back_to(purge_step)

    def write(self, step: int, scalars: dict[str, Any]) -> None:
        """Writes each finite number under its name, at `step`; what is no number is left out."""
        from tensorboardX.proto.summary_pb2 import Summary  # type: ignore[attr-defined]

        for name, value in scalars.items():
            if isinstance(value, (int, float)) and math.isfinite(value):
                self._put(step=step, summary=Summary(value=[Summary.Value(tag=name, simple_value=value)]))

    def back_to(self, step: int) -> None:
        """Tells TensorBoard to forget what was written for steps after `step`, which come again."""
        from tensorboardX.proto.event_pb2 import SessionLog  # type: ignore[attr-defined]

        self._put(step=step + 1, session_log=SessionLog(status=SessionLog.START))

    def _put(self, **content: Any) -> None:
        from tensorboardX.proto.event_pb2 import Event  # type: ignore[attr-defined]

        body = Event(wall_time=time.time(), **content).SerializeToString()
        size = len(body).to_bytes(8, "little")
        self.append(size + _checksum(size) + body + _checksum(body))


def _checksum(data: bytes) -> bytes:
    from tensorboardX.record_writer import masked_crc32c

    return masked_crc32c(data).to_bytes(4, "little")


def read(folder: Path) -> Iterator[tuple[int, str, float]]:
    """`(step, name, value)` of every scalar in the folder's events files, in the order written."""
    from tensorboardX.proto.event_pb2 import Event  # type: ignore[attr-defined]

    for path in sorted(folder.glob("events.out.tfevents.*")):
        data = path.read_bytes()
        at = 0
        while at + 12 <= len(data):
            # a record: length (8 bytes), its checksum (4), the event, its checksum (4)
            size = int.from_bytes(data[at : at + 8], "little")
            body = data[at + 12 : at + 12 + size]
            if len(body) < size or _checksum(body) != data[at + 12 + size : at + 16 + size]:
                break
            event = Event.FromString(body)
            yield from ((event.step, v.tag, v.simple_value) for v in event.summary.value)
            at += 16 + size
