"""A class for each pixel: the graph's class numbers as a mask as large as the given picture."""

import base64
import io

import numpy as np
from PIL import Image


def answer(outputs, told, frame):
    """The mask as a PNG in base64, the share of each class, and how sure the network is of a pixel on average."""
    index, sure = outputs
    index = on_picture(index, frame)  # pyright: ignore  # noqa: F821
    shares = np.bincount(index.ravel(), minlength=len(told["classes"])) / index.size
    order = [k for k in np.argsort(-shares, kind="stable") if shares[k] > 0]
    classes = {told["classes"][k]: round(float(shares[k]), 4) for k in order}
    data = base64.b64encode(png(np.array(told["values"], np.int32)[index], told)).decode("ascii")
    score = round(float(np.asarray(sure, np.float32).mean()), 4)
    return {"mask": f"data:image/png;base64,{data}", "classes": classes, "score": score}


def png(values, told):
    """The bytes of a PNG that holds these values: colours, or numbers with a palette."""
    if told["coloured"]:
        image = Image.fromarray(np.stack([values >> 16 & 255, values >> 8 & 255, values & 255], 2).astype(np.uint8))
    elif values.max() > 255:
        image = Image.fromarray(values.astype(np.uint16))
    else:
        named = {value: colour for value, colour in zip(told["values"], told["colours"], strict=True) if value < 256}
        palette = np.zeros((int(max(values.max(), *named, 0)) + 1, 3), np.uint8)
        for value, colour in named.items():
            palette[value] = colour
        image = Image.fromarray(values.astype(np.uint8))
        image.putpalette(palette.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
