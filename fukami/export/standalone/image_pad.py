"""A picture with grey edges along its longer side."""

from PIL import Image, ImageOps


def fitted(image, size):
    """The whole picture, with grey edges."""
    return ImageOps.pad(image, size, Image.Resampling.BILINEAR, color=(128,) * len(image.getbands()))
