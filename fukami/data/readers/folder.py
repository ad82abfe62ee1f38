"""A folder per class, with or without `train`, `valid` and `test` above them.

The class is the name of the first folder below the root or the part; what lies deeper belongs to it (`cat/2024/1.jpg`).
Pictures stay files and are read when they are needed; texts (a `.txt` per example) are read here.
"""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard, cards
from fukami.core.errors import DataError
from fukami.core.language import N_, _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.file_names import target_of, told_by
from fukami.data.files import is_junk, no_permission
from fukami.data.parts import part_named

TOLD = N_("a folder for each class")
MOST_TEXT_BYTES = 16 << 20
_SHOWN = 5


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where two class folders hold files of the kind; weak for one class, or for files that lie about."""
    wanted = _wanted(kinds)
    if not wanted or not source.is_dir():
        return 0.0
    root = _unwrapped(source, wanted)
    parts = _parts(root)
    folders = [child for part in parts.values() for f in part for child in _folders(f)] if parts else _folders(root)
    filled = 0
    for folder in folders:
        filled += _holds(folder, wanted)
        if filled >= 2:
            return 0.9
    if filled:
        return 0.6 if parts else 0.5
    return 0.3 if _holds(source, wanted) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `path` (for texts also `text`) and `class`; without class folders there is no `class`, nor where nobody asks for
    one: then every file counts, wherever it lies."""
    wanted = _wanted(kinds)
    if not wanted:
        from fukami.data.readers import _nobody

        raise _nobody(source)
    root, plain = _unwrapped(source, wanted), _without_classes(kinds) or bool(choices.label_from)
    found = _Found(root, wanted)
    parts = _parts(root, plain=plain)
    if parts:
        for part, folders in parts.items():
            for folder in folders:
                found.classes(folder, part)
        found.others([f.name for f in _folders(root) if not part_named(f.name)])
    else:
        found.classes(root, "")
    if plain:
        found.forget_classes()
    if choices.label_from:
        return _by_names(_table(source, root, found, choices, kinds), choices.label_from)
    if not found.paths and not found.loose:
        from fukami.data.readers import _nobody

        raise _nobody(source)
    return _table(source, root, found, choices, kinds)


def _wanted(kinds: tuple[str, ...]) -> frozenset[str]:
    told = _of_files(kinds)
    return frozenset() if told is None else frozenset(told.extensions)


def _of_files(kinds: tuple[str, ...]) -> FieldCard | None:
    """The first of the kinds whose examples may be files; of all kinds where none is named."""
    known = cards("fields")
    found = (known[kind] for kind in kinds or known if kind in known)
    return next((told for told in found if told.extensions and told.files_are != "document"), None)


def _without_classes(kinds: tuple[str, ...]) -> bool:
    """Whether examples are files and nothing else: what goes in is drawn, and all the rest are files."""
    asked = [cards("fields")[kind] for kind in kinds if kind in cards("fields")]
    read = [told for told in asked if told.columns != "none"]
    return len(read) < len(asked) and all(told.extensions for told in read)


def _scan(folder: Path) -> list[os.DirEntry]:
    try:
        with os.scandir(folder) as entries:
            return sorted((e for e in entries if not is_junk(e.name)), key=lambda e: e.name)
    except PermissionError:
        raise no_permission(folder) from None


def _folders(folder: Path) -> list[Path]:
    return [Path(e.path) for e in _scan(folder) if e.is_dir()]


def _extension(name: str) -> str:
    """In lower case; without the cost of a `Path` for each of many files."""
    return "." + name.rpartition(".")[2].lower() if "." in name else ""


def _is_folder(entry: os.DirEntry) -> bool:
    """Whether the entry, or what it links to, is a folder. A link to itself is nothing."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_file(entry: os.DirEntry) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False


def _is_wanted(name: str, wanted: frozenset[str]) -> bool:
    return _extension(name) in wanted


def _holds(folder: Path, wanted: frozenset[str], *, depth: int = 4) -> bool:
    """Whether a file of the kind lies somewhere in the folder. Stops at the first."""
    entries = _scan(folder)
    if any(_is_wanted(e.name, wanted) and e.is_file() for e in entries):
        return True
    return depth > 0 and any(_holds(Path(e.path), wanted, depth=depth - 1) for e in entries if e.is_dir())


def _unwrapped(folder: Path, wanted: frozenset[str]) -> Path:
    """Goes down through folders that only wrap another one, as archives leave them."""
    for _depth in range(5):
        entries = _scan(folder)
        inside = [Path(e.path) for e in entries if e.is_dir()]
        loose = any(_is_wanted(e.name, wanted) and e.is_file() for e in entries)
        if loose or len(inside) != 1 or part_named(inside[0].name):
            return folder
        below = _scan(inside[0])
        if any(_is_wanted(e.name, wanted) and e.is_file() for e in below) or not any(e.is_dir() for e in below):
            return folder
        folder = inside[0]
    return folder


def _parts(root: Path, *, plain: bool = False) -> dict[str, list[Path]]:
    """Part → its folders, where the folders of `root` are parts rather than classes: `train` is there, or nothing but parts.

    `plain` where there are no classes, which such folders then need not hold.
    """
    folders = _folders(root)
    named: dict[str, list[Path]] = {}
    for folder in folders:
        if part := part_named(folder.name):
            named.setdefault(part, []).append(folder)
    whole = named and sum(map(len, named.values())) == len(folders)
    if not named or not ("train" in named or whole) or not (plain or any(_folders(f) for fs in named.values() for f in fs)):
        return {}
    return {part: named[part] for part in ("train", "valid", "test") if part in named}


@dataclass
class _Found:
    """What a walk has found so far: one entry per example, and what was passed over."""

    root: Path
    wanted: frozenset[str]
    paths: list[str] = field(default_factory=list)
    labels: list[str | None] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)
    loose: list[tuple[str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    strange: Counter = field(default_factory=Counter)
    strange_first: list[str] = field(default_factory=list)

    def classes(self, folder: Path, part: str) -> None:
        """Every class folder of `folder`, and the files that lie outside of any."""
        for entry in _scan(folder):
            if _is_folder(entry):
                self._class(Path(entry.path), part)
            elif self._fits(entry):
                self.loose.append((os.path.relpath(entry.path, self.root), part))

    def _class(self, folder: Path, part: str) -> None:
        label = unicodedata.normalize("NFC", folder.name)  # macOS writes か and ゛ apart
        before = len(self.paths)
        for entry in self._walk(folder, set()):
            self.paths.append(os.path.relpath(entry.path, self.root))
            self.labels.append(label)
            self.parts.append(part)
        if len(self.paths) == before:
            self.problems.append(
                Problem(
                    code="F-FOLDER-CLASS-EMPTY",
                    severity="warning",
                    what=_("the class {name} has no examples and was left out").format(name=label),
                    where=str(folder),
                    expected=_("files of the kinds {extensions}").format(extensions=", ".join(sorted(self.wanted))),
                    fix=_("add examples or remove the folder"),
                )
            )

    def _walk(self, folder: Path, seen: set[str]) -> Iterator[os.DirEntry]:
        real = os.path.realpath(folder)
        if real in seen:  # a link that leads back into a folder above
            return
        seen = seen | {real}
        for entry in _scan(folder):
            if _is_folder(entry):
                yield from self._walk(Path(entry.path), seen)
            elif self._fits(entry):
                yield entry

    def _fits(self, entry: os.DirEntry) -> bool:
        if not _is_file(entry):
            link = entry.is_symlink()
            self.problems.append(
                Problem(
                    code="F-FOLDER-LINK" if link else "F-FOLDER-SPECIAL",
                    severity="warning",
                    what=_("a link points to something that is not there; it was left out")
                    if link
                    else _("this is not a regular file and was left out"),
                    where=entry.path,
                    fix=_("mend or remove the link") if link else _("remove it"),
                )
            )
            return False
        if _is_wanted(entry.name, self.wanted):
            return True
        self.strange[_extension(entry.name) or _("no extension")] += 1
        if len(self.strange_first) < _SHOWN:
            self.strange_first.append(entry.path)
        return False

    def others(self, names: list[str]) -> None:
        """Folders beside the parts that are no parts."""
        if names:
            self.problems.append(
                Problem(
                    code="F-FOLDER-OTHERS",
                    severity="warning",
                    what=_("folders beside train and test that are neither were left out"),
                    where=str(self.root),
                    got=", ".join(names[:8]),
                    fix=_("move them away, or into a part"),
                    count=len(names),
                )
            )

    def forget_classes(self) -> None:
        """Takes files as they are, in class folders and outside of them."""
        self.loose += zip(self.paths, self.parts, strict=True)
        self.paths.clear()
        self.labels.clear()
        self.parts.clear()

    def told(self) -> list[Problem]:
        """Everything that was passed over, one problem for each reason."""
        problems = list(self.problems)
        if self.strange:
            kinds = ", ".join(f"{extension} × {n}" for extension, n in self.strange.most_common(8))
            problems.append(
                Problem(
                    code="F-FOLDER-STRANGE",
                    severity="warning",
                    what=_n(
                        "{n} file is of another kind and was left out",
                        "{n} files are of another kind and were left out",
                        sum(self.strange.values()),
                    ),
                    where=", ".join(self.strange_first),
                    expected=", ".join(sorted(self.wanted)),
                    got=kinds,
                    fix=_("convert them, give them their true extension, or move them away"),
                    count=sum(self.strange.values()),
                )
            )
        return problems


def _table(source: Path, root: Path, found: _Found, choices: DataChoices, kinds: tuple[str, ...]) -> Table:
    problems = found.told()
    labelled = bool(found.paths)
    if labelled and found.loose:
        problems.append(_loose_problem(root, found))
    if not labelled:
        found.paths = [path for path, _part in found.loose]
        found.parts = [part for _path, part in found.loose]
    if not found.paths:
        raise DataError(
            "F-FOLDER-NOTHING",
            _("the folder holds no examples in a form that is known"),
            where=str(source),
            expected=", ".join(sorted(found.wanted)),
            got=", ".join(found.strange) or _("nothing"),
            fix=_("name the folder that holds the examples"),
        )
    files = np.array([str(root / path) for path in found.paths], dtype=object)
    columns = {"path": Column("path", pa.array(found.paths, pa.string()), base=root, files=files)}
    told = _of_files(kinds)
    assert told is not None
    if told.files_are == "text":
        texts, noticed = _texts(files, choices)
        problems += noticed
        columns["text"] = Column("text", texts, files=files)
    hints = {told.name: told.files_are}
    if labelled:
        columns["class"] = Column("class", pa.array(found.labels, pa.string()), base=root, files=files)
        hints["target"] = "class"
    parts = np.array(found.parts) if any(found.parts) else None
    return Table(name=str(source), columns=columns, parts=parts, problems=tuple(problems), hints=hints, layout="folder")


def _by_names(table: Table, pattern: str) -> Table:
    """The same table with columns of what the names of its files say; files of other names are left out."""
    path = table.columns["path"]
    told, fits, problems = told_by(path.strings() if path.is_array else path.values.to_pylist(), pattern)
    table = table.take(np.flatnonzero(fits))
    told = {name: replace(table.columns["path"], name=name, values=values, base=None) for name, values in told.items()}
    hints = table.hints | {"target": target_of(pattern)}
    return replace(table, columns=table.columns | told, hints=hints, problems=(*table.problems, *problems))


def _loose_problem(root: Path, found: _Found) -> Problem:
    return Problem(
        code="F-FOLDER-LOOSE",
        severity="warning",
        what=_n(
            "{n} file lies outside the class folders, so nothing says what it is; it was left out",
            "{n} files lie outside the class folders, so nothing says what they are; they were left out",
            len(found.loose),
        ),
        where=", ".join(str(root / path) for path, _part in found.loose[:_SHOWN]),
        expected=_("a folder for each class"),
        fix=_("move each into the folder of its class"),
        count=len(found.loose),
    )


def _texts(files: np.ndarray, choices: DataChoices) -> tuple[pa.Array, list[Problem]]:
    """The content of each file. What is said about encodings is said once for all files."""
    texts, notes = [], {}
    for path in files:
        size = Path(path).stat().st_size
        if size > MOST_TEXT_BYTES:
            raise DataError(
                "F-TEXT-LARGE",
                _("a text of {size} MB is hardly one example").format(size=size >> 20),
                where=path,
                expected=_("one example per file"),
            )
        try:
            data = Path(path).read_bytes()
        except PermissionError:
            raise no_permission(Path(path)) from None
        data, told = to_utf8(data, where=path, encoding=choices.encoding)
        for problem in told:
            notes.setdefault((problem.code, problem.what), []).append(problem)
        texts.append(data.decode().strip())
    problems = []
    for same in notes.values():
        where = ", ".join(p.where for p in same[:3]) + (", …" if len(same) > 3 else "")
        problems.append(Problem(**{**same[0].as_dict(), "where": where, "count": len(same)}))
    return pa.array(texts, pa.string()), problems
