"""Where the pixels of given pictures lie in what the network sees."""

import contextlib

from PIL import Image, ImageOps


def frames(values, told):
    """Of each picture its `size`, width first, and the `map` that leads from its pixels (x, y, 1) to those of the tensor."""
    return [frame(value, told) for value in values]


def frame(source, told):
    """The same of one picture."""
    Image.init()
    image = Image.open(source, formats=[name for name in told["formats"] if name in Image.OPEN])
    image.load()
    with contextlib.suppress(Exception):  # a broken EXIF block says nothing of the orientation
        ImageOps.exif_transpose(image, in_place=True)
    given, wanted = image.size, told["size"]
    scale = [there / here for here, there in zip(given, wanted, strict=True)]
    if told["resize"] != "squash":
        scale = [max(scale) if told["resize"] == "crop" else min(scale)] * 2
    across, down = ((there - by * here) / 2 for here, there, by in zip(given, wanted, scale, strict=True))
    return {"size": list(given), "map": [[scale[0], 0.0, across], [0.0, scale[1], down]]}
