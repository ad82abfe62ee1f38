"""Pictures that are answered, as files: each says of itself which run made it, and from what."""

import base64
import io
from pathlib import Path
from typing import Any

PICTURE = "data:image/png;base64,"


def written(predictions: list[dict[str, Any]], out: Path, *, run: str) -> list[dict[str, Any]]:
    """The predictions with the paths of files in the folder `out` in place of pictures in base64, named after their inputs."""
    taken: set[str] = set()
    return [{name: _kept(value, told, out, run, taken) for name, value in told.items()} for told in predictions]


def _kept(value: Any, told: dict[str, Any], out: Path, run: str, taken: set[str]) -> Any:
    if not (isinstance(value, str) and value.startswith(PICTURE)):
        return value
    from PIL import Image as Pillow
    from PIL.PngImagePlugin import PngInfo

    given = str(told.get("input"))[:200]
    own = stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in Path(given).stem) or "picture"
    number = 1
    while own in taken:
        number += 1
        own = f"{stem}-{number}"
    taken.add(own)
    image, note = Pillow.open(io.BytesIO(base64.b64decode(value.removeprefix(PICTURE)))), PngInfo()
    note.add_text("Software", "Fukami")
    note.add_itxt("Description", f"made by a model: run {run}, input {given}")
    place = out / f"{own}.png"
    out.mkdir(parents=True, exist_ok=True)
    image.save(place, "PNG", pnginfo=note)
    return str(place)
