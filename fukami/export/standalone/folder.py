"""A folder in the place of an input."""

from pathlib import Path


def files(folder, told):
    """The files of a folder, and of those in it, that can be read; hidden ones are left out."""
    known = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in told["extensions"]]
    return [str(p) for p in known if not any(mark in f"/{p.relative_to(folder).as_posix()}" for mark in ("/.", "/@eaDir/"))]
