"""Masks for people: a colour for each class, small, with a legend."""

import html
from collections.abc import Sequence

import numpy as np

from fukami.fields.mask import decode

THUMBNAIL_PX = 160
PALETTE = (
    (86, 180, 233), (213, 94, 0), (0, 158, 115), (148, 148, 148), (240, 228, 66), (0, 110, 60), (204, 121, 167),
    (120, 60, 20), (0, 60, 170), (230, 30, 60), (150, 90, 230), (250, 160, 90), (120, 220, 210), (90, 90, 30),
    (255, 190, 220), (40, 40, 110),
)  # fmt: skip
"""Colours of classes, told apart by those who see few colours as far as so many can be; further classes begin anew."""
DARK = (0, 0, 0)
"""The colour of what is not judged."""


def thumbnail(index_HW: np.ndarray, longest: int = THUMBNAIL_PX) -> np.ndarray:
    """Class numbers taken down to at most `longest` pixels: of each place the class in its middle."""
    shrink = min(1.0, longest / max(index_HW.shape))
    sizes = [max(1, round(side * shrink)) for side in index_HW.shape]
    return index_HW[np.ix_(*(decode.rows_and_columns(n, side) for n, side in zip(sizes, index_HW.shape, strict=True)))]


def kept(index_HW: np.ndarray) -> str:
    """Class numbers, small, as a PNG in base64 whose palette has their colours."""
    small_HW = thumbnail(index_HW).astype(np.int32)
    present = [int(number) for number in np.unique(small_HW)]
    return decode.as_text(decode.png(small_HW, coloured=False, colours={number: colour(number) for number in present}))


def colour(number: int) -> tuple[int, int, int]:
    """The colour of a class."""
    return DARK if number == 255 else PALETTE[number % len(PALETTE)]


def rendered(drawn: str, names: Sequence[str]) -> str:
    """What `kept` gave as an HTML fragment, with a legend of the classes that are in it."""
    index_HW, _coloured, _lossy = decode.read(drawn, None, "")
    keys = "".join(
        f'<span style="white-space:nowrap"><span style="background:rgb{colour(k)};display:inline-block;width:.8em;height:.8em">'
        f"</span> {html.escape(str(names[k]))}</span> "
        for k in np.unique(index_HW).tolist()
        if k < len(names)
    )
    alt = html.escape(", ".join(str(names[k]) for k in np.unique(index_HW).tolist() if k < len(names)), quote=True)
    return f'<figure style="margin:0"><img src="{drawn}" alt="{alt}"><figcaption>{keys}</figcaption></figure>'
