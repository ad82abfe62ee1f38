"""Training pictures, varied as a whole batch of tensors. B batch, C channels, H and W pixels.

Every function takes normalised `x_BCHW` and a generator and draws one set of numbers per picture; with everything off the batch
is returned as it came. Flip and shift, which cost least and help most, are one gather; turning, zooming and cropping share one
resampling. Sources: random resized crop, Szegedy et al. 2015; random erasing, Zhong et al. 2017 (filled with the mean here).
"""

import math
from typing import Any

import torch
from torch.nn.functional import affine_grid, grid_sample

from fukami.fields.pictures import GREY


def augmented(
    x_BCHW: torch.Tensor, rng: torch.Generator, options: Any, mean_C: torch.Tensor, std_C: torch.Tensor
) -> torch.Tensor:
    """The batch, varied as an image field's `options` say. `mean_C` and `std_C` undo the normalisation where colours matter."""
    flip = options.flip == "yes"
    if options.rotate_deg or options.zoom or options.crop < 1:
        x_BCHW = resampled(
            x_BCHW, rng, flip=flip, shift=options.shift, rotate_deg=options.rotate_deg, zoom=options.zoom, crop=options.crop
        )
    elif flip or options.shift:
        x_BCHW = flipped_and_shifted(x_BCHW, rng, flip=flip, shift=options.shift)
    if options.brightness or options.contrast or (options.colour and x_BCHW.shape[1] == 3):
        x_BCHW = recoloured(
            x_BCHW, rng, mean_C, std_C, brightness=options.brightness, contrast=options.contrast, colour=options.colour
        )
    return erased(x_BCHW, rng, options.erase) if options.erase else x_BCHW


def draw(rng: torch.Generator, like: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """One number in [low, high) for each picture (B,), on the batch's device."""
    return (torch.rand(len(like), generator=rng, device=rng.device) * (high - low) + low).to(like.device)


def flipped_and_shifted(x_BCHW: torch.Tensor, rng: torch.Generator, *, flip: bool, shift: float) -> torch.Tensor:
    """Half of the pictures mirrored (`flip`), each moved by up to `shift` of its side; edges are repeated."""
    _B, _C, H, W = x_BCHW.shape
    mirror_B = (draw(rng, x_BCHW, 0, 1) < 0.5) & flip
    if not shift:
        return torch.where(mirror_B[:, None, None, None], x_BCHW.flip(-1), x_BCHW)
    most_y, most_x = round(shift * H), round(shift * W)
    move_y = draw(rng, x_BCHW, -most_y, most_y + 1).floor().long()
    move_x = draw(rng, x_BCHW, -most_x, most_x + 1).floor().long()
    rows_BH = (torch.arange(H, device=x_BCHW.device) + move_y[:, None]).clamp_(0, H - 1)
    cols_BW = (torch.arange(W, device=x_BCHW.device) + move_x[:, None]).clamp_(0, W - 1)
    cols_BW = torch.where(mirror_B[:, None], W - 1 - cols_BW, cols_BW)
    at_BHW = rows_BH[:, :, None] * W + cols_BW[:, None, :]
    flat_BCP = x_BCHW.flatten(2)
    return flat_BCP.gather(2, at_BHW.flatten(1)[:, None].expand_as(flat_BCP)).view_as(x_BCHW)


def resampled(
    x_BCHW: torch.Tensor,
    rng: torch.Generator,
    *,
    flip: bool = False,
    shift: float = 0.0,
    rotate_deg: float = 0.0,
    zoom: float = 0.0,
    crop: float = 1.0,
) -> torch.Tensor:
    """Turned by up to ± `rotate_deg`, scaled by up to 1 ± `zoom`, cut to a share of the area in [`crop`, 1], moved, mirrored.

    One affine map per picture, sampled bilinearly; edges are repeated.
    """
    angle = draw(rng, x_BCHW, -rotate_deg, rotate_deg) * (math.pi / 180)
    scale = 1 / (1 + draw(rng, x_BCHW, -zoom, zoom))
    side = draw(rng, x_BCHW, crop, 1).sqrt()  # of the window that is cut out
    stretch = torch.exp(draw(rng, x_BCHW, -1, 1) * (math.log(4 / 3) / 2 if crop < 1 else 0))
    across, down = scale * (side * stretch).clamp_max(1), scale * (side / stretch).clamp_max(1)
    free_x, free_y = (1 - (side * stretch).clamp_max(1)), (1 - (side / stretch).clamp_max(1))
    move_x = draw(rng, x_BCHW, -1, 1) * free_x + draw(rng, x_BCHW, -2 * shift, 2 * shift)
    move_y = draw(rng, x_BCHW, -1, 1) * free_y + draw(rng, x_BCHW, -2 * shift, 2 * shift)
    mirror = torch.where(draw(rng, x_BCHW, 0, 1) < 0.5, -1.0, 1.0) if flip else torch.ones_like(scale)
    cos, sin = angle.cos(), angle.sin()
    aspect = x_BCHW.shape[3] / x_BCHW.shape[2]
    first = torch.stack([mirror * across * cos, -across * sin / aspect, move_x], 1)
    second = torch.stack([mirror * down * sin * aspect, down * cos, move_y], 1)
    grid_BHW2 = affine_grid(torch.stack([first, second], 1), list(x_BCHW.shape), align_corners=False)
    return grid_sample(x_BCHW, grid_BHW2.to(x_BCHW.dtype), padding_mode="border", align_corners=False)


def recoloured(
    x_BCHW: torch.Tensor,
    rng: torch.Generator,
    mean_C: torch.Tensor,
    std_C: torch.Tensor,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    colour: float = 0.0,
) -> torch.Tensor:
    """Brightness, contrast and saturation each multiplied by a number in 1 ± its strength, clipped to black and white."""
    mean, std = mean_C.to(x_BCHW)[:, None, None], std_C.to(x_BCHW)[:, None, None]
    x_BCHW = x_BCHW * std + mean
    if brightness:
        x_BCHW = x_BCHW * draw(rng, x_BCHW, 1 - brightness, 1 + brightness)[:, None, None, None]
    if contrast:
        x_BCHW = x_BCHW.mean((1, 2, 3), keepdim=True).lerp(
            x_BCHW, draw(rng, x_BCHW, 1 - contrast, 1 + contrast)[:, None, None, None]
        )
    if colour and x_BCHW.shape[1] == 3:
        grey = (x_BCHW * x_BCHW.new_tensor(GREY)[:, None, None]).sum(1, keepdim=True)
        x_BCHW = grey.lerp(x_BCHW, draw(rng, x_BCHW, 1 - colour, 1 + colour)[:, None, None, None])
    return (x_BCHW.clamp(0, 1) - mean) / std


def erased(x_BCHW: torch.Tensor, rng: torch.Generator, probability: float) -> torch.Tensor:
    """With `probability`, a rectangle of 2 to 20 % of the picture becomes the mean (0)."""
    _B, _C, H, W = x_BCHW.shape
    hit = draw(rng, x_BCHW, 0, 1) < probability
    side = draw(rng, x_BCHW, 0.02, 0.2).sqrt()
    stretch = torch.exp(draw(rng, x_BCHW, -1, 1) * (math.log(3) / 2))
    height, width = (side * stretch).clamp_max(1) * H, (side / stretch).clamp_max(1) * W
    top, left = draw(rng, x_BCHW, 0, 1) * (H - height), draw(rng, x_BCHW, 0, 1) * (W - width)
    y, x = torch.arange(H, device=x_BCHW.device) + 0.5, torch.arange(W, device=x_BCHW.device) + 0.5
    in_y_BH = (y >= top[:, None]) & (y < (top + height)[:, None])
    in_x_BW = (x >= left[:, None]) & (x < (left + width)[:, None])
    mask_BHW = in_y_BH[:, :, None] & in_x_BW[:, None, :] & hit[:, None, None]
    return x_BCHW.masked_fill(mask_BHW[:, None], 0.0)
