"""Made-up rooms with balls, whose depth is known exactly: pictures and PNG of 16 bits in millimetres. Not a test itself.

`python -m tests.depth_scenes FOLDER [COUNT]` writes train, valid and test.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

HEIGHT, WIDTH = 96, 128


def scene(rng: np.random.Generator, height: int = HEIGHT, width: int = WIDTH) -> tuple[np.ndarray, np.ndarray]:
    """`picture_HW3` uint8 and `depth_HW` in metres: a floor with tiles, a wall, and balls in the air and on the floor."""
    y, x = np.mgrid[:height, :width]
    ray = np.stack([(x + 0.5 - width / 2) / width, (y + 0.5 - height / 2) / width, np.full(x.shape, 0.8)], 2)
    up, wall = rng.uniform(1.2, 1.8), rng.uniform(4, 12)
    depth, shade = np.full(x.shape, wall), np.zeros((height, width, 3))
    with np.errstate(divide="ignore"):
        floor = np.where(ray[..., 1] > 0, up / ray[..., 1] * ray[..., 2], np.inf)
    on_floor = floor < wall
    depth = np.where(on_floor, floor, wall)
    place = ray / ray[..., 2:] * depth[..., None]
    tiles = (np.floor(place[..., 0] / 0.6) + np.floor(np.where(on_floor, place[..., 2], place[..., 1]) / 0.6)) % 2
    inks = rng.uniform(0.3, 1, (2, 2, 3))
    shade = np.where(on_floor[..., None], inks[0][tiles.astype(int)], inks[1][tiles.astype(int)] * 0.8)
    light = np.array([0.4, -0.8, -0.45])
    for _ball in range(int(rng.integers(2, 6))):
        radius = rng.uniform(0.2, 0.6)
        far = rng.uniform(1.5, wall - radius)
        middle = np.array([rng.uniform(-0.5, 0.5) * far, up - radius * rng.choice([1, 2.5]), far])
        along = (ray @ middle) / (ray**2).sum(2)
        off = (ray**2).sum(2) * along**2 - 2 * along * (ray @ middle) + middle @ middle
        inside = off < radius**2
        back = np.sqrt(np.maximum(radius**2 - off, 0) / (ray**2).sum(2))
        hit = (along - back) * ray[..., 2]
        seen = inside & (hit < depth) & (hit > 0.2)
        normal = ((along - back)[..., None] * ray - middle) / radius
        lit = 0.35 + 0.65 * np.clip(normal @ light, 0, 1)
        shade[seen] = (rng.uniform(0.2, 1, 3) * lit[..., None])[seen]
        depth = np.where(seen, hit, depth)
    picture = shade * (0.45 + 0.55 * np.exp(-depth / 8))[..., None] + rng.normal(0, 0.02, shade.shape)
    return (picture.clip(0, 1) * 255).astype(np.uint8), depth


def write(folder: Path, counts: dict[str, int], *, seed: int = 0, height: int = HEIGHT, width: int = WIDTH) -> Path:
    """`folder/PART/rgb/NAME.png` and `folder/PART/depth/NAME.png`; of a hundredth of the pixels nothing is known."""
    rng = np.random.default_rng(seed)
    for part, count in counts.items():
        for name in ("rgb", "depth"):
            (folder / part / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            picture, depth = scene(rng, height, width)
            steps = np.where(rng.random(depth.shape) < 0.01, 0, np.rint(depth * 1000)).astype(np.uint16)
            Pillow.fromarray(picture).save(folder / part / "rgb" / f"{number:04}.png")
            Pillow.fromarray(steps).save(folder / part / "depth" / f"{number:04}.png")
    return folder


if __name__ == "__main__":
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    write(Path(sys.argv[1]), {"train": total * 8 // 10, "valid": total // 10, "test": total // 10})
