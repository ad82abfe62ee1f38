"""Pictures for programs without Fukami: what `export/standalone/image.py` needs to know, and raw pictures as files."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Pillow

from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields.image import decode, looks
from fukami.fields.image.ranges import TOPS, Levels


def portable(name: str, state: dict[str, Any], extensions: Sequence[str]) -> dict[str, Any]:
    """Formats, size, mode, levels, mean and deviation; the way of fitting is a piece of code."""
    kept = {key: state[key] for key in ("levels", "mean", "std")}
    mode, code = "L" if state["channels"] == 1 else "RGB", [f"image_{state['resize']}", "image"]
    told = {"kind": "image", "name": name, "code": code, "example": "picture.jpg"}
    told |= {"size": [state["size_px"]] * 2, "formats": sorted(decode.FORMATS), "extensions": list(extensions), "mode": mode}
    return {**told, **kept, "ranges": [[0, 1], [-1, 1], *([0, top] for top in TOPS[1:])]}


def portable_frames(state: dict[str, Any]) -> dict[str, Any]:
    """What says where pixels of the given picture lie in the tensor."""
    return {"code": ["image_frames"], "resize": state["resize"]}


def odd_pictures(folder: Path) -> list[str]:
    """Files of other forms than most: turned, transparent, of 16 bits, two in one as phones write them; some to be refused."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = generator(0, "image", "probes")
    pixels = rng.integers(0, 256, (8, 6, 4), dtype=np.uint8).repeat(9, 0).repeat(9, 1)
    colour, turned = Pillow.fromarray(np.ascontiguousarray(pixels[..., :3])), Pillow.Exif()
    turned[0x0112] = 6
    deep = pixels[..., 0].astype(np.uint16) * 16
    broken = np.where(np.eye(9) > 0, np.nan, 1.0).astype(np.float32)
    drawn = {
        "plain.jpg": (colour, {"quality": 90}),
        "turned.jpg": (colour, {"exif": turned}),
        "grey.jpg": (colour.convert("L"), {}),
        "inks.jpg": (colour.convert("CMYK"), {}),
        "phone.jpg": (colour, {"format": "MPO", "save_all": True, "append_images": [colour]}),
        "grey.png": (colour.convert("L"), {}),
        "clear.png": (Pillow.fromarray(pixels, "RGBA"), {}),
        "palette.png": (colour.convert("P"), {"transparency": 3}),
        "deep.png": (Pillow.fromarray(deep), {}),
        "real.tif": (Pillow.fromarray(deep / np.float32(5000)), {}),
        "broken.tif": (Pillow.fromarray(broken), {}),
        "refused.eps": (colour, {}),
    }
    for file, (image, options) in drawn.items():
        image.save(folder / file, **options)
    whole = (folder / "plain.jpg").read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) // 2])
    (folder / "text.jpg").write_text("no picture")
    return [str(folder / file) for file in (*drawn, "cut.jpg", "text.jpg", "none.jpg")]


def as_files(columns: Sequence[Column], rows: np.ndarray, folder: Path, levels: Levels) -> list[str]:
    """Paths of the pictures of some rows; those that are no files (arrays, bytes) are written into `folder`."""
    column = columns[0].take(rows)
    if looks.is_pixels(column):
        layout = decode.layout_of(column.values.shape, column.name)
        column = Column(column.name, decode.as_nchw(column.values, layout))
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for row, cell in enumerate(looks.raw_cells(column)):
        where = looks.place(column, row, cell)
        path = None if isinstance(cell, np.ndarray) else _path(cell, column.base)
        if path is None:
            data = _png(cell, levels, where) if isinstance(cell, np.ndarray) else decode.content(cell, column.base, where)
            path = folder / (f"{row}.png" if isinstance(cell, np.ndarray) else str(row))
            path.write_bytes(data)
        found.append(str(path.resolve()))
    return found


def _path(cell: Any, base: Path | None) -> Path | None:
    """The file that a cell names, if it is one as it stands."""
    if not isinstance(cell, (str, Path)):
        return None
    path = Path(cell) if base is None else base / cell
    return path if path.is_file() else None


def _png(cell: np.ndarray, levels: Levels, where: str) -> bytes:
    buffer = io.BytesIO()
    image: Pillow.Image = decode.from_array(cell, levels, where)
    image.save(buffer, "PNG")
    return buffer.getvalue()
