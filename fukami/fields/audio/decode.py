"""Recordings opened: from files, bytes or arrays to waves, and one look at each, remembered. What is wrong is a `DataError`.

Shapes: L samples, C channels.
"""

import io
import os
import stat
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import soundfile

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.parsing import plain
from fukami.fields.reading.cell_wave import as_wave

FORMATS = "WAV, FLAC, OGG, MP3, AIFF, AU, CAF"
MOST_BYTES = 4 << 30
MOST_REMEMBERED = 200_000
FULL_SCALE = 0.9995
"""From here on a sample is as loud as a file can tell."""
RATE_OF_ARRAYS = 16_000
"""Samples a second that arrays have where nothing is said."""


class Look(NamedTuple):
    """What one look at a recording told; `error` is set, and the rest empty, where it cannot be read.

    `content` is equal where the samples are, `peak` the loudest sample, `clipped` the share at full scale, and `missing` the
    share of its samples that a file announces and does not hold.
    """

    error: DataError | None = None
    content: int = 0
    rate: int = 0
    samples: int = 0
    channels: int = 0
    peak: float = 0.0
    clipped: float = 0.0
    missing: float = 0.0

    @property
    def seconds(self) -> float:
        return self.samples / self.rate if self.rate else 0.0


_remembered: dict[tuple[str, int, int], Look] = {}


def raw_cells(column: Column) -> list[Any]:
    """Paths, bytes, or arrays."""
    values = column.values
    return list(values) if isinstance(values, np.ndarray) else plain(values).to_pylist()


def place(column: Column, row: int, cell: Any) -> str:
    """How a message names a recording: its file, after the table's row where there is a table."""
    cell = cell.get("path") if isinstance(cell, dict) else cell
    if not isinstance(cell, str | Path) or not str(cell):
        return column.where(row)
    path = str(cell if column.base is None else column.base / cell)
    return f"{column.where(row)} {path}" if column.file else path


def looks_at(column: Column) -> list[Look]:
    """One look at each cell; a file that did not change since the last one is not opened."""
    found = raw_cells(column)
    if len(_remembered) > MOST_REMEMBERED:
        _remembered.clear()

    def one(row: int) -> Look:
        key = _key(found[row], column.base)
        known = _remembered.get(key) if key else None
        if known is None:
            known = look(found[row], column, row)
            if key:
                _remembered[key] = known
        return known

    return in_threads(one, len(found))


def in_threads(work: Any, total: int) -> list[Any]:
    """`work` of each row, in order; decoders release Python's lock."""
    if total < 64:
        return [work(row) for row in range(total)]
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        return list(pool.map(work, range(total)))


def look(cell: Any, column: Column, row: int) -> Look:
    """One look at a path, the bytes of a file, or an array. What cannot be read is told, not raised."""
    where = place(column, row, cell)
    try:
        heard_LC, rate, missing = heard(cell, column.base, where)
    except DataError as error:
        return Look(error=error)
    loud_L = np.abs(heard_LC).max(1, initial=0.0)
    pcm = as_wave(heard_LC, rate, rate, "mix").tobytes()
    content = cells.hash_of(f"{rate} ".encode() + pcm)
    clipped = float((loud_L >= FULL_SCALE).mean()) if len(loud_L) else 0.0
    return Look(None, content, rate, len(heard_LC), heard_LC.shape[1], float(loud_L.max(initial=0.0)), clipped, missing)


def heard(cell: Any, base: Path | None, where: str) -> tuple[np.ndarray, int, float]:
    """`heard_LC` float64 of a cell, its rate, and the share of it that is missing. Raises `DataError`."""
    if isinstance(cell, np.ndarray | list):
        array = np.asarray(cell, np.float64 if not isinstance(cell, np.ndarray) else None)
        scale = float(np.iinfo(array.dtype).max) + 1 if array.dtype.kind in "iu" else 1.0
        wave_LC = (array.astype(np.float64) / scale).reshape(len(array), -1)
        return _finite(wave_LC, where), RATE_OF_ARRAYS, 0.0
    source = content(cell, base, where)
    try:
        with soundfile.SoundFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            rate, samples = file.samplerate, file.read(dtype="float64", always_2d=True)
    except (soundfile.SoundFileError, RuntimeError, ValueError, OSError) as error:
        raise _unreadable(source, where, error) from None
    if not len(samples):
        raise DataError(
            "F-AUDIO-EMPTY", _("the recording has no sample"), where=where, fix=_("copy the file again or delete it")
        )
    return _finite(samples, where), rate, _missing(source, samples)


def _finite(wave_LC: np.ndarray, where: str) -> np.ndarray:
    if not np.isfinite(wave_LC).all():
        raise DataError(
            "F-AUDIO-NAN",
            _("the recording holds values that are not finite numbers"),
            where=where,
            expected=_("numbers between -1 and 1"),
            fix=_("save it again as 16-bit WAV or FLAC"),
        )
    return wave_LC


def content(cell: Any, base: Path | None, where: str) -> bytes | str:
    """The bytes of a cell, or the path of the file that it names. Raises `DataError`."""
    if isinstance(cell, dict):  # as Parquet files of the Hugging Face hub hold recordings
        cell = cell.get("bytes") or cell.get("path")
    if isinstance(cell, bytes | bytearray | memoryview):
        if not cell:
            raise DataError("F-AUDIO-EMPTY", _("the recording has zero bytes"), where=where)
        return bytes(cell)
    if not isinstance(cell, str | Path) or not str(cell).strip():
        raise DataError(
            "F-AUDIO-MISSING",
            _("no recording is given"),
            where=where,
            expected=_("the path of a sound file"),
            got=repr(cell)[:40],
        )
    return str(_file(Path(str(cell).strip()) if base is None else base / str(cell).strip(), where))


def _file(path: Path, where: str) -> Path:
    try:
        kind = path.stat()
    except (OSError, ValueError):
        raise DataError(
            "F-AUDIO-MISSING",
            _("the recording is not there"),
            where=where,
            got=str(path),
            fix=_("correct the path; relative ones start at the folder of the table"),
        ) from None
    if not stat.S_ISREG(kind.st_mode):
        got = _("a folder") if stat.S_ISDIR(kind.st_mode) else _("a pipe or device")
        raise DataError("F-AUDIO-UNREADABLE", _("this is not a file"), where=where, expected=_("a sound file"), got=got)
    if not kind.st_size:
        raise DataError(
            "F-AUDIO-EMPTY", _("the recording has zero bytes"), where=where, fix=_("copy the file again or delete it")
        )
    if kind.st_size > MOST_BYTES:
        raise DataError(
            "F-AUDIO-SIZE",
            _("the file is too large for one recording"),
            where=where,
            expected=f"≤ {MOST_BYTES >> 30} GiB",
            got=f"{kind.st_size >> 20} MiB",
            fix=_("cut it into shorter ones"),
        )
    return path


def _head(source: bytes | str) -> bytes:
    if isinstance(source, bytes):
        return source[:512]
    with Path(source).open("rb") as file:
        return file.read(512)


def _unreadable(source: bytes | str, where: str, error: Exception) -> DataError:
    head = _head(source)
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    reason = str(error).rpartition(": ")[2].splitlines()[0][:120] if str(error) else ""
    if text.startswith((b"<!doctype html", b"<html")):
        reason = _("an HTML page")
    elif head[4:8] == b"ftyp":
        reason = _("an M4A or MP4 file, whose sound (AAC) is not read")
    elif text and all(32 <= byte < 127 or byte in (9, 10, 13) for byte in text):
        reason = _("a text")
    return DataError(
        "F-AUDIO-UNREADABLE",
        _("this is not a recording that can be read"),
        where=where,
        expected=FORMATS,
        got=reason,
        fix=_("save it as WAV or FLAC: {command}").format(command="ffmpeg -i FILE FILE.wav"),
    )


def _missing(source: bytes | str, heard_LC: np.ndarray) -> float:
    """The share of its samples that a WAV file announces and does not hold, as after a copy that was cut off."""
    head = _head(source)
    at = head.find(b"data")
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE" or at < 0 or len(head) < at + 8:
        return 0.0
    (announced,) = struct.unpack("<I", head[at + 4 : at + 8])
    held = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if announced in (0, 0xFFFFFFFF) or announced <= held - at - 8:  # streams announce nothing
        return 0.0
    return 1 - max(0, held - at - 8) / announced


def _key(cell: Any, base: Path | None) -> tuple[str, int, int] | None:
    if not isinstance(cell, str | Path) or not str(cell):
        return None
    path = os.path.join(base or "", str(cell))  # noqa: PTH118 - a `Path` costs more than the look
    try:
        told = os.stat(path)  # noqa: PTH116
    except (OSError, ValueError):
        return None
    return os.path.abspath(path), told.st_mtime_ns, told.st_size  # noqa: PTH100


def waves(column: Column, rate: int, channel: str, most_seconds: float) -> list[np.ndarray]:
    """int16 waves at `rate`, of the first `most_seconds` of each where that is not 0. Raises the first `DataError`."""
    found = raw_cells(column)

    def one(row: int) -> np.ndarray:
        heard_LC, own, _missing = heard(found[row], column.base, place(column, row, found[row]))
        return as_wave(heard_LC[: int(most_seconds * own) or None], own, rate, channel)

    return in_threads(one, len(found))


def as_bytes(values: Any, rate: int) -> bytes:
    """Numbers between -1 and 1 as the bytes of a WAV file of 32-bit floats, so that all forms can stand in one column."""
    out = io.BytesIO()
    soundfile.write(out, np.asarray(values, np.float32), rate, format="WAV", subtype="FLOAT")
    return out.getvalue()


def usual_rate(looks: Sequence[Look]) -> int:
    """The rate that most recordings have."""
    rates, counts = np.unique([one.rate for one in looks if one.error is None], return_counts=True)
    return int(rates[counts.argmax()]) if len(rates) else RATE_OF_ARRAYS
