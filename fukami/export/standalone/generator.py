"""A generator, which is asked once."""

from fukami.export.standalone.noise import normal, pixels


def ask(sessions, part, told):
    """A picture of each seed, of the noise that follows from it."""
    (seeds,) = part.values()
    return pixels(sessions["generator"].run(None, {"noise": normal(seeds, told["shape"])})[0])
