"""Training pictures, varied as a whole batch of tensors. B batch, C channels, H and W pixels, P = H · W.
N pictures and F features of them where it is measured whether they may be mirrored.

Each way of varying draws one set of numbers per picture for the whole batch, and gives a step: `step(x, part)` varies the
pictures `part` of the batch. On a processor the steps are applied to a few pictures at a time, so that what lies between them
stays in its cache; what is drawn, and the outcome, do not depend on it. With everything off the batch is returned as it came.

Flip and shift, which cost least and help most, are one gather; turning, zooming and cropping share one resampling; brightness,
contrast and saturation are one matrix per picture. Sources: random resized crop, Szegedy et al. 2015; random erasing, Zhong et
al. 2017 (filled with the mean here).
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fukami.core.lazily import F, torch
from fukami.core.seeds import generator
from fukami.fields.frame import Moved
from fukami.fields.image.decode import GREY

Step = Callable[["torch.Tensor", slice], "torch.Tensor"]
"""`(pictures of a part of the batch, that part) -> the same pictures, varied`."""
PIECE_BYTES = 1 << 20
"""Pictures that are varied at a time on a processor: as many as leave room in its cache for what comes of them."""
_MIRRORED, _FOLDS = 1500, 3
"""Pictures that `mirror_is_harmless` looks at, and the parts of them that are unseen in turn."""
_TOLERATED = 1.15
"""Errors with mirrored copies, as a multiple of the errors without."""
_CELLS, _DIRECTIONS = 4, 8


def augmented(
    x_BCHW: torch.Tensor, rng: torch.Generator, options: Any, mean_C: torch.Tensor, std_C: torch.Tensor
) -> tuple[torch.Tensor, Moved | None]:
    """The batch, varied as an image field's `options` say, and how its pixels moved.

    `mean_C` and `std_C` undo the normalisation where colours matter.
    """
    steps: list[Step] = []
    moved = None
    flip = options.flip == "yes"
    if options.rotate_deg or options.zoom or options.crop < 1:
        places = {"shift": options.shift, "rotate_deg": options.rotate_deg, "zoom": options.zoom, "crop": options.crop}
        step, moved = resampling(x_BCHW, rng, flip=flip, **places)
        steps.append(step)
    elif flip or options.shift:
        step, moved = flip_and_shift(x_BCHW, rng, flip=flip, shift=options.shift)
        steps.append(step)
    if options.brightness or options.contrast or (options.colour and x_BCHW.shape[1] == 3):
        strengths = {"brightness": options.brightness, "contrast": options.contrast, "colour": options.colour}
        steps.append(recolouring(x_BCHW, rng, mean_C, std_C, **strengths))
    if options.erase:
        steps.append(erasing(x_BCHW, rng, options.erase))
    return varied(x_BCHW, steps), moved


def varied(x_BCHW: torch.Tensor, steps: Sequence[Step]) -> torch.Tensor:
    """All steps, one after the other, applied to the whole batch, or on a processor to a piece of it at a time."""
    if not steps:
        return x_BCHW
    total = len(x_BCHW)
    size = total
    if x_BCHW.device.type == "cpu":
        size = max(1, PIECE_BYTES // max(1, x_BCHW[:1].numel() * x_BCHW.element_size()))
    if size >= total:
        return _through(x_BCHW, slice(0, total), steps)
    out_BCHW = torch.empty_like(x_BCHW)
    for start in range(0, total, size):
        part = slice(start, min(start + size, total))
        out_BCHW[part] = _through(x_BCHW[part], part, steps)
    return out_BCHW


def _through(x_BCHW: torch.Tensor, part: slice, steps: Sequence[Step]) -> torch.Tensor:
    for step in steps:
        x_BCHW = step(x_BCHW, part)
    return x_BCHW


def draw(rng: torch.Generator, like: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """One number in [low, high) for each picture (B,), on the batch's device."""
    return (torch.rand(len(like), generator=rng, device=rng.device) * (high - low) + low).to(like.device)


def flip_and_shift(x_BCHW: torch.Tensor, rng: torch.Generator, *, flip: bool, shift: float) -> tuple[Step, Moved]:
    """Half of the pictures mirrored (`flip`), each moved by up to `shift` of its side; edges are repeated."""
    _B, _C, H, W = x_BCHW.shape
    mirror_B = (draw(rng, x_BCHW, 0, 1) < 0.5) & flip
    across_B = 1 - 2 * mirror_B.float()
    if not shift:
        mirrored = _moved(across_B, torch.zeros_like(across_B), torch.zeros_like(across_B))
        return lambda x, part: torch.where(mirror_B[part, None, None, None], x.flip(-1), x), mirrored
    most_y, most_x = round(shift * H), round(shift * W)
    move_y = draw(rng, x_BCHW, -most_y, most_y + 1).floor().long()
    move_x = draw(rng, x_BCHW, -most_x, most_x + 1).floor().long()
    rows_BH = (torch.arange(H, device=x_BCHW.device) + move_y[:, None]).clamp_(0, H - 1)
    cols_BW = (torch.arange(W, device=x_BCHW.device) + move_x[:, None]).clamp_(0, W - 1)
    cols_BW = torch.where(mirror_B[:, None], W - 1 - cols_BW, cols_BW)

    def step(x: torch.Tensor, part: slice) -> torch.Tensor:
        at_BP = (rows_BH[part, :, None] * W + cols_BW[part, None, :]).flatten(1)
        return _pixels_at(x, at_BP)

    return step, _moved(across_B, 2 * across_B * move_x / W, 2 * move_y / H)


def _moved(across_B: torch.Tensor, move_x_B: torch.Tensor, move_y_B: torch.Tensor) -> Moved:
    """Mirrored where `across_B` is -1, and moved."""
    zero_B, one_B = torch.zeros_like(across_B), torch.ones_like(across_B)
    first, second = torch.stack([across_B, zero_B, move_x_B], 1), torch.stack([zero_B, one_B, move_y_B], 1)
    return Moved(torch.stack([first, second], 1))


def _pixels_at(x_BCHW: torch.Tensor, at_BP: torch.Tensor) -> torch.Tensor:
    """`x[b, :, at[b, p]]`, in the memory order of `x`."""
    B, C, H, W = x_BCHW.shape
    if C > 1 and x_BCHW.is_contiguous(memory_format=torch.channels_last):
        first_B1 = torch.arange(B, device=x_BCHW.device)[:, None] * (H * W)
        pixels = x_BCHW.permute(0, 2, 3, 1).reshape(B * H * W, C).index_select(0, (at_BP + first_B1).flatten())
        return pixels.view(B, H, W, C).permute(0, 3, 1, 2)
    flat_BCP = x_BCHW.flatten(2)
    return flat_BCP.gather(2, at_BP[:, None].expand_as(flat_BCP)).view_as(x_BCHW)


def resampling(
    x_BCHW: torch.Tensor,
    rng: torch.Generator,
    *,
    flip: bool = False,
    shift: float = 0.0,
    rotate_deg: float = 0.0,
    zoom: float = 0.0,
    crop: float = 1.0,
) -> tuple[Step, Moved]:
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
    map_B23 = torch.stack([first, second], 1)

    def step(x: torch.Tensor, part: slice) -> torch.Tensor:
        grid_BHW2 = F.affine_grid(map_B23[part], list(x.shape), align_corners=False)
        return F.grid_sample(x, grid_BHW2.to(x.dtype), padding_mode="border", align_corners=False)

    return step, Moved(map_B23)


def recolouring(
    x_BCHW: torch.Tensor,
    rng: torch.Generator,
    mean_C: torch.Tensor,
    std_C: torch.Tensor,
    *,
    brightness: float = 0.0,
    contrast: float = 0.0,
    colour: float = 0.0,
) -> Step:
    """Brightness, contrast and saturation each multiplied by a number in 1 ± its strength, clipped to black and white.

    Contrast is the distance from the picture's mean, saturation that from the pixel's grey. All three are linear in the pixel:
    of raw values r with mean m and grey g, it becomes b·c·s·r + b·c·(1 - s)·g + b·(1 - c)·m.
    """
    C = x_BCHW.shape[1]
    mean_C, std_C = mean_C.to(x_BCHW), std_C.to(x_BCHW)

    def factor(strength: float) -> torch.Tensor:
        return draw(rng, x_BCHW, 1 - strength, 1 + strength) if strength else x_BCHW.new_ones(len(x_BCHW))

    bright_B, contrast_B = factor(brightness), factor(contrast)
    colour_B = factor(colour if C == 3 else 0.0)
    grey_C = x_BCHW.new_tensor(GREY) if C == 3 else x_BCHW.new_zeros(C)
    own_B, shared_B = bright_B * contrast_B * colour_B, bright_B * contrast_B * (1 - colour_B)
    # from normalised values to normalised values: those of a channel are (r - mean) / std
    eye_CC = torch.eye(C, dtype=x_BCHW.dtype, device=x_BCHW.device)
    to_BCC = own_B[:, None, None] * eye_CC + shared_B[:, None, None] * (grey_C * std_C / std_C[:, None])
    constant_B = shared_B * (grey_C @ mean_C)
    low_C1, high_C1 = (-mean_C / std_C)[:, None], ((1 - mean_C) / std_C)[:, None]

    def step(x: torch.Tensor, part: slice) -> torch.Tensor:
        x_BCP = x.flatten(2)
        middle_B = (x_BCP.mean(2) * std_C + mean_C).mean(1)
        offset_B = constant_B[part] + bright_B[part] * (1 - contrast_B[part]) * middle_B
        offset_BC = (offset_B[:, None] + (own_B[part, None] - 1) * mean_C) / std_C
        out_BCP = torch.baddbmm(offset_BC[:, :, None], to_BCC[part], x_BCP)
        return torch.maximum(torch.minimum(out_BCP, high_C1), low_C1).view(x.shape)

    return step


def erasing(x_BCHW: torch.Tensor, rng: torch.Generator, probability: float) -> Step:
    """With `probability`, a rectangle of 2 to 20 % of the picture becomes the mean (0)."""
    _B, _C, H, W = x_BCHW.shape
    hit = draw(rng, x_BCHW, 0, 1) < probability
    side = draw(rng, x_BCHW, 0.02, 0.2).sqrt()
    stretch = torch.exp(draw(rng, x_BCHW, -1, 1) * (math.log(3) / 2))
    height, width = (side * stretch).clamp_max(1) * H, (side / stretch).clamp_max(1) * W
    top, left = draw(rng, x_BCHW, 0, 1) * (H - height), draw(rng, x_BCHW, 0, 1) * (W - width)
    y, x = torch.arange(H, device=x_BCHW.device) + 0.5, torch.arange(W, device=x_BCHW.device) + 0.5
    in_y_BH = (y >= top[:, None]) & (y < (top + height)[:, None]) & hit[:, None]
    in_x_BW = (x >= left[:, None]) & (x < (left + width)[:, None])

    def step(x: torch.Tensor, part: slice) -> torch.Tensor:
        mask_BHW = in_y_BH[part, :, None] & in_x_BW[part, None, :]
        return x.masked_fill(mask_BHW[:, None], 0.0)

    return step


def mirror_is_harmless(images: np.ndarray, labels: np.ndarray, seed: int) -> bool:
    """Whether mirroring pictures leaves their classes recognisable: measured, not guessed from the name of a data set.

    The obvious test (does a probe still know a picture when it is mirrored?) says no for Fashion-MNIST, where every shoe points
    left; yet mirroring costs nothing there. So the question is put directly: a simple classifier is trained with and without
    mirrored copies, and mirroring is harmless where its errors on unseen pictures hardly rise. With 2,000 pictures errors rise
    by a factor of 1.0 for Fashion-MNIST, 0.95 for CIFAR-10, 2.4 for handwritten digits, 6 for the letters b, d, p, q, s, z.

    `images` (N, C, H, W) of any number type, `labels` (N,) class numbers. At most 1,500 are looked at. Where the classifier
    does no better than guessing, coloured pictures (photos, mostly) may be mirrored and grey ones (writing, scans) not.

    >>> rng = np.random.default_rng(0)
    >>> side = rng.integers(0, 2, 200)  # the class is the side on which the picture is bright
    >>> images = rng.integers(0, 50, (200, 1, 8, 8)) + 200 * (np.arange(8) // 4 == side[:, None])[:, None, None]
    >>> mirror_is_harmless(images, side, seed=0)
    False
    """
    rows = generator(seed, "mirror").permutation(len(images))[:_MIRRORED]
    images, labels = images[rows], labels[rows]
    guess = bool(images.shape[1] == 3)
    if len(np.unique(labels)) < 2 or len(images) < 4 * _FOLDS:
        return guess
    plain_NF, mirrored_NF = gradient_features(images), gradient_features(images[..., ::-1])
    errors = errors_with = 0
    for fold in range(_FOLDS):
        test = np.arange(len(images)) % _FOLDS == fold
        train = ~test
        if len(np.unique(labels[train])) < 2:
            return guess
        errors += _errors(plain_NF[train], labels[train], plain_NF[test], labels[test])
        both = np.concatenate([plain_NF[train], mirrored_NF[train]])
        errors_with += _errors(both, np.tile(labels[train], 2), plain_NF[test], labels[test])
    guessing = len(labels) - np.bincount(labels).max()
    if errors > 0.9 * guessing:
        return guess
    return errors_with + 1 <= _TOLERATED * (errors + 1)


def _errors(x_NF: np.ndarray, labels: np.ndarray, test_NF: np.ndarray, truth: np.ndarray) -> int:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a rough fit answers the question as well
        probe = LogisticRegression(max_iter=60).fit(x_NF, labels)
    return int((probe.predict(test_NF) != truth).sum())


def gradient_features(images: np.ndarray) -> np.ndarray:
    """How strong edges of 8 directions are in each of 4 × 4 cells: float32 (N, 128), rows of one length.

    Source: Dalal and Triggs 2005, without overlapping blocks; square roots of the strengths suit linear probes.
    """
    x_NHW = images.astype(np.float32).mean(1)
    down, across = np.zeros_like(x_NHW), np.zeros_like(x_NHW)
    down[:, 1:-1] = x_NHW[:, 2:] - x_NHW[:, :-2]
    across[:, :, 1:-1] = x_NHW[:, :, 2:] - x_NHW[:, :, :-2]
    strength = np.hypot(down, across)
    direction = np.arctan2(down, across) * (_DIRECTIONS / (2 * np.pi))
    rows, cols = (np.array_split(np.arange(n), min(_CELLS, n)) for n in x_NHW.shape[1:])
    features = []
    for k in range(_DIRECTIONS):
        half = _DIRECTIONS / 2
        near = 1 - np.abs((direction - k + half) % _DIRECTIONS - half)
        part = np.maximum(near, 0) * strength
        features += [part[:, r[0] : r[-1] + 1, c[0] : c[-1] + 1].mean((1, 2)) for r in rows for c in cols]
    x_NF = np.sqrt(np.stack(features, 1))
    return 5 * x_NF / (np.linalg.norm(x_NF, axis=1, keepdims=True) + 1e-6)
