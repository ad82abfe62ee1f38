"""Pictures and sounds that are answered, as files: each picture says of itself which run made it, and from what."""

import base64
import io
from pathlib import Path
from typing import Any

PICTURE, SOUND = "data:image/png;base64,", "data:audio/wav;base64,"


def written(predictions: list[dict[str, Any]], out: Path, *, run: str) -> list[dict[str, Any]]:
    """The predictions with paths of files in the folder `out`, named after inputs, in place of pictures and sounds."""
    taken: set[str] = set()
    return [{name: _kept(value, told, out, run, taken) for name, value in told.items()} for told in predictions]


def _kept(value: Any, told: dict[str, Any], out: Path, run: str, taken: set[str]) -> Any:
    if not (isinstance(value, str) and value.startswith((PICTURE, SOUND))):
        return value
    given = str(told.get("input"))[:200]
    own = stem = "".join(letter if letter.isalnum() or letter in "-_." else "-" for letter in Path(given).stem) or "answer"
    number = 1
    while own in taken:
        number += 1
        own = f"{stem}-{number}"
    taken.add(own)
    out.mkdir(parents=True, exist_ok=True)
    if value.startswith(SOUND):
        place = out / f"{own}.wav"
        place.write_bytes(base64.b64decode(value.removeprefix(SOUND)))
        return str(place)
    from PIL import Image as Pillow
    from PIL.PngImagePlugin import PngInfo

    image, note = Pillow.open(io.BytesIO(base64.b64decode(value.removeprefix(PICTURE)))), PngInfo()
    note.add_text("Software", "Fukami")
    note.add_itxt("Description", f"made by a model: run {run}, input {given}")
    place = out / f"{own}.png"
    image.save(place, "PNG", pnginfo=note)
    return str(place)
