"""Hashes of pictures as they look: equal where the decoded pixels are, whatever file format, palette or mode holds them.

A PNG saved again as BMP, a palette written out as colours, a grey picture stored as RGB, an array saved as a file: all are the
same picture. Pixels with more than 8 bits count by their values.
"""

import numpy as np
from PIL import Image as Pillow

from fukami.fields import cells, pictures

LARGEST_JPEG = 4_000_000
"""Pixels from which on a JPEG counts by the bytes of its file: to decode larger ones in full takes several times as long as all
else that is done with them. That one of them was saved again is left to the search for nearly equal pictures."""


def counts_by_pixels(image: Pillow.Image) -> bool:
    """Whether a picture of which the header is read is to be decoded in full."""
    return image.format not in ("JPEG", "MPO") or image.width * image.height < LARGEST_JPEG


def picture_hash(image: Pillow.Image) -> int:
    """64 bits of a decoded picture that stands upright.

    >>> grey = Pillow.new("L", (3, 2), 7)
    >>> len({array_hash(np.asarray(grey)), *(picture_hash(grey.convert(mode)) for mode in ("L", "RGB", "RGBA", "P"))})
    1
    """
    if pictures.is_deep(image):
        return _hash("deep", np.asarray(image).astype(np.float64))
    if image.has_transparency_data:
        image = image.convert("RGBA")
    elif image.mode == "1":
        image = image.convert("L")
    elif image.mode not in ("L", "RGB"):
        image = image.convert("RGB")
    return array_hash(np.asarray(image))


def array_hash(x_HWC: np.ndarray) -> int:
    """The same of 8-bit pixels `(H, W)` or `(H, W, C)`."""
    if x_HWC.ndim == 3 and x_HWC.shape[2] == 4 and x_HWC[:, :, 3].min(initial=255) == 255:
        x_HWC = x_HWC[:, :, :3]
    if x_HWC.ndim == 3 and (x_HWC.shape[2] == 1 or (x_HWC.shape[2] == 3 and _without_colour(x_HWC))):
        x_HWC = x_HWC[:, :, 0]
    return _hash("pixels", x_HWC)


def _without_colour(x_HWC: np.ndarray) -> bool:
    some = x_HWC[:: max(1, len(x_HWC) // 16)]  # dismisses nearly all at little cost
    return all(np.array_equal(part[:, :, 0], part[:, :, k]) for part in (some, x_HWC) for k in (1, 2))


def _hash(kind: str, values: np.ndarray) -> int:
    return cells.hash_of(f"{kind} {values.shape} ".encode() + values.tobytes())


def array_hashes(values: np.ndarray, name: str) -> np.ndarray:
    """uint64 (N) of an array of pictures. Only 8-bit values can be the same as a file's; others count as they are."""
    if values.dtype != np.uint8:
        return cells.hashes(np.ascontiguousarray(x).tobytes() for x in values)
    x_NCHW = pictures.as_nchw(values, pictures.layout_of(values.shape, name))
    return np.fromiter((array_hash(x) for x in x_NCHW.transpose(0, 2, 3, 1)), np.uint64, len(values))
