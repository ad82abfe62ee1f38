"""Answers that lie somewhere on their inputs."""

from fukami.export.standalone.category import answer
from fukami.export.standalone.image_frames import frames


def answered(rows, values, told):
    """An answer for each of the raw inputs, of what the network gave for it and of where the input lies."""
    placed = zip(rows, frames(values, told["input"]), strict=True)
    return [answer(row, told["answer"], frame) for row, frame in placed]  # pyright: ignore
