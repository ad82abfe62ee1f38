"""Pictures: decoded, upright, of one size and mode, normalised."""

import contextlib

import numpy as np
from PIL import Image, ImageOps

from fukami.export.standalone.image_squash import fitted


def read(values, told):
    """The network's tensor of pictures (paths, or files that are open)."""
    pixels = np.stack([picture(value, told) for value in values]).astype(np.float32)
    normal = (pixels / 255 - np.float32(told["mean"])) / np.float32(told["std"])
    return {told["name"]: normal.transpose(0, 3, 1, 2)}


def picture(source, told):
    """The pixels of one picture (height, width, channels)."""
    image, size = Image.open(source), (told["size_px"], told["size_px"])
    if image.format not in told["formats"]:
        raise ValueError(f"pictures in {image.format} are not read")
    image.draft(told["mode"] if image.mode == "RGB" else image.mode, size)  # a JPEG is decoded to part of its size
    image.load()
    with contextlib.suppress(Exception):  # a broken EXIF block says nothing of the orientation
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":
        image = Image.fromarray(eight_bits(np.asarray(image), told["levels"].get(image.mode)))
    elif image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    return np.atleast_3d(np.asarray(fitted(image.convert("RGB").convert(told["mode"]), size)))


def eight_bits(values, levels):
    """Pixels of more than 8 bits as bytes, between the levels that the training had for them, or that they suggest."""
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(high - low):
        raise ValueError("the picture has pixels that are not finite numbers")
    if levels is None and low < 0:
        levels = (-1, 1) if low >= -1 and high <= 1 else (low, max(high, low + 1e-6))
    low, high = levels or (0, next((top for top in (1, 16, 255, 1023, 4095, 16383, 65535) if high <= top), high))
    return np.clip(np.rint((values.astype(np.float32) - low) * (255 / (high - low))), 0, 255).astype(np.uint8)
