"""A picture of whose longer side the ends are cut off."""

from PIL import Image, ImageOps


def fitted(image, size):
    """The middle of the picture."""
    return ImageOps.fit(image, size, Image.Resampling.BILINEAR)
