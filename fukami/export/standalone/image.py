"""Pictures: decoded, upright, of one size and mode, normalised."""

import contextlib

import numpy as np
from PIL import Image, ImageOps


def inputs(argument):
    """The inputs that an argument of the command line stands for: one picture."""
    return [argument]


def read(values, told):
    """The graph's tensor of pictures (paths, or files that are open)."""
    pixels = np.stack([picture(value, told) for value in values]).astype(np.float32)
    mean, std = (np.array(told[name], np.float32).reshape(-1, 1, 1) for name in ("mean", "std"))
    return {told["name"]: pixels * (1 / (255 * std)) - mean / std}


def picture(source, told):
    """One picture as bytes (channels, height, width)."""
    image, size, channels = Image.open(source), (told["size_px"], told["size_px"]), told["channels"]
    if image.format in ("JPEG", "MPO"):  # decoded at part of its size where that suffices
        image.draft("L" if channels == 1 and image.mode in ("RGB", "YCbCr") else image.mode, size)
    image.load()
    with contextlib.suppress(Exception):  # a broken EXIF block says nothing of the orientation
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode[0] in "IF":
        image = Image.fromarray(eight_bits(np.asarray(image), told["levels"].get(image.mode)))
    elif image.has_transparency_data:
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA"))
    mode = "L" if channels == 1 else "RGB"
    image = image if image.mode == mode else image.convert("RGB").convert(mode)
    if image.size != size:
        if told["resize"] == "crop":
            image = ImageOps.fit(image, size, Image.Resampling.BILINEAR)
        elif told["resize"] == "pad":
            image = ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=128 if mode == "L" else (128, 128, 128))
        else:
            image = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)


def eight_bits(values, levels):
    """Pixels of more than 8 bits, `levels` (black and white) spread over 0 to 255; what they suggest where none is known."""
    if levels is None:
        low, high = float(values.min()), float(values.max())
        tops = [top for top in (1, 16, 255, 1023, 4095, 16383, 65535) if high <= top]
        levels = (
            (0, tops[0] if tops else high) if low >= 0 else (-1, 1) if low >= -1 and high <= 1 else (low, max(high, low + 1e-6))
        )
    scaled = (values.astype(np.float32) - np.float32(levels[0])) * np.float32(255 / (levels[1] - levels[0]))
    return np.clip(np.rint(np.nan_to_num(scaled)), 0, 255).astype(np.uint8)
