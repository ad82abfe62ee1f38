"""Pictures and their depth in folders side by side, or in one folder: `rgb/a.png` and `depth/a.png`, `a.jpg` and `a_depth.npy`.

A file holds depth where a folder above it says so (`depth`, `depths`, `sync_depth`, …), where its name does (`_depth`,
`depth_`), or where it is an array (.npy, .npz). It belongs to the picture whose name and folders are the same but for these
words. Parts are folders (`train`, `val`).
"""

import os
import re
from collections import defaultdict
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
from fukami.data.parts import part_named
from fukami.fields.depth.decode import ARRAYS, ELSE

TOLD = N_("pictures and their depth maps in folders side by side")
FOR = ("depth",)
PICTURES = ("images", "image", "img", "imgs", "rgb", "color", "colour", "pictures", "photos", "left", "input", "画像")
DEPTHS = (
    "depth",
    "depths",
    "depth_map",
    "depth_maps",
    "depthmaps",
    "groundtruth",
    "gt",
    "target",
    "depth_gt",
    "sync_depth",
    "深度",
)
_DEPTH_NAME = re.compile(r"^(?:sync_)?depths?[-_]?(.*)$|^(.+?)[-_.](?:depths?|depth[-_]map|depth[-_]gt|gt)$", re.IGNORECASE)
_PICTURE_NAME = re.compile(r"^(?:rgb|image|img|color|colors)[-_](.+)$|^(.+?)[-_](?:rgb|image|img|color|colors)$", re.IGNORECASE)
_QUICK = 4000

Key = tuple[tuple[str, ...], str]
Found = tuple[dict[Key, list[str]], dict[Key, list[str]]]


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where pictures and depth maps of the same names are found."""
    if not set(FOR) & set(kinds) or not source.is_dir():
        return 0.0
    pictures, depths = _walked(source, _QUICK)
    return 0.95 if set(pictures) & set(depths) else 0.4 if depths else 0.0


def _walked(source: Path, most: int = 0) -> Found:
    """Paths of pictures and of maps below `source` by what they have in common; of `most` files alone where that is not 0."""
    endings = {*cards("fields")["image"].extensions, *ARRAYS, *ELSE}
    pictures: dict[Key, list[str]] = defaultdict(list)
    depths: dict[Key, list[str]] = defaultdict(list)
    seen = 0
    for folder, inner, files in os.walk(source):
        inner[:] = sorted(name for name in inner if not is_junk(name))
        relative = os.path.relpath(folder, source)
        folders = [] if relative == "." else relative.replace(os.sep, "/").split("/")
        for name in sorted(files):
            ending = Path(name).suffix.lower()
            if is_junk(name) or ending not in endings:
                continue
            is_depth, key = _meaning(folders, Path(name).stem, ending)
            (depths if is_depth else pictures)[key].append("/".join([*folders, name]))
            seen += 1
            if most and seen >= most:
                return pictures, depths
    return pictures, depths


def _meaning(folders: list[str], stem: str, ending: str) -> tuple[bool, Key]:
    """Whether a file holds depth, and what it has in common with its picture.

    >>> _meaning(["train", "depth"], "a", ".png"), _meaning(["train"], "sync_depth_00012", ".png")
    ((True, (('train',), 'a')), (True, (('train',), '00012')))
    >>> _meaning(["train", "rgb"], "rgb_00012", ".jpg")
    (False, (('train',), '00012'))
    """
    lows = [name.lower() for name in folders]
    named = _DEPTH_NAME.match(stem)
    is_depth = (
        any(name in DEPTHS for name in lows) or ending in (*ARRAYS, *ELSE) or (named is not None and stem.lower() != "depth")
    )
    kept = tuple(part_named(name) or name for name in lows if name not in PICTURES and name not in DEPTHS)
    cut = named if is_depth else _PICTURE_NAME.match(stem)
    bare = next((part for part in cut.groups() if part), stem) if cut else stem
    return is_depth, (kept, bare.lower())


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `image` and `depth` of paths. Raises `DataError` where no picture has a depth map."""
    pictures, depths = _walked(source)
    pairs = sorted((path, depths[key][0], _part(key)) for key, paths in pictures.items() if depths.get(key) for path in paths)
    if not pairs:
        raise DataError(
            "F-DEPTH-PAIRS",
            _("no picture here has a depth map of the same name"),
            where=str(source),
            expected="rgb/NAME.jpg + depth/NAME.png, NAME.jpg + NAME_depth.npy",
            got=_("{pictures} pictures, {maps} depth maps").format(
                pictures=sum(map(len, pictures.values())), maps=sum(map(len, depths.values()))
            ),
            fix=_("give depth maps the names of their pictures, or name both in a table"),
        )
    parts = np.array([part for _picture, _depth, part in pairs], dtype="<U5")
    columns = {}
    for at, name in enumerate(("image", "depth")):
        files = np.array([str(source / pair[at]) for pair in pairs], dtype=object)
        columns[name] = Column(name, pa.array([pair[at] for pair in pairs]), base=source, files=files)
    hints = {"image": "image", "depth": "depth"}
    return Table(str(source), columns, parts, tuple(_problems(pictures, depths)), hints, "depth-maps")


def _part(key: Key) -> str:
    return next((name for name in key[0] if name in ("train", "valid", "test")), "")


def _problems(pictures: dict[Key, list[str]], depths: dict[Key, list[str]]) -> list[Problem]:
    """Pictures without a map, maps without a picture, several maps of one picture."""
    bare = [path for key, paths in pictures.items() if not depths.get(key) for path in paths]
    alone = [path for key, paths in depths.items() if key not in pictures for path in paths]
    several = [paths[1] for key, paths in depths.items() if len(paths) > 1 and key in pictures]
    told = (
        (
            "F-DEPTH-MISSING",
            bare,
            _n("{n} picture has no depth map and is left out", "{n} pictures have no depth map and are left out", len(bare)),
        ),
        (
            "F-DEPTH-ALONE",
            alone,
            _n("{n} depth map has no picture and is left out", "{n} depth maps have no picture and are left out", len(alone)),
        ),
        (
            "F-DEPTH-SEVERAL",
            several,
            _n(
                "{n} picture has several depth maps, of which the first is taken",
                "{n} pictures have several depth maps, of which the first is taken",
                len(several),
            ),
        ),
    )
    return [
        Problem(
            code=code,
            severity="warning",
            what=what,
            where=", ".join(sorted(paths)[:3]) + (", …" if len(paths) > 3 else ""),
            expected=_("one depth map for each picture, of the same name"),
            fix=_("add what is missing, or correct the names"),
            count=len(paths),
        )
        for code, paths, what in told
        if paths
    ]
