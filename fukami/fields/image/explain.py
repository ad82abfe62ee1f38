"""Patches of a picture: what an explanation of it weighs, how they are taken away, and the picture with its heat map.

A patch is taken away by putting what is left of it when the picture is blurred beyond recognition: unlike a grey or black
square, that has no edges which a network could take for something. Shapes: P patterns, U units, C channels, H and W pixels.
"""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.language import _
from fukami.core.lazily import F, torch
from fukami.fields.units import AGAINST, FOR, Portrait, Units, strength

PATCHES = 8
"""Patches along the longer side, at most: enough to see where, few enough to weigh each by asking the network."""
DRAWN_PX = 320
"""Least side of a drawn picture."""
_SHADES = " ░▒▓█"


def units_of(x_BCHW: torch.Tensor) -> Units:
    """Square patches, row by row, of a batch of one picture.

    >>> units = units_of(torch.zeros(1, 1, 28, 28))
    >>> len(units), units.told[8]
    (49, {'box': [4, 4, 4, 4]})
    """
    height, width = x_BCHW.shape[-2:]
    side = -(-max(height, width) // PATCHES)
    rows, columns = -(-height // side), -(-width // side)
    of_HW = (np.arange(height) // side)[:, None] * columns + np.arange(width) // side
    places = [(r, c) for r in range(rows) for c in range(columns)]
    names = tuple(_("row {row}, column {column}").format(row=r + 1, column=c + 1) for r, c in places)
    told = tuple({"box": [c * side, r * side, min(side, width - c * side), min(side, height - r * side)]} for r, c in places)
    return Units(names, of_HW, told, {"grid": (rows, columns)})


def blurred(x_BCHW: torch.Tensor) -> torch.Tensor:
    """The picture without anything to recognise: three box blurs over half of its side, which together are nearly Gaussian."""
    height, width = x_BCHW.shape[-2:]
    reach = max(1, min(height, width) // 4)
    x_BCHW = x_BCHW.contiguous()
    for _time in range(3):
        padded = F.pad(x_BCHW, (reach, reach, reach, reach), mode="replicate")
        x_BCHW = F.avg_pool2d(padded, 2 * reach + 1, stride=1)
    return x_BCHW


def without(x_BCHW: torch.Tensor, units: Units, gone_PU: np.ndarray, filling_BCHW: torch.Tensor) -> torch.Tensor:
    """`x_PCHW`: the one picture of the batch, with the patches of each pattern taken from the blurred one."""
    of_HW = torch.from_numpy(units.of).to(x_BCHW.device)
    gone_P1HW = torch.from_numpy(gone_PU).to(x_BCHW.device)[:, of_HW].unsqueeze(1)
    return torch.where(gone_P1HW, filling_BCHW, x_BCHW)


def portrait(
    x_BCHW: torch.Tensor, units: Units, weights_U: np.ndarray, detail_HW: np.ndarray | None, state: dict[str, Any]
) -> Portrait:
    """The picture, and beside it the same in grey under the weights: orange speaks for the answer, blue against it.

    `detail_HW` are weights of single pixels, where the method has them; `state` is the field's.
    """
    pixels_HWC = _pixels(x_BCHW, state)
    rows, columns = units.layout["grid"]
    coarse = weights_U.reshape(rows, columns)

    def png() -> bytes:
        return _drawn(pixels_HWC, coarse if detail_HW is None else _smoothed(detail_HW))

    shares = strength(coarse)
    shades = [" ".join(2 * _SHADES[round(4 * max(0.0, share))] for share in row) for row in shares]
    encoded = base64.b64encode(png()).decode()
    html = f'<img src="data:image/png;base64,{encoded}" alt="{_("the picture, and what in it speaks for the answer")}">'
    return Portrait(html, png, tuple(shades))


def _pixels(x_BCHW: torch.Tensor, state: dict[str, Any]) -> np.ndarray:
    """The prepared picture in its own colours, uint8 (H, W, 3)."""
    x_CHW = x_BCHW[0].float().cpu()
    mean_C11, std_C11 = (torch.tensor(state[key]).reshape(-1, 1, 1) for key in ("mean", "std"))
    scaled = ((x_CHW * std_C11 + mean_C11) * 255).round().clamp(0, 255).to(torch.uint8)
    return scaled.expand(3, -1, -1).permute(1, 2, 0).numpy()


def _smoothed(detail_HW: np.ndarray) -> np.ndarray:
    """Weights of pixels as they can be seen: each the mean of its neighbours, about a fourteenth of the picture wide."""
    reach = max(detail_HW.shape) // 28
    weights = torch.from_numpy(np.ascontiguousarray(detail_HW, np.float32))[None, None]
    return F.avg_pool2d(weights, 2 * reach + 1, stride=1, padding=reach, count_include_pad=False)[0, 0].numpy()


def _drawn(pixels_HWC: np.ndarray, weights: np.ndarray) -> bytes:
    height, width = pixels_HWC.shape[:2]
    times = max(1, -(-DRAWN_PX // max(height, width)))
    size = (width * times, height * times)
    plain = Pillow.fromarray(pixels_HWC).resize(size, Pillow.Resampling.NEAREST)
    heat = Pillow.fromarray(strength(weights).astype(np.float32)).resize(size, Pillow.Resampling.BICUBIC)
    share = np.clip(np.asarray(heat), -1, 1)[..., None]
    grey = 0.7 * np.asarray(plain.convert("L"), np.float32)[..., None] + 40
    colour = np.where(share >= 0, np.array(FOR, np.float32), np.array(AGAINST, np.float32))
    opacity = 0.85 * np.abs(share)
    over = Pillow.fromarray((grey * (1 - opacity) + colour * opacity).clip(0, 255).astype(np.uint8))
    both = Pillow.new("RGB", (2 * size[0] + 8, size[1]), "white")
    both.paste(plain, (0, 0))
    both.paste(over, (size[0] + 8, 0))
    file = io.BytesIO()
    both.save(file, "PNG")
    return file.getvalue()
