"""What a pickled learner of fastai refers to by name."""

from pathlib import Path


def parent_name(path: Path) -> str:
    """The name of the folder of a picture: its class."""
    return path.parent.name
