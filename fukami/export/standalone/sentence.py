"""A text that was written, of its tokens: pieces of bytes."""

import math


def answer(row, told):
    """The text, and how likely each of its tokens was, in the geometric mean."""
    ids, nats = row
    bytes_of = {letter: byte for byte, letter in enumerate(told["letters"])}
    pieces = "".join(told["pieces"][number] for number in ids)
    text = bytes(bytes_of[letter] for letter in pieces).decode("utf-8", "replace").strip()
    return {"text": text, "score": math.exp(float(nats) / (len(ids) + 1))}
