"""A .zip or .tar archive: unpacked once into the cache, then read as the folder it holds.

Nothing in an archive is trusted: names that lead out of the folder are refused, links and devices are passed over, and what it
unfolds to is bounded.
"""

import hashlib
import lzma
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.cache import cache_folder, made_at_once
from fukami.data.files import content, is_junk, suffix, uncompressed
from fukami.data.readers.spreadsheet import EXTENSIONS as SPREADSHEETS

TOLD = N_("an archive")
MOST_BYTES = 64 << 30
MOST_RATIO = 1000
"""Above a gigabyte, an archive may not unfold to more than this many times its size: nothing real compresses so well."""
_BROKEN = (
    zipfile.BadZipFile,
    tarfile.TarError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    OSError,
    RuntimeError,
    NotImplementedError,
)


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    return (
        0.95
        if source.is_file() and suffix(source) not in (".npz", *SPREADSHEETS) and content(source) in ("zip", "tar")
        else 0.0
    )


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The table of what the archive holds."""
    from fukami.data.readers import read_any

    folder = unpacked(source)
    inside = [p for p in folder.iterdir() if not is_junk(p.name)]
    while len(inside) == 1 and inside[0].is_dir():
        folder = inside[0]
        inside = [p for p in folder.iterdir() if not is_junk(p.name)]
    chosen = inside[0] if len(inside) == 1 else folder
    auto = replace(choices, layout="auto") if choices.layout == "archive" else choices
    return replace(read_any(chosen, auto, kinds=kinds), name=str(source))


def unpacked(source: Path) -> Path:
    """The folder in the cache that holds what `source` holds, made on first use. A changed archive makes another one."""
    told = source.stat()
    key = hashlib.blake2b(f"{source.resolve()}\n{told.st_size}\n{told.st_mtime_ns}".encode(), digest_size=12).hexdigest()
    folder = cache_folder() / "unpacked" / key
    if folder.is_dir():
        return folder
    with made_at_once(folder) as temporary:
        written = 0
        try:
            for name, size, stream in _members(source):
                target = temporary / _safe(name, source)
                written += size
                _require_room(written, source, temporary)
                target.parent.mkdir(parents=True, exist_ok=True)
                with stream, target.open("wb") as out:
                    _copy(stream, out, size)
        except _BROKEN as error:
            raise _damaged(source, error) from None
    return folder


def _members(source: Path) -> Iterator[tuple[str, int, BinaryIO]]:
    """(name, bytes, open stream) of each regular file."""
    if content(source) == "zip":
        with zipfile.ZipFile(source) as archive:
            for info in archive.infolist():
                if info.flag_bits & 1:
                    raise DataError(
                        "F-ARCHIVE-LOCKED", _("the archive needs a password"), where=str(source), fix=_("unpack it first")
                    )
                link = (info.external_attr >> 16) & 0o170000 == 0o120000
                if not info.is_dir() and not link and not _is_junk(info.filename):
                    yield _zip_name(info), info.file_size, archive.open(info)  # type: ignore[misc]
        return
    with uncompressed(source) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for info in archive:
            opened = archive.extractfile(info) if info.isreg() and not _is_junk(info.name) else None
            if opened is not None:
                yield info.name, info.size, opened  # type: ignore[misc]


def _is_junk(name: str) -> bool:
    return any(is_junk(part) for part in PurePosixPath(name.replace("\\", "/")).parts if part not in (".", ".."))


def _zip_name(info: zipfile.ZipInfo) -> str:
    """The name as its maker wrote it: zip files from Japanese Windows hold cp932 without saying so."""
    if info.flag_bits & 0x800 or info.filename.isascii():
        return info.filename
    raw = info.filename.encode("cp437")
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _safe(name: str, source: Path) -> Path:
    """A relative path that stays inside. Raises `DataError` for one that does not."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
        raise DataError(
            "F-ARCHIVE-PATH",
            _("the archive wants to write outside its own folder, so it was not unpacked"),
            where=str(source),
            got=name,
            fix=_("get it from a source you trust, or make it again"),
        )
    return Path(*path.parts)


def _copy(stream: BinaryIO, out: BinaryIO, size: int) -> None:
    """Copies no more than the archive declared."""
    left = size
    while block := stream.read(min(1 << 20, left + 1)):
        left -= len(block)
        if left < 0:
            raise zipfile.BadZipFile("a member is larger than declared")
        out.write(block)


def _require_room(written: int, source: Path, folder: Path) -> None:
    small = source.stat().st_size
    too_much = written > MOST_BYTES or (written > 1 << 30 and written > MOST_RATIO * small)
    if too_much or written > shutil.disk_usage(folder).free + written // 2:
        raise DataError(
            "F-ARCHIVE-LARGE",
            _("the archive unfolds to more than can be taken"),
            where=str(source),
            expected=_("at most {size}").format(size=f"{MOST_BYTES >> 30} GiB"),
            got=_("more than {size}").format(size=f"{written / 2**30:.1f} GiB"),
            fix=_("unpack it yourself and name the folder"),
        )


def _damaged(source: Path, error: Exception) -> DataError:
    return DataError(
        "F-ARCHIVE-DAMAGED",
        _("the archive is damaged or incomplete"),
        where=str(source),
        got=str(error).splitlines()[0] if str(error) else type(error).__name__,
        fix=_("copy or download it again"),
    )
