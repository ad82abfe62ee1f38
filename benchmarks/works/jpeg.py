"""ResNet-18 on CIFAR-10 as JPEG files in a folder per class: 2,000 pictures of 32 × 32 once, mirrored and moved at random.

Adam at 1e-3, batch 64, on every side; moved by up to 4 pixels. The peers decode in every epoch, inside `fit()`; so Fukami's
decoding into its store is counted too (test pictures included). B examples, C channels, H and W pixels.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import data
from benchmarks.contract import Outcome, Settings, Side, Work

MEAN, STD = (0.491, 0.482, 0.447), (0.247, 0.243, 0.262)
TEST = 1000
MOVE_PX = 4


def folder(settings: Settings) -> Path:
    return data.cifar_folders(settings.data, settings.place, train=settings.examples, test=TEST)


def prepare(settings: Settings) -> None:
    folder(settings)


def fukami(settings: Settings) -> Outcome:
    from benchmarks.sides import with_fukami

    network = _network(settings)
    source = str(folder(settings))
    choices = {"flip": "yes", "shift": MOVE_PX / 32}
    return with_fukami.fit("image-classification", source, settings, model=network, decodes=True, **choices)


def _network(settings: Settings) -> Any:
    """ResNet-18 with first weights of the settings' seed."""
    import torch

    from benchmarks.networks import resnet18

    torch.manual_seed(settings.seed)
    return resnet18().to(settings.device)


def _test(settings: Settings) -> tuple[Any, Any]:
    """The test pictures, normalised float32 (N, 3, 32, 32), and their classes."""
    x_NCHW, classes = _decoded(folder(settings) / "test")
    return _normal(x_NCHW), classes


def _decoded(place: Path) -> tuple[Any, Any]:
    """Every picture under `place` as uint8 (N, 3, 32, 32), and its class."""
    import numpy as np
    import torch
    from PIL import Image

    names = sorted(path.name for path in place.iterdir())
    files = [(path, number) for number, name in enumerate(names) for path in sorted((place / name).iterdir())]
    x_NHWC = np.stack([np.asarray(Image.open(path).convert("RGB")) for path, _number in files])
    return torch.from_numpy(x_NHWC).permute(0, 3, 1, 2).contiguous(), torch.tensor([number for _path, number in files])


def _normal(x_BCHW: Any) -> Any:
    mean, std = (x_BCHW.new_tensor(v, dtype=_float()).view(3, 1, 1) for v in (MEAN, STD))
    return x_BCHW.float().div(255).sub(mean).div(std)


def _float() -> Any:
    import torch

    return torch.float32


def _loader(settings: Settings) -> Any:
    """torchvision's way: files are decoded, moved and mirrored one by one, in as many workers as there are processors (two
    at most)."""
    import torch
    from torchvision.datasets import ImageFolder
    from torchvision.transforms import v2

    steps = [v2.PILToTensor(), v2.RandomCrop(32, MOVE_PX), v2.RandomHorizontalFlip()]
    steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(MEAN, STD)]
    pictures = ImageFolder(folder(settings) / "train", v2.Compose(steps))
    workers = min(2, os.cpu_count() or 1)
    return torch.utils.data.DataLoader(pictures, settings.batch_size, shuffle=True, drop_last=True, num_workers=workers)


def pytorch(settings: Settings) -> Outcome:
    import torch

    from benchmarks.sides import by_hand

    network, loader = _network(settings), _loader(settings)
    return by_hand.fit(
        network,
        lambda: loader,
        torch.optim.Adam(network.parameters(), 1e-3),
        settings,
        evaluate=partial(by_hand.accuracy, network, *_test(settings)),
        units_per_epoch=len(loader) * settings.batch_size,
    )


def pytorch_tuned(settings: Settings) -> Outcome:
    """Decodes once, inside the clock; then moves and mirrors whole batches of tensors."""
    import torch

    from benchmarks.sides import by_hand

    network = _network(settings)
    test = _test(settings)
    kept: list[Any] = []

    def epoch() -> Any:
        if not kept:
            x_NCHW, classes = _decoded(folder(settings) / "train")
            kept.extend((x_NCHW.to(settings.device), classes.to(settings.device)))
        for x_BCHW, classes_B in by_hand.resident(kept[0], kept[1], settings.batch_size)():
            yield moved(_normal(x_BCHW)), classes_B

    return by_hand.fit(
        network,
        epoch,
        torch.optim.Adam(network.parameters(), 1e-3, fused=True),
        settings,
        evaluate=partial(by_hand.accuracy, network, *test),
        units_per_epoch=settings.examples // settings.batch_size * settings.batch_size,
        plan=by_hand.Plan(settings.plan),
    )


def moved(x_BCHW: Any) -> Any:
    """Half of the pictures mirrored, each moved by up to `MOVE_PX` pixels: one gather for the whole batch."""
    import torch
    from torch.nn.functional import pad

    B, C, H, W = x_BCHW.shape
    device = x_BCHW.device
    padded = pad(x_BCHW, (MOVE_PX,) * 4)
    top_B, left_B = torch.randint(0, 2 * MOVE_PX + 1, (2, B), device=device)
    rows_BH = torch.arange(H, device=device) + top_B[:, None]
    columns_BW = torch.arange(W, device=device) + left_B[:, None]
    columns_BW = torch.where(torch.rand(B, 1, device=device) < 0.5, columns_BW.flip(1), columns_BW)
    at_BP = (rows_BH[:, :, None] * (W + 2 * MOVE_PX) + columns_BW[:, None, :]).flatten(1)
    return padded.flatten(2).gather(2, at_BP[:, None].expand(B, C, H * W)).view_as(x_BCHW)


def lightning(settings: Settings) -> Outcome:
    from benchmarks.sides import by_hand, with_lightning

    network, loader = _network(settings), _loader(settings)
    evaluate = partial(by_hand.accuracy, network, *_test(settings))
    units = len(loader) * settings.batch_size
    return with_lightning.fit(network, loader, settings, evaluate=evaluate, units_per_epoch=units)


def fastai(settings: Settings) -> Outcome:
    """Its loader from folders, with padding and cutting on the pictures and the mirroring on batches."""
    from fastai.vision.augment import CropPad, Flip, RandomCrop
    from fastai.vision.data import ImageDataLoaders, Normalize

    from benchmarks.sides import by_hand, with_fastai

    network = _network(settings)
    loaders = ImageDataLoaders.from_folder(
        folder(settings),
        train="train",
        valid="test",
        bs=settings.batch_size,
        item_tfms=[CropPad(32 + 2 * MOVE_PX), RandomCrop(32)],
        batch_tfms=[Flip(), Normalize.from_stats(MEAN, STD)],
        num_workers=min(2, os.cpu_count() or 1),
        device=settings.device,
    )
    units = len(loaders.train) * settings.batch_size
    evaluate = partial(by_hand.accuracy, network, *_test(settings))
    return with_fastai.fit(network, loaders, settings, evaluate=evaluate, units_per_epoch=units)


WORK = Work(
    name="jpeg",
    summary="ResNet-18 on CIFAR-10 from JPEG files, 32 × 32 pixels",
    unit="images",
    module=__name__,
    settings=Settings(examples=2000, epochs=1, batch_size=64),
    prepare=prepare,
    counted="Decoding the files is counted on every side.",
    sides=(
        Side("fukami", "fukami.train with that module on the folder", fukami, own=True),
        Side("pytorch", "ImageFolder, DataLoader with two workers, float32", pytorch, packages=("torch", "torchvision")),
        Side(
            "pytorch-tuned",
            "decoded once, batches of tensors, fused Adam, Fukami's plan",
            pytorch_tuned,
            packages=("torch", "torchvision"),
            follows_plan=True,
        ),
        Side("lightning", "Trainer.fit over the same DataLoader, defaults", lightning, packages=("lightning", "torchvision")),
        Side("fastai", "Learner.fit over ImageDataLoaders, defaults", fastai, packages=("fastai", "torchvision")),
    ),
)
