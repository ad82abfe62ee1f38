"""Recordings and what is said in them: LibriSpeech, LJ Speech, Common Voice, and a text file beside each recording.

    LibriSpeech    84/121550/84-121550.trans.txt beside 84-121550-0000.flac …; train-…, dev-…, test-… above are parts
    LJ Speech      metadata.csv (id|text or id|text|normalised text, of which the last counts), recordings in wavs/
    Common Voice   train.tsv, dev.tsv, test.tsv with `path` and `sentence` (else validated.tsv), recordings in clips/
    texts beside   a.wav and a.txt (or a.lab)

All become columns `path`, `text` and, where it is known, `speaker`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import is_junk, read_bytes
from fukami.data.parts import part_in
from fukami.data.readers import folder as folders

TOLD = N_("recordings and what is said in them, as LibriSpeech, LJ Speech and Common Voice lay them out")
FOR = ("transcript",)
_SHOWN, _DEEP = 3, 5
_COMMON_VOICE = (("train", "train"), ("dev", "valid"), ("test", "test"))


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain where files of such a layout are there; nothing where no texts of speech are asked for."""
    return 0.95 if set(FOR) & set(kinds) and _layout(source) is not None else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The recordings that have a text."""
    layout = _layout(source)
    if choices.label_from or layout is None:
        return folders.read(source, choices, kinds=kinds)
    found = _Found(source if source.is_dir() else source.parent, choices.encoding)
    layout(source, found)
    return found.table(source)


@dataclass
class _Found:
    """What was found so far: one entry for each recording with its text, and what was passed over."""

    root: Path
    encoding: str
    paths: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    places: list[tuple[str, int]] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    textless: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def lines(self, path: Path) -> Iterator[tuple[int, str]]:
        """The lines of a text file that hold something, with their numbers."""
        data, noticed = to_utf8(read_bytes(path), where=str(path), encoding=self.encoding)
        self.problems += noticed
        for number, line in enumerate(data.decode().removeprefix("\ufeff").splitlines(), 1):
            if line.strip():
                yield number, line

    def add(self, recording: Path | None, text: str, place: tuple[Path, int], *, speaker: str = "", part: str = "") -> None:
        """A recording and its text; without a recording, the place is told."""
        if recording is None:
            self.lost.append(f"{place[0]}:{place[1]}")
            return
        self.paths.append(str(recording.relative_to(self.root)))
        self.texts.append(text.strip())
        self.speakers.append(speaker)
        self.parts.append(part)
        self.places.append((str(place[0]), place[1]))

    def table(self, source: Path) -> Table:
        if not self.paths:
            raise DataError(
                "F-SPEECH-FILES",
                _("no text has its recording"),
                where=str(source),
                expected=_("recordings named as the texts say, beside them or in the folder of their layout"),
                got=", ".join(self.lost[:_SHOWN] or self.broken[:_SHOWN]),
                fix=_("copy the recordings there too"),
            )
        files = np.array([file for file, _line in self.places], dtype=object)
        lines = np.array([line for _file, line in self.places], np.int64)
        told = {"base": self.root, "files": files, "rows": lines}
        columns = {
            "path": Column("path", pa.array(self.paths, pa.string()), base=self.root),
            "text": Column("text", pa.array(self.texts, pa.string()), **told),
        }
        if any(self.speakers):
            columns["speaker"] = Column("speaker", pa.array(self.speakers, pa.string()), **told)
        parts = np.array(self.parts, dtype="<U5") if any(self.parts) else None
        hints = {"audio": "path", "transcript": "text", "target": "text"}
        problems = (*self.problems, *self._told())
        return Table(name=str(source), columns=columns, parts=parts, problems=problems, hints=hints, layout="transcripts")

    def _told(self) -> Iterator[Problem]:
        reasons = (
            (
                "F-SPEECH-FILES",
                self.lost,
                _("texts without their recordings were left out"),
                _("copy the recordings there too"),
            ),
            (
                "F-SPEECH-TEXTS",
                self.textless,
                _("recordings without a text were left out"),
                _("write down what is said in them"),
            ),
            ("F-SPEECH-LINE", self.broken, _("lines that hold no name and text were left out"), _("mend these lines")),
        )
        for code, where, what, fix in reasons:
            if where:
                shown = ", ".join(where[:_SHOWN]) + (", …" if len(where) > _SHOWN else "")
                got = _n("{n} of them", "{n} of them", len(where))
                yield Problem(code=code, severity="warning", what=what, where=shown, got=got, fix=fix, count=len(where))


Layout = Callable[[Path, _Found], None]


def _layout(source: Path) -> Layout | None:
    """Which layout this is; None where it is none of them."""
    if source.is_file():
        return _of_file(source)
    if not source.is_dir():
        return None
    if (source / "metadata.csv").is_file() and _is_listed(source / "metadata.csv"):
        return lambda folder, found: _lj_speech(folder / "metadata.csv", found)
    tables = [source / f"{name}.tsv" for name, _part in (*_COMMON_VOICE, ("validated", ""))]
    if any(map(_is_common_voice, tables)):
        return _common_voice
    for path in _walked(source):
        if path.name.endswith(".trans.txt"):
            return _libri_speech
        if _is_sound(path) and _beside(path) is not None:
            return _texts_beside
    return None


def _of_file(path: Path) -> Layout | None:
    if path.name == "metadata.csv" and _is_listed(path):
        return _lj_speech
    return _common_voice if _is_common_voice(path) else None


def _first(path: Path) -> str:
    return read_bytes(path, only=1 << 14).decode("utf-8", "replace").removeprefix("\ufeff").split("\n", 1)[0]


def _is_listed(path: Path) -> bool:
    return 1 <= _first(path).count("|") <= 2


def _is_common_voice(path: Path) -> bool:
    return path.suffix == ".tsv" and path.is_file() and {"path", "sentence"} <= set(_first(path).strip().split("\t"))


def _walked(folder: Path, depth: int = _DEEP) -> Iterator[Path]:
    """Files, those of a folder before those of the folders in it."""
    inside = sorted(path for path in folder.iterdir() if not is_junk(path.name))
    yield from (path for path in inside if path.is_file())
    for path in inside if depth else ():
        if path.is_dir() and not path.is_symlink():
            yield from _walked(path, depth - 1)


def _is_sound(path: Path) -> bool:
    return path.suffix.lower() in cards("fields")["audio"].extensions


def _sounds(folder: Path) -> dict[str, Path]:
    """Name, with its ending and without → file."""
    found = [path for path in sorted(folder.iterdir()) if _is_sound(path) and path.is_file()] if folder.is_dir() else []
    return {path.stem: path for path in found} | {path.name: path for path in found}


def _beside(path: Path) -> Path | None:
    return next((found for ending in (".txt", ".lab") if (found := path.with_suffix(ending)).is_file()), None)


def _lj_speech(table: Path, found: _Found) -> None:
    sounds = _sounds(table.parent) | _sounds(table.parent / "wavs")
    named = set()
    for number, line in found.lines(table):
        name, *texts = line.split("|")
        if not 1 <= len(texts) <= 2 or not texts[-1].strip():
            found.broken.append(f"{table}:{number}")
            continue
        named.add(Path(name.strip()).stem)
        found.add(sounds.get(Path(name.strip()).name), texts[-1], (table, number))
    found.textless += [str(path) for name, path in sounds.items() if name == path.stem and name not in named]


def _common_voice(source: Path, found: _Found) -> None:
    folder = source if source.is_dir() else source.parent
    tables = [(folder / f"{name}.tsv", part) for name, part in _COMMON_VOICE if _is_common_voice(folder / f"{name}.tsv")]
    if source.is_file():
        tables = [(source, "")]
    sounds = _sounds(folder) | _sounds(folder / "clips")
    for table, part in tables or [(folder / "validated.tsv", "")]:
        lines = found.lines(table)
        names = next(lines)[1].split("\t")
        for number, line in lines:
            cells = dict(zip(names, line.split("\t"), strict=False))
            if not cells.get("path", "").strip() or not cells.get("sentence", "").strip():
                found.broken.append(f"{table}:{number}")
                continue
            place, speaker = (table, number), cells.get("client_id", "")
            found.add(sounds.get(Path(cells["path"]).name), cells["sentence"], place, speaker=speaker, part=part)


def _libri_speech(folder: Path, found: _Found) -> None:
    sounds: dict[Path, dict[str, Path]] = {}
    listed: set[Path] = set()
    for table in _walked(folder):
        if not table.name.endswith(".trans.txt"):
            continue
        here = sounds.setdefault(table.parent, _sounds(table.parent))
        above = [part_in(name) for name in table.relative_to(folder).parts[:-1]] or [""]
        part = next(filter(None, above), "")
        for number, line in found.lines(table):
            name, _blank, text = line.strip().partition(" ")
            if not text.strip():
                found.broken.append(f"{table}:{number}")
                continue
            recording = here.get(name)
            listed |= {recording} if recording else set()
            found.add(recording, text, (table, number), speaker=name.partition("-")[0], part=part)
    every = {path for here in sounds.values() for path in here.values()}
    found.textless += sorted(map(str, every - listed))


def _texts_beside(folder: Path, found: _Found) -> None:
    for path in _walked(folder):
        if not _is_sound(path):
            continue
        text = _beside(path)
        said = " ".join(line.strip() for _number, line in found.lines(text)) if text else ""
        above = [part_in(name) for name in path.relative_to(folder).parts[:-1]]
        if text and said:
            found.add(path, said, (text, 1), part=next(filter(None, above), ""))
        else:
            found.textless.append(str(path))
