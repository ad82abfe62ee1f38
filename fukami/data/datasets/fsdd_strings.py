"""Strings of three to seven spoken digits, made by joining recordings of `fsdd` of one speaker, with up to 0.15 s of silence
before each. The same strings for everybody: they are drawn by a seed.

Clips are never shared between the parts: the test joins the recordings with index 0 to 4 (as the makers of `fsdd` say),
validation those with 5 to 9, training the others. They are written once, as WAV files, into the folder for caches.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.cards import DatasetCard
from fukami.core.seeds import generator
from fukami.core.tables import Column, Table
from fukami.data.cache import cache_folder, made_at_once
from fukami.data.datasets import fsdd
from fukami.data.datasets.fsdd_words import WORDS

CARD = DatasetCard(
    name="fsdd-strings",
    summary="2,400 strings of three to seven spoken digits of one of four speakers, 200 of them for the test",
    task="speech-recognition",
    examples=2400,
    licence="CC BY-SA 4.0",
    home="https://github.com/Jakobovski/free-spoken-digit-dataset",
    files={"fsdd_4speakers.tar.gz": {"urls": [], "bytes": 8842136}},
    copies=({"fsdd_4speakers.tar.gz": "fsdd/fsdd_4speakers.tar.gz"},),
)

SEED, LONGEST_GAP_S = 0, 0.15
PARTS = {"train": (2000, range(10, 50)), "valid": (200, range(5, 10)), "test": (200, range(5))}
"""Part → how many strings, and the indices of the recordings that they are made of."""


def table(files: dict[str, Path]) -> Table:
    source = files["fsdd_4speakers.tar.gz"]
    folder = cache_folder() / "unpacked" / f"fsdd-strings-{SEED}-{source.stat().st_size}"
    drawn = [(part, *one) for part, (count, of) in PARTS.items() for one in strings(part, count, of)]
    names = [f"{part}/{number:04d}.wav" for number, (part, *_rest) in enumerate(drawn)]
    if not folder.is_dir():
        clips = fsdd.table(files).columns["path"]
        with made_at_once(folder) as temporary:
            for part in PARTS:
                (temporary / part).mkdir()
            for name, (_part, digits, speaker, indices, gaps) in zip(names, drawn, strict=True):
                _joined(temporary / name, clips.base or Path(), digits, speaker, indices, gaps)
    said = [" ".join(WORDS[digit] for digit in digits) for _part, digits, *_rest in drawn]
    told: dict[str, Any] = {"files": np.array([str(folder / name) for name in names], dtype=object)}
    columns = {
        "path": Column("path", pa.array(names, pa.string()), base=folder, **told),
        "text": Column("text", pa.array(said, pa.string()), **told),
        "speaker": Column("speaker", pa.array([speaker for _part, _digits, speaker, *_rest in drawn], pa.string()), **told),
    }
    parts = np.array([part for part, *_rest in drawn], dtype="<U5")
    hints = {"audio": "path", "transcript": "text", "target": "text"}
    return Table(name=CARD.name, columns=columns, parts=parts, hints=hints, layout="catalogue")


def strings(part: str, count: int, of: range) -> list[tuple[list[int], str, list[int], list[float]]]:
    """Digits, whose they are, which of their recordings, and seconds of silence before each.

    >>> digits, speaker, indices, gaps = strings("test", 1, range(5))[0]
    >>> len(digits) == len(indices) == len(gaps), set(indices) <= set(range(5))
    (True, True)
    """
    rng, found = generator(SEED, "fsdd-strings", part), []
    for _string in range(count):
        length = int(rng.integers(3, 8))
        digits, indices = rng.integers(0, 10, length).tolist(), rng.choice(list(of), length).tolist()
        gaps = rng.uniform(0, LONGEST_GAP_S, length).tolist()
        found.append((digits, str(rng.choice(SPEAKERS)), indices, gaps))
    return found


SPEAKERS = ("jackson", "nicolas", "theo", "yweweler")


def _joined(path: Path, base: Path, digits: list[int], speaker: str, indices: list[int], gaps: list[float]) -> None:
    import soundfile

    parts, rate = [], 8000
    for digit, index, gap in zip(digits, indices, gaps, strict=True):
        wave, rate = soundfile.read(base / f"{digit}_{speaker}_{index}.wav", dtype="int16")
        parts += [np.zeros(int(gap * rate), np.int16), wave]
    soundfile.write(path, np.concatenate(parts), rate, subtype="PCM_16")
