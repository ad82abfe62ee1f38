"""Recordings with noise and without: folders `noisy` and `clean` with the same names in both, or clean recordings alone.

The folders of VoiceBank-DEMAND (`noisy_trainset_28spk_wav`, `clean_testset_wav`) are such, with parts; so are `noisy/train` and
`clean/train`. Into clean recordings alone, noise is mixed, which is told.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.files import is_junk
from fukami.data.parts import part_in

TOLD = N_("recordings with noise and without, in two folders, or clean ones alone")
FOR = ("sound",)
_DEEP, _SHOWN = 6, 3
_SIDES = {
    "noisy": re.compile(r"^(noisy|noisyspeech|mixture|mix|noise_added)([-_].*)?$"),
    "clean": re.compile(r"^(clean|cleanspeech|target|speech)([-_].*)?$"),
}
_NOISE = re.compile(r"^noises?([-_].*)?$", re.IGNORECASE)
"""Folders of noise alone, which is no recording that is to be made clean."""


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain of folders of recordings where recordings are to be answered."""
    if not set(FOR) & set(kinds) or not source.is_dir():
        return 0.0
    return 0.9 if next(_sounds(source), None) is not None else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `noisy` and `clean`."""
    sides: dict[str, dict[str, tuple[Path, str]]] = {"noisy": {}, "clean": {}}
    every = list(_sounds(source))
    for path in every:
        side, part = _place(path.relative_to(source).parts[:-1])
        if side:
            folders = [name for name in path.relative_to(source).parts[:-1] if not _is_side(name) and not part_of((name,))]
            sides[side]["/".join([part, *folders, path.stem])] = path, part
    if not sides["noisy"]:
        own = [path for path, _part in sides["clean"].values()] or [path for path in every if not _is_noise(path, source)]
        same = [(path, path, part_of(path.relative_to(source).parts[:-1])) for path in own]
        return _table(source, same, _unused(every, own), told={"clean": True})
    both = [name for name in sides["noisy"] if name in sides["clean"]]
    if not both:
        raise DataError(
            "F-NOISE-PAIRS",
            _("no recording with noise has the name of one without"),
            where=str(source),
            expected=_("the same names in both folders: noisy/a.wav and clean/a.wav"),
            got=_n("{n} recording", "{n} recordings", len(every)),
        )
    alone = [path for side in sides.values() for name, (path, _part) in side.items() if name not in both]
    problems = [_alone(sorted(map(str, alone)))] if alone else []
    rows = [(sides["noisy"][name][0], sides["clean"][name][0], sides["noisy"][name][1]) for name in both]
    return _table(source, rows, problems, told={})


def _is_side(name: str) -> bool:
    return any(form.match(name.lower()) for form in _SIDES.values())


def _is_noise(path: Path, source: Path) -> bool:
    return any(map(_NOISE.match, path.relative_to(source).parts[:-1]))


def _unused(every: Sequence[Path], own: Sequence[Path]) -> list[Problem]:
    """A warning where recordings lie beside the clean ones."""
    kept = set(own)
    others = [str(path) for path in every if path not in kept]
    if not others:
        return []
    return [
        Problem(
            code="F-NOISE-OTHERS",
            severity="warning",
            what=_n(
                "{n} recording beside the clean ones was left out",
                "{n} recordings beside the clean ones were left out",
                len(others),
            ),
            where=", ".join(others[:_SHOWN]) + (", …" if len(others) > _SHOWN else ""),
            fix=_("a folder of noise is mixed in by {option}").format(option="--set mixed=FOLDER"),
            count=len(others),
        )
    ]


def _alone(paths: list[str]) -> Problem:
    return Problem(
        code="F-NOISE-PAIRS",
        severity="warning",
        what=_n(
            "{n} recording is there on one side only and was left out",
            "{n} recordings are there on one side only and were left out",
            len(paths),
        ),
        where=", ".join(paths[:_SHOWN]) + (", …" if len(paths) > _SHOWN else ""),
        fix=_("name both alike"),
        count=len(paths),
    )


def _table(
    source: Path, rows: Sequence[tuple[Path, Path, str]], problems: Sequence[Problem], *, told: dict[str, bool]
) -> Table:
    columns = {}
    for name, own in (("noisy", [noisy for noisy, _clean, _part in rows]), ("clean", [clean for _noisy, clean, _part in rows])):
        paths = [str(path.relative_to(source)) for path in own]
        files = np.array([str(path) for path in own], dtype=object)
        said = told if name == "noisy" else {}
        columns[name] = Column(name, pa.array(paths, pa.string()), base=source, files=files, told=said)
    parts = np.array([part for *_paths, part in rows], dtype="<U5")
    hints = {"noisy": "noisy", "clean": "clean", "target": "clean"}
    return Table(
        name=str(source),
        columns=columns,
        parts=parts if (parts != "").any() else None,
        problems=tuple(problems),
        hints=hints,
        layout="noise",
    )


def _place(folders: tuple[str, ...]) -> tuple[str, str]:
    """Which side folders above a recording say it is on, and which part it belongs to."""
    side = next((side for name in folders for side, form in _SIDES.items() if form.match(name.lower())), "")
    return side, part_of(folders)


def part_of(folders: tuple[str, ...]) -> str:
    """The part that the names of folders say.

    >>> part_of(("noisy_trainset_28spk_wav",)), part_of(("clean", "test")), part_of(("a",))
    ('train', 'test', '')
    """
    return next(filter(None, (part_in(re.sub(r"set(?=_|-|$)", "", name.lower())) for name in folders)), "")


def _sounds(folder: Path, depth: int = _DEEP) -> Iterator[Path]:
    inside = sorted(path for path in folder.iterdir() if not is_junk(path.name))
    endings = cards("fields")["audio"].extensions
    yield from (path for path in inside if path.is_file() and path.suffix.lower() in endings)
    for path in inside if depth else ():
        if path.is_dir() and not path.is_symlink():
            yield from _sounds(path, depth - 1)
