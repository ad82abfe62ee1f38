"""A picture stretched to its size."""

from PIL import Image


def fitted(image, size):
    """The picture, stretched."""
    return image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
