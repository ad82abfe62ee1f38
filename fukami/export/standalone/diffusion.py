"""Noise that is taken away step by step, until pictures are left."""

import numpy as np

from fukami.export.standalone.noise import normal, pixels


def ask(sessions, part, told):
    """A picture of each seed. `course` tells of each step its moment, and how noise and picture are joined."""
    (seeds,) = part.values()
    x = normal(seeds, told["shape"])
    for number, (moment, hidden, seen, again, drawn, share) in enumerate(told["course"]):
        found = sessions["step"].run(None, {"x": x, "t": np.full(len(seeds), moment)})[0]
        clean = np.clip((x - np.float32(hidden) * found) / np.float32(seen), -1, 1)
        found = (x - np.float32(seen) * clean) / np.float32(hidden)
        x = np.float32(share) * clean + np.float32(again) * found
        if drawn:
            x = x + np.float32(drawn) * normal(seeds, told["shape"], number + 1)
    return pixels(x)
