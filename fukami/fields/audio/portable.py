"""Recordings for programs without Fukami: what `export/standalone/audio.py` needs to know, and raw recordings as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from fukami.core.seeds import generator
from fukami.core.tables import Column
from fukami.fields.audio import decode


def portable(name: str, state: dict[str, Any], extensions: Sequence[str]) -> dict[str, Any]:
    """Rate, channel and length; what is heard in a wave the graph itself computes."""
    told = {"kind": "audio", "name": name, "code": ["cell_wave", "audio"], "example": "recording.wav"}
    return told | {"extensions": list(extensions)} | {key: state[key] for key in ("rate_hz", "channel", "max_seconds")}


def odd_recordings(folder: Path, rate: int) -> list[str]:
    """Files of other forms, rates, channels and depths than most, and some that are refused."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = generator(0, "audio", "probes")
    tone = 0.4 * np.sin(np.arange(rate // 2) * 0.3) + rng.normal(0, 0.01, rate // 2)
    both = np.stack([tone, -0.5 * tone], 1)
    written = {
        "plain.wav": (tone, rate, {}),
        "fast.wav": (tone, rate * 2, {"subtype": "PCM_24"}),
        "slow.flac": (tone, max(1000, rate // 2), {}),
        "both.wav": (both, rate, {"subtype": "FLOAT"}),
        "loud.wav": (3 * tone, rate, {"subtype": "FLOAT"}),
        "bytes.wav": (tone, rate, {"subtype": "PCM_U8"}),
        "nan.wav": (np.where(tone > 0.39, np.nan, tone), rate, {"subtype": "FLOAT"}),
        "silent.wav": (0 * tone, rate, {}),
    }
    for name, (wave, own, more) in written.items():
        soundfile.write(folder / name, wave, own, **more)
    (folder / "text.wav").write_text("no recording")
    (folder / "empty.wav").write_bytes(b"")
    return [str(folder / name) for name in (*written, "text.wav", "empty.wav", "none.wav")]


def as_files(columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[str]:
    """Paths of the recordings of some rows; those that are no files (bytes, arrays) are written into `folder`."""
    column = columns[0].take(rows)
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for row, cell in enumerate(decode.raw_cells(column)):
        path = (column.base or Path()) / cell if isinstance(cell, str) else folder / f"{row}.wav"
        if not isinstance(cell, str):
            source = cell if isinstance(cell, np.ndarray | list) else decode.content(cell, column.base, "")
            path.write_bytes(source if isinstance(source, bytes) else decode.as_bytes(source, decode.RATE_OF_ARRAYS))
        found.append(str(path.resolve()))
    return found
