"""Opening what a user named: is it there, may it be read, what is in it, and what is it once it is uncompressed."""

import bz2
import gzip
import io
import lzma
import os
import stat
import zlib
from pathlib import Path
from typing import BinaryIO

from fukami.core.errors import DataError, nearest
from fukami.core.language import _
from fukami.data.encodings import wide

JUNK = frozenset(("thumbs.db", "ehthumbs.db", "desktop.ini", "__macosx", "__pycache__", "icon\r", "$recycle.bin", "lost+found"))
JUNK |= {"@eadir", "#recycle", "#snapshot", "@recycle", "@__thumb"}
"""Files and folders that operating systems and network drives leave behind; nobody means them as data."""
COMPRESSIONS = (".gz", ".bz2", ".zst", ".xz")
MOST_BYTES = 8 << 30
"""A table that is larger than this once uncompressed is refused: it is read into memory."""
_PART = 1 << 22

_SIGNATURES = (
    (b"PAR1", "parquet"),
    (b"\x93NUMPY", "npy"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF8", "gif"),
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "old office document"),
    (b"ARROW1", "arrow"),
    (b"SQLite format 3", "sqlite"),
    (b"\x89HDF", "hdf5"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!", "rar"),
)
_COMPRESSED = ((b"\x1f\x8b", "gz"), (b"BZh", "bz2"), (b"\x28\xb5\x2f\xfd", "zst"), (b"\xfd7zXZ\x00", "xz"))


def is_junk(name: str) -> bool:
    """Whether a file or folder name is hidden or left behind by an operating system.

    >>> is_junk(".DS_Store"), is_junk("Thumbs.db"), is_junk("cat")
    (True, True, False)
    """
    return name.startswith(".") or name.lower() in JUNK


def located(path: Path, *, known: tuple[str, ...] = ()) -> Path:
    """`path`, if it is a file or folder that may be read. `known` are further names that may have been meant.

    Raises `DataError` for what is missing (with the nearest names), a broken link, a device or pipe, or no permission.
    """
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise _unreachable(path, error, known) from None
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise DataError(
            "F-DATA-SPECIAL",
            _("this is neither a file nor a folder"),
            where=str(path),
            expected=_("a file or a folder"),
            got=_("a pipe, a socket or a device"),
            fix=_("save the data to a file and name that"),
        )
    if not os.access(path, os.R_OK | (os.X_OK if stat.S_ISDIR(mode) else 0)):
        raise no_permission(path)
    return path


def no_permission(path: Path) -> DataError:
    """The error for a file or folder that may not be read."""
    command = f"chmod -R u+rX '{path}'"
    return DataError("F-DATA-PERMISSION", _("there is no permission to read this"), where=str(path), fix=command)


def _unreachable(path: Path, error: OSError, known: tuple[str, ...]) -> DataError:
    if isinstance(error, PermissionError):
        return no_permission(path)
    if path.is_symlink():
        target = path.readlink()
        what = _("this link points to something that is not there")
        return DataError("F-DATA-LINK", what, where=str(path), got=str(target), fix=_("mend or remove the link"))
    folder = path.parent
    try:
        beside = [entry.name for entry in os.scandir(folder) if not is_junk(entry.name)]
    except OSError:
        beside = []
    close = [str(folder / name) if str(folder) != "." else name for name in nearest(path.name, beside)]
    close = list(dict.fromkeys([*close, *nearest(str(path), known)]))
    if close:
        fix = _("did you mean {names}?").format(names=", ".join(close))
    elif path.is_absolute():  # as runs and recipes keep it
        fix = _("look at the spelling; if data that was learned from has moved, say where it lies now: DATA, or --data DATA")
    else:
        fix = _("look at the spelling; relative paths start from {folder}").format(folder=Path.cwd())
    return DataError(
        "F-DATA-MISSING",
        _("there is no such file or folder, and no public dataset of this name"),
        where=str(path),
        expected=_("a folder, a file, or a name that `fukami datasets` lists"),
        got=str(path),
        fix=fix,
    )


def suffix(path: Path) -> str:
    """The extension in lower case, looking through compression.

    >>> suffix(Path("train.CSV.gz")), suffix(Path("archive.tar.gz"))
    ('.csv', '.tar')
    """
    extensions = [s.lower() for s in path.suffixes]
    while extensions and extensions[-1] in COMPRESSIONS:
        extensions.pop()
    if path.suffix.lower() == ".tgz":
        return ".tar"
    return extensions[-1] if extensions else ""


def stem(path: Path) -> str:
    """The file name without its extension and compression.

    >>> stem(Path("data/train.csv.gz"))
    'train'
    """
    name = path.name
    while Path(name).suffix.lower() in COMPRESSIONS:
        name = name[: -len(Path(name).suffix)]
    extension = Path(name).suffix
    return name[: -len(extension)] if extension else name


def compression(head: bytes) -> str:
    """How bytes that begin with `head` are compressed: gz, bz2, zst, xz, or nothing."""
    return next((name for magic, name in _COMPRESSED if head.startswith(magic)), "")


def uncompressed(path: Path) -> BinaryIO:
    """The file, opened for reading, uncompressed if its content (not its name) says so."""
    try:
        with path.open("rb") as file:
            how = compression(file.read(8))
        if how == "gz":
            return gzip.open(path, "rb")  # type: ignore[return-value]
        if how == "bz2":
            return bz2.open(path, "rb")  # type: ignore[return-value]
        if how == "xz":
            return lzma.open(path, "rb")  # type: ignore[return-value]
        if how == "zst":
            import pyarrow as pa

            return pa.input_stream(str(path), compression="zstd")  # type: ignore[return-value]
        return path.open("rb")
    except PermissionError:
        raise no_permission(path) from None


def _whole(file: BinaryIO, most: int) -> bytes:
    """All bytes, one more than `most` at most. A file that is asked for so many at once sets that much memory aside."""
    content = io.BytesIO()
    while len(part := file.read(min(_PART, most + 1 - content.tell()))):
        content.write(part)
    return content.getvalue()


def read_bytes(path: Path, *, most: int = MOST_BYTES, only: int = 0) -> bytes:
    """The content, uncompressed. `only` reads the first bytes alone.

    Raises `DataError` for damaged compression and for more than `most` bytes (a small archive can unfold into a huge file).
    """
    try:
        with uncompressed(path) as file:
            data = file.read(only) if only else _whole(file, most)
    except (EOFError, zlib.error, lzma.LZMAError, OSError) as error:
        if isinstance(error, PermissionError):
            raise no_permission(path) from None
        raise DataError(
            "F-DATA-DAMAGED",
            _("the compressed file is damaged or incomplete"),
            where=str(path),
            got=str(error),
            fix=_("copy or download it again"),
        ) from None
    if not only and len(data) > most:
        raise DataError(
            "F-DATA-LARGE",
            _("the table is too large to be read at once"),
            where=str(path),
            expected=_("at most {size}").format(size=f"{most / 2**30:.0f} GiB"),
            fix=_("use only part of the rows or columns"),
        )
    return bytes(data)


def content(path: Path) -> str:
    """What the file holds, judged by its first bytes once uncompressed, whatever its name says.

    One of empty, parquet, npy, npz, zip, xlsx, tar, idx, png, jpeg, gif, pdf, arrow, hdf5, sqlite, pickle, binary, text, ….
    """
    with path.open("rb") as file:
        raw = file.read(8)
    if raw.startswith(b"PK"):
        return _kind_of_zip(path)
    head = read_bytes(path, only=1024)
    if not head:
        return "empty"
    for magic, name in _SIGNATURES:
        if head.startswith(magic):
            return name
    if head[257:262] == b"ustar":
        return "tar"
    if len(head) >= 8 and head[:2] == b"\0\0" and head[2] in (8, 9, 11, 12, 13, 14) and 1 <= head[3] <= 8:
        return "idx"
    if head[0] == 0x80 and len(head) > 1 and head[1] <= 5:
        return "pickle"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"  # UTF-16 or UTF-32 with its mark
    if wide(head):
        return "text"
    control = sum(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head)
    return "binary" if control > len(head) // 20 else "text"


def _kind_of_zip(path: Path) -> str:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return "zip"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    if any(name.startswith("xl/workbook.") for name in names):
        return "xlsx"
    if "[Content_Types].xml" in names:
        return "office document"
    if {"mimetype", "content.xml"} <= set(names):
        return "ods"
    if any(name.endswith("data.pkl") for name in names):
        return "pickle"
    return "zip"
