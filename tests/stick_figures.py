"""Made-up people of lines in front of a restless background, with their joints: pictures and COCO's JSON. Not a test itself.

`python -m tests.stick_figures FOLDER [COUNT]` writes train, valid and test.
"""

import json
import sys
from pathlib import Path

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

NAMES = (
    "head", "neck", "left_hand", "right_hand", "left_elbow", "right_elbow", "hip", "left_knee", "right_knee", "left_foot",
    "right_foot",
)  # fmt: skip
LINES = ((0, 1), (1, 4), (4, 2), (1, 5), (5, 3), (1, 6), (6, 7), (7, 9), (6, 8), (8, 10))


def figure(rng: np.random.Generator, scale: float) -> np.ndarray:
    """Joints (P, 2) around the hip, in pixels: of one who faces us, so that what is left of them is on the right."""

    def limb(start: np.ndarray, angle: float, length: float) -> np.ndarray:
        return start + scale * length * np.array([np.sin(angle), np.cos(angle)])

    lean = rng.normal(0, 0.15)
    hip = np.zeros(2)
    neck, found = limb(hip, np.pi + lean, 0.35), {}
    found["head"] = limb(neck, np.pi + lean + rng.normal(0, 0.2), 0.15)
    for side, sign in (("left", 1), ("right", -1)):
        arm, leg = sign * rng.uniform(0.3, 2.6), sign * rng.uniform(0.1, 0.7)
        found[f"{side}_elbow"] = limb(neck, arm, 0.2)
        found[f"{side}_hand"] = limb(found[f"{side}_elbow"], arm + sign * rng.uniform(-0.6, 1.2), 0.2)
        found[f"{side}_knee"] = limb(hip, leg, 0.25)
        found[f"{side}_foot"] = limb(found[f"{side}_knee"], leg - sign * rng.uniform(0, 0.6), 0.25)
    return np.array([{**found, "neck": neck, "hip": hip}[name] for name in NAMES])


def picture(rng: np.random.Generator, size: int, people: int = 1) -> tuple[Pillow.Image, list[dict]]:
    """A picture of people, and what COCO would say of them."""
    small = rng.integers(0, 200, (8, 8, 3)).astype(np.uint8)
    image = Pillow.fromarray(small).resize((size, size), Pillow.Resampling.BICUBIC)
    draw, told = ImageDraw.Draw(image), []
    for _line in range(6):  # lines that are nobody's
        draw.line(rng.uniform(0, size, 4).tolist(), fill=tuple(rng.integers(0, 255, 3).tolist()), width=2)
    for number in range(people):
        scale = size * rng.uniform(0.55, 0.8) / (1 if people == 1 else 1.6)
        middle = np.array([(number + 0.5) / people, 0.5]) * size + rng.normal(0, 0.04, 2) * size
        joints = figure(rng, scale) + middle
        ink = tuple(rng.integers(200, 256, 3).tolist())
        for a, b in LINES:
            draw.line([*joints[a], *joints[b]], fill=ink, width=max(2, round(scale / 40)))
        head, r = joints[0], 0.07 * scale
        draw.ellipse([*(head - r), *(head + r)], fill=ink)
        block, seen = rng.uniform(0, size, 2), np.full(len(NAMES), 2)
        if rng.random() < 0.3:
            draw.rectangle([*block, *(block + 0.12 * size)], fill=tuple(rng.integers(0, 255, 3).tolist()))
            seen[((joints >= block) & (joints <= block + 0.12 * size)).all(1)] = 1
        seen[((joints < 0) | (joints >= size)).any(1)] = 0
        known = joints[seen > 0]
        low, high = known.min(0), known.max(0)
        keypoints = np.where(seen[:, None] > 0, np.c_[joints, seen], 0).round(2)
        told.append(
            {
                "keypoints": keypoints.ravel().tolist(), "num_keypoints": int((seen > 0).sum()), "category_id": 1, "iscrowd": 0,
                "bbox": [*low.round(2).tolist(), *(high - low).round(2).tolist()],
                "area": float(((high - low).prod() * 0.5).round(2)),
            }
        )  # fmt: skip
    return image, told


def write(folder: Path, counts: dict[str, int], *, size: int = 160, people: int = 1, seed: int = 0) -> Path:
    """`folder/PART/` with pictures and `annotations.json` of each part."""
    rng = np.random.default_rng(seed)
    category = {"id": 1, "name": "person", "keypoints": list(NAMES), "skeleton": [[a + 1, b + 1] for a, b in LINES]}
    for part, count in counts.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        images, annotations = [], []
        for number in range(count):
            image, told = picture(rng, size, 1 if people == 1 else int(rng.integers(1, people + 1)))
            image.save(folder / part / f"{number:04}.png")
            images.append({"id": number, "file_name": f"{number:04}.png", "width": size, "height": size})
            annotations += [{"id": len(annotations) + at + 1, "image_id": number, **one} for at, one in enumerate(told)]
        whole = {"images": images, "annotations": annotations, "categories": [category]}
        (folder / part / "annotations.json").write_text(json.dumps(whole), "utf-8")
    return folder


if __name__ == "__main__":
    total = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    write(Path(sys.argv[1]), {"train": total * 8 // 10, "valid": total // 10, "test": total // 10})
