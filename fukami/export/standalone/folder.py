"""A folder in the place of an input."""

from pathlib import Path


def files(folder, told):
    """The files of a folder, and of those in it, that can be read; hidden ones are left out."""
    known = [path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in told["extensions"]]
    return [str(path) for path in known if "/." not in f"/{path.relative_to(folder).as_posix()}"]
