"""Pictures: decoded, upright, of one size and mode, normalised."""

import contextlib

import numpy as np
from PIL import Image, ImageOps

from fukami.export.standalone.image_squash import fitted


def read(values, told):
    """The network's tensor of pictures (paths, or files that are open)."""
    pixels = np.stack([picture(value, told) for value in values]).astype(np.float32) / 255
    normal = (pixels - np.float32(told["mean"])) / np.float32(told["std"])
    return {told["name"]: normal.transpose(0, 3, 1, 2)}


def picture(source, told):
    """The pixels of one picture (height, width, channels)."""
    Image.init()
    image = Image.open(source, formats=[name for name in told["formats"] if name in Image.OPEN])
    image.draft(told["mode"] if image.mode == "RGB" else image.mode, told["size"])  # a JPEG is decoded to part of its size
    image.load()
    with contextlib.suppress(Exception):  # a broken EXIF block says nothing of the orientation
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":
        image = Image.fromarray(eight_bits(np.asarray_chkfinite(image), told["levels"].get(image.mode), told["ranges"]))
    elif image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.atleast_3d(np.asarray(fitted(image.convert("RGB").convert(told["mode"]), tuple(told["size"]))))


def eight_bits(values, levels, ranges):
    """Pixels of more than 8 bits as bytes, between the levels of the training, else in the first range that holds them all."""
    low, high = float(values.min()), float(values.max())
    low, high = levels or next((one for one in ranges if one[0] <= low <= high <= one[1]), (min(0, low), max(high, low + 1e-6)))
    return np.clip(np.rint((values.astype(np.float32) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
