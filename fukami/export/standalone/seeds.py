"""Seeds, from which everything that chance decides follows."""

import numpy as np


def read(values, told):
    """The seeds of raw inputs: whole numbers, as such or as text."""
    texts = [str(value.get("seed") if isinstance(value, dict) else value).strip() for value in values]
    if not all(text.isascii() and text.isdecimal() and len(text) <= 18 for text in texts):
        raise ValueError("a seed is a whole number, such as 7; a range of them is written 0:16")
    return {told["name"]: np.array([int(text) for text in texts], np.int64)}
