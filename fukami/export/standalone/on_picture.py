"""Masks on the pictures that were given."""

import numpy as np


def on_picture(index, frame):
    """Class numbers at the pixels of the given picture; what the network did not see of it is as its edge."""
    (across, _skew, right), (_other, down, below) = frame["map"]
    places = []
    for count, scale, move, side in zip(frame["size"][::-1], (down, across), (below, right), index.shape, strict=True):
        room = 2 * move + scale * count  # of the tensor, in whose middle the picture lies
        at = np.floor(((np.arange(count) + 0.5) * scale + move) * side / room)
        places.append(at.astype(np.int64).clip(0, side - 1))
    return index[np.ix_(*places)]
