"""What is said in a recording, of how likely each letter is at each step."""

from fukami.fields.reading.ctc import decoded, written


def answer(row, told):
    """The text, how likely a step was, and when each word is heard."""
    log, steps, second = row
    letters, first, last, nats = decoded(log[: int(steps)], told["beams"], told["gap"])
    starts, ends = [step * float(second) for step in first], [step * float(second) for step in last]
    said = [told["letters"][letter - 1] for letter in letters]
    return written(said, starts, ends, nats, int(steps), told["spaced"])
