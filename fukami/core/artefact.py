"""The run folder: complete or not there, checked against its manifest when it is opened, never executed.

A folder is written beside its place under a temporary name, its files are hashed into `manifest.json`, and it is renamed into
place. A change to a finished run goes the same way: a copy of hard links, the change, a new manifest, an exchange of names; one
process changes it at a time, and until then nothing of the old one is touched.
"""

import contextlib
import errno
import glob
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from fukami.core import language
from fukami.core.errors import RunError, UsageError
from fukami.core.exchange import alone, exchange, watched
from fukami.core.language import _
from fukami.core.stopping import half_written
from fukami.core.unfinished import no_run

SCHEMA = 2
MANIFEST = "manifest.json"


def _temperature_of_target(told: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 had the temperature beside the fields; it is what the target, the last of them, has learned."""
    *_inputs, target = told["fields"].values()
    temperature = told.pop("temperature", 1.0)
    if "classes" in target["state"]:
        target["state"]["temperature"] = temperature
    return told


_MIGRATIONS: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {1: _temperature_of_target}
"""Schema version → the function that turns such a `run.json` into the next version."""


def digest(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_json(path: Path, value: Any) -> None:
    """Writes JSON for people and programs: UTF-8, indented, keys in the order given. NaN is refused; pass None instead.

    Sentences are kept so that they can be told in either language; see `language.stored`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(language.stored(value), ensure_ascii=False, indent=1, allow_nan=False) + "\n", "utf-8")


def read_json(path: Path) -> Any:
    """What `write_json` wrote, its sentences in the user's language."""
    try:
        return language.told(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        raise RunError("F-RUN-FILE", _("a file of the run cannot be read"), where=str(path), got=str(error)) from None


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and p != folder / MANIFEST)


def seal(folder: Path) -> None:
    """Writes `manifest.json`: the SHA-256 of every other file of `folder`."""
    write_json(folder / MANIFEST, {"files": {p.relative_to(folder).as_posix(): digest(p) for p in _files(folder)}})


def _sync(folder: Path) -> None:
    """Asks the disk to keep what was written, before names are exchanged."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        with contextlib.suppress(OSError):  # some file systems refuse to sync folders; the rename is still atomic
            os.fsync(handle)
        os.close(handle)


@contextlib.contextmanager
def creating(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Gives an empty folder to fill; when the block ends well it becomes `target`, sealed, in one step.

    Raises `UsageError` where `target` is there already, or has appeared meanwhile, unless `replace`; F-RUN-PLACE where no
    folder can be made there.
    """
    if not replace:
        refuse_existing(target)
    _sweep(target)
    made = [folder for folder in target.parents if not folder.exists()]
    draft = target.parent / f".{target.name}.{os.getpid()}.new"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        with half_written(draft):
            with placing(target):
                draft.mkdir(parents=True)
            yield draft
            seal(draft)
            _sync(draft)
            (exchange if replace else _place)(draft, target)
    finally:
        with contextlib.suppress(OSError):  # not empty: something was written
            for folder in made:
                folder.rmdir()


@contextlib.contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """Gives an empty folder for what is made on the way to `target`; it is gone when the block ends, however it does.

    It lies beside `target`, or above where that folder is not there yet: nothing is made that would be left behind. Raises
    `UsageError` F-RUN-PLACE where no folder can be made there.
    """
    above = next(folder for folder in target.absolute().parents if folder.exists())
    _sweep(above / target.name, "scratch")
    place = above / f".{target.name}.{os.getpid()}.scratch"
    shutil.rmtree(place, ignore_errors=True)
    with half_written(place):
        with placing(target):
            place.mkdir()
        yield place


@contextlib.contextmanager
def placing(target: Path) -> Iterator[None]:
    """Turns what a system says of a name at which no folder can be into `UsageError` F-RUN-PLACE about `target`.

    What it says of rights is told of the folder that refuses, not of a name that nobody gave; what of space is left as it is.
    """
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            refusing = Path(error.filename or target).absolute().parent
            raise OSError(error.errno, error.strerror, str(refusing)) from None
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG):
            raise
        raise UsageError(
            "F-RUN-PLACE",
            _("no folder can be made at that place"),
            where=str(target),
            got=error.strerror or str(error),
            fix=_("choose another --out"),
        ) from None


def _sweep(target: Path, kind: str = "new") -> None:
    """Deletes the drafts of `target` that processes left which were killed while they wrote."""
    for draft in target.parent.glob(f".{glob.escape(target.name)}.*.{kind}"):
        number = draft.name.split(".")[-2]
        if number.isdecimal() and not _lives(int(number)):
            shutil.rmtree(draft, ignore_errors=True)


def _lives(process: int) -> bool:
    """Whether there is a process of that number; where it cannot be known, there is."""
    if os.name != "posix":  # elsewhere signal 0 would end it
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:  # of another user
        return True
    return True


def refuse_existing(target: Path) -> None:
    """Raises `UsageError` where something stands at `target`: nobody's run is overwritten."""
    with placing(target):
        there = target.exists()
    if there:
        raise UsageError(
            "F-RUN-EXISTS",
            _("there is something at that place already"),
            where=str(target),
            fix=_("choose another --out, or delete it"),
        )


def _place(draft: Path, target: Path) -> None:
    """Gives a draft its name. Raises `UsageError` where something has appeared there meanwhile, which stays as it is."""
    refuse_existing(target)
    try:
        draft.rename(target)  # takes the place of an empty folder at most
    except OSError:
        refuse_existing(target)
        raise


@contextlib.contextmanager
def changing(run: Path) -> Iterator[Path]:
    """Gives a copy of a finished run to change; when the block ends well it takes the run's place, sealed anew.

    Files are hard links to the old ones: replace a file (write_json and write_text after `unlink`), never edit it in place.
    Raises `PermissionError` where the run is protected against writing.
    """
    with alone(run):
        for folder in (run, *(path for path in run.rglob("*") if path.is_dir())):
            if not os.access(folder, os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        with creating(run, replace=True) as draft:
            copy_into(draft, run, without=(MANIFEST,), by=_link)  # it is written anew, and the old one must not change with it
            yield draft


def copy_into(
    folder: Path, source: Path, *, without: Collection[str] = (), by: Callable[[Path, Path], Any] = shutil.copyfile
) -> None:
    """Copies what `source` holds, except the names `without`, into `folder`: its content, not who may change it.

    A copy of a protected run can be written to, and deleted.
    """
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source)
        if relative.parts[0] in without:
            continue
        if path.is_dir():
            (folder / relative).mkdir(parents=True, exist_ok=True)
        else:
            by(path, folder / relative)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def replace_text(path: Path, text: str) -> None:
    """Writes a file anew, so that hard links to the old one keep the old content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text, "utf-8")


def replace_json(path: Path, value: Any) -> None:
    path.unlink(missing_ok=True)
    write_json(path, value)


def verify(run: Path) -> None:
    """Raises `RunError` where `run` is not a whole, unaltered run folder, `UsageError` where there is none."""
    recover(run)
    if not run.is_dir() or not (run / "run.json").exists():
        raise no_run(run)
    with watched(run) as is_the_same:
        try:
            require_unaltered(run)
        except (RunError, OSError):
            if is_the_same():
                raise
        else:
            return
    verify(run)  # it was exchanged for a changed one meanwhile


def require_unaltered(run: Path) -> None:
    """Raises `RunError` F-RUN-ALTERED where the files of a sealed folder are not those that its manifest names."""
    told = read_json(run / MANIFEST).get("files", {})
    present = {p.relative_to(run).as_posix(): p for p in _files(run)}
    for name in sorted({*told, *present}):
        if name not in present:
            problem = _("a file of the run is missing")
        elif name not in told:
            problem = _("the run holds a file that its manifest does not name")
        elif digest(present[name]) != told[name]:
            problem = _("a file of the run was altered after it was written")
        else:
            continue
        raise RunError("F-RUN-ALTERED", problem, where=str(run / name), fix=_("take a fresh copy of the run, or train again"))


def recover(run: Path) -> None:
    """Puts back the last whole state where a change was interrupted between its two renames."""
    old = run.parent / f".{run.name}.old"
    if old.exists() and not run.exists():
        try:
            old.rename(run)
        except OSError:
            if not run.exists():  # else whoever changed it was there before
                raise


def read_run(run: Path) -> dict[str, Any]:
    """`run.json` of a folder that is whole and as it was written, in the present schema."""
    verify(run)
    return told_of(run)


def told_of(run: Path) -> dict[str, Any]:
    """`run.json`, migrated where an older Fukami wrote it."""
    told = read_json(run / "run.json")
    version = told.get("schema")
    if not isinstance(version, int) or (version < SCHEMA and version not in _MIGRATIONS):
        raise RunError("F-RUN-SCHEMA", _("the run does not say which schema it follows"), where=str(run / "run.json"))
    if version > SCHEMA:
        raise RunError(
            "F-RUN-NEWER",
            _("the run was written by a newer Fukami"),
            where=str(run),
            expected=_("schema {number} or older").format(number=SCHEMA),
            got=str(version),
            fix="pip install -U fukami",
        )
    while version < SCHEMA:
        told = _MIGRATIONS[version](told)
        version += 1
    return {**told, "schema": SCHEMA}


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a JSON Lines file, none where there is no file."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
