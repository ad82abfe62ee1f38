"""Small raw data for every kind of field, so that laws can run over every task because its file is there."""

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column

WORDS = [
    "sun",
    "moon",
    "tree",
    "river",
    "stone",
    "cloud",
    "bird",
    "fish",
    "road",
    "house",
    "lamp",
    "book",
    "cup",
    "door",
    "rain",
    "snow",
    "wind",
    "star",
    "leaf",
    "hill",
]


def image(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    """Grey 12 × 12 pictures whose bright quarter tells the class."""
    pixels = rng.integers(0, 80, (total, 12, 12)).astype(np.uint8)
    for i, k in enumerate(label % 4):
        pixels[i, (k // 2) * 6 : (k // 2) * 6 + 6, (k % 2) * 6 : (k % 2) * 6 + 6] += 120
    return [Column("image", pixels)]


def text(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    """Sentences of 3 to 12 words, one of which tells the class."""
    rows = []
    for k in label:
        words = list(rng.choice(WORDS[4:], rng.integers(3, 12)))
        words[int(rng.integers(len(words)))] = WORDS[int(k) % 4]
        rows.append(" ".join(words))
    return [Column("text", pa.array(rows))]


def row(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    """Two numbers with gaps, a category and a date; the first number and the category tell the class."""
    first = label + rng.normal(0, 0.2, total)
    numbers = [None if rng.random() < 0.05 else f"{v:.4f}" for v in first]
    days = rng.integers(1, 28, total)
    return [
        Column("height", pa.array(numbers)),
        Column("noise", pa.array(rng.normal(size=total))),
        Column("town", pa.array([f"town{int(k) % 3}" if rng.random() < 0.8 else "elsewhere" for k in label])),
        Column("day", pa.array([f"2024-03-{d:02d}" for d in days])),
    ]


def category(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    return [Column("label", pa.array([f"class{k}" for k in label]))]


def categories(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    return [Column("labels", pa.array([[f"class{k}", f"class{(k + 1) % 4}"][: 1 + k % 2] for k in label]))]


def number(total: int, rng: np.random.Generator, label: np.ndarray) -> list[Column]:
    return [Column("value", pa.array(label * 10.0 + rng.normal(0, 0.5, total)))]


def columns(kinds: dict[str, str], total: int = 48, *, seed: int = 0, num_classes: int = 3) -> dict[str, list[Column]]:
    """Field name → raw columns for the fields' kinds, all about the same hidden classes."""
    rng = np.random.default_rng(seed)
    label = np.arange(total) % num_classes
    makers = {"image": image, "text": text, "row": row, "category": category, "categories": categories, "number": number}
    return {name: makers[kind](total, rng, label) for name, kind in kinds.items()}
