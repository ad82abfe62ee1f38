"""What each room holds: files of the package, and those that plugins bring.

A plugin is a folder laid out as the package is: `tasks/x.py`, `fields/y/field.py`, `data/readers/z.py`, `locale/ja/x.po`. Each
file of it counts as if it lay here: `metrics/x.py` is imported as `fukami.metrics.x`. It is made known in one of three ways:

    FUKAMI_PLUGINS=/a:/b             folders, set apart as those of PATH are
    entry point of `fukami.plugins`  a package of that layout: one line for whatever it holds
    entry point of `fukami.metrics`  a module that stands for one file of that room (`fukami.data.readers` for deeper ones)

A plugin adds; it never stands in the place of a file that is here. Nothing of it is imported before it is used.

>>> files("metrics")["accuracy"].module, files("fields")["image"].module
('fukami.metrics.accuracy', 'fukami.fields.image.field')
"""

import importlib
import os
import sys
import traceback
from collections.abc import Iterator
from functools import cache
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from fukami.core.errors import FukamiError, UsageError
from fukami.core.language import _

VARIABLE, GROUP = "FUKAMI_PLUGINS", "fukami.plugins"
_PACKAGE = Path(__file__).parent.parent


class File(NamedTuple):
    """One file of a room, and the name it is imported by. `own` where it is one of the package."""

    path: Path
    module: str
    own: bool


class _Entry(NamedTuple):
    """An entry point, as `told` by the file `where`."""

    group: str
    name: str
    module: str
    where: str

    def spec(self) -> ModuleSpec:
        """What Python finds under its module's name. Nothing is imported, nor what it lies in."""
        top, *below = self.module.split(".")
        spec = next(filter(None, (finder.find_spec(top, None) for finder in sys.meta_path)), None)
        for part in below:  # by its last name: what is found by the whole one asks for the package above, imported
            spec = PathFinder.find_spec(part, list(spec.submodule_search_locations or ())) if spec else None
        if spec is None:
            raise broken(self.where, f"{self.group}: {self.name} = {self.module}")
        return spec


def single(room: str) -> str:
    """What one thing of a room is called, and the file that holds it where it has a folder of its own: `field`, `model`."""
    return room.rpartition("/")[2].removesuffix("s")


def files(room: str) -> dict[str, File]:
    """Name → file, for every file of the room that is no helper (`_x.py`). What has a folder has its name: `image/field.py`.

    Raises:
        UsageError: F-PLUGIN-NAME where a plugin brings a file of a name that is there; F-PLUGIN-FOLDER, F-PLUGIN-BROKEN.
    """
    return _files(room, state())


@cache
def _files(room: str, _state: object) -> dict[str, File]:
    found: dict[str, File] = {}
    for name, file in (*_in(_PACKAGE, room), *(pair for folder in plugins() for pair in _in(folder, room)), *_alone(room)):
        if name in found:
            raise taken(name, found[name].path, file.path)
        found[name] = file
    return found


def _in(folder: Path, room: str) -> Iterator[tuple[str, File]]:
    inside = folder.joinpath(*room.split("/"))
    for path in sorted((*inside.glob("[a-zA-Z]*.py"), *inside.glob(f"[a-zA-Z]*/{single(room)}.py"))):
        parts = path.relative_to(inside).with_suffix("").parts
        yield parts[0], File(path, _module(room, *parts), folder == _PACKAGE)


def _module(room: str, *parts: str) -> str:
    return ".".join(("fukami", *room.split("/"), *parts))


def own(room: str, name: str) -> Iterator[File]:
    """Where the package would hold a file of this name, whether it does or not: to be asked before a room is listed."""
    for parts in ((name,), (name, single(room))):
        yield File(_PACKAGE.joinpath(*room.split("/"), *parts).with_suffix(".py"), _module(room, *parts), True)


def _alone(room: str) -> Iterator[tuple[str, File]]:
    """The modules that stand for one file of the room each."""
    for entry in _entries():
        if entry.group == "fukami." + room.replace("/", "."):
            yield entry.name, File(Path(entry.spec().origin or entry.where), entry.module, False)


def folders(room: str) -> tuple[Path, ...]:
    """Every folder that is a part of the room, the package's first."""
    return tuple(place for folder in (_PACKAGE, *plugins()) if (place := folder.joinpath(*room.split("/"))).is_dir())


def loaded(file: File) -> ModuleType:
    """The module of a file. What goes wrong in one that a plugin brings is told of its place."""
    try:
        return importlib.import_module(file.module)
    except FukamiError:
        raise
    except Exception as error:
        if file.own:
            raise
        raise broken(_place(file.path, error), f"{type(error).__name__}: {error}") from error


def _place(path: Path, error: Exception) -> str:
    """The file and the line in it that an error came from."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return f"{path}:{error.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)]
    return f"{path}:{lines[-1]}" if lines else str(path)


def blamed(error: BaseException) -> str:
    """Where in a plugin's file something went wrong that nobody foresaw: the deepest such line; empty where there is none."""
    folders = plugins()
    frames = traceback.extract_tb(error.__traceback__) if folders else ()
    lines = [f"{f.filename}:{f.lineno}" for f in frames if any(Path(f.filename).is_relative_to(folder) for folder in folders)]
    return lines[-1] if lines else ""


def broken(where: object, got: str) -> UsageError:
    """The error for a plugin's file that cannot be used."""
    return UsageError(
        "F-PLUGIN-BROKEN",
        _("a file of a plugin does not work"),
        where=str(where),
        got=got,
        fix=_("mend the file, or do without the plugin ({variable}, or the package that brings it)").format(variable=VARIABLE),
    )


def taken(name: str, first: Path, second: Path) -> UsageError:
    """The error for two files that bring one name."""
    return UsageError(
        "F-PLUGIN-NAME",
        _("two files bring the name {name}").format(name=name),
        where=str(second),
        expected=_("a name that no other file has"),
        got=_("{name} is in {file} already").format(name=name, file=first),
        fix=_("give it another name"),
    )


# -- where plugins are ---------------------------------------------------------------------------------------------------
def named() -> bool:
    """Whether the environment names plugins. Installed ones are only seen when a room is listed, which costs milliseconds."""
    return bool(os.environ.get(VARIABLE))


def state() -> tuple[str, tuple[str, ...]]:
    """What decides which plugins there are: whoever remembers what a room holds remembers it for this state."""
    return os.environ.get(VARIABLE, ""), tuple(sys.path)


def plugins() -> tuple[Path, ...]:
    """The folders that are laid out as the package is."""
    return _plugins(*state())


@cache
def _plugins(told: str, _path: tuple[str, ...]) -> tuple[Path, ...]:
    found = dict.fromkeys(Path(folder).resolve() for folder in told.split(os.pathsep) if folder)
    for folder in found:
        if not folder.is_dir():
            raise UsageError(
                "F-PLUGIN-FOLDER",
                _("{variable} names a folder that is not there").format(variable=VARIABLE),
                where=str(folder),
                expected=_("folders, set apart by {separator}").format(separator=os.pathsep),
                got=told,
            )
    packages = (entry.spec().submodule_search_locations or () for entry in _entries() if entry.group == GROUP)
    return tuple(dict.fromkeys((*found, *(Path(place).resolve() for places in packages for place in places))))


def _entries() -> tuple[_Entry, ...]:
    """The entry points of installed packages whose group is one of ours."""
    return _installed(tuple(sys.path))


@cache
def _installed(places: tuple[str, ...]) -> tuple[_Entry, ...]:
    # importlib.metadata reads the same files, yet takes a tenth of a second, most of it for its own import
    found: dict[tuple[str, str, str], _Entry] = {}
    for place in places:
        for info in _infos(place):
            where = os.path.join(info, "entry_points.txt")  # noqa: PTH118 - a Path for each package costs more than its file
            try:
                with open(where, encoding="utf-8") as file:  # noqa: PTH123
                    text = file.read()
            except (OSError, UnicodeDecodeError):
                continue
            for entry in _said(text, where) if "[fukami." in text else ():
                found.setdefault(entry[:3], entry)  # a package that is on the path twice is one
    return tuple(found.values())


def _infos(place: str) -> list[str]:
    """The folders in which installed packages tell of themselves."""
    try:
        with os.scandir(place or ".") as inside:
            return sorted(entry.path for entry in inside if entry.name.endswith((".dist-info", ".egg-info")))
    except OSError:
        return []


def _said(text: str, where: str) -> Iterator[_Entry]:
    """The entry points of one `entry_points.txt` whose group is one of ours.

    Source: the entry points specification of the Python Packaging Authority.

    >>> [entry[:3] for entry in _said("[console_scripts]\\nx = y:z\\n[fukami.metrics]\\nfar = mine.far", "")]
    [('fukami.metrics', 'far', 'mine.far')]
    """
    group = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            group = line.strip("[]").strip()
        elif "=" in line and not line.startswith(("#", ";")) and group.startswith("fukami."):
            name, _equals, value = line.partition("=")
            yield _Entry(group, name.strip(), value.partition(":")[0].partition("[")[0].strip(), where)


def spec_of(module: str) -> ModuleSpec | None:
    """Where a module of this package lies that the package itself does not hold: in a plugin."""
    *above, _last = module.split(".")[1:]
    return PathFinder.find_spec(module, [str(folder.joinpath(*above)) for folder in plugins()])
