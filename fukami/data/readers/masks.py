"""Pictures and their masks in folders side by side, in one folder, or in the layouts of CamVid, Pascal VOC and Cityscapes.

A file is a mask where a folder above it says so (`masks`, `labels`, `annotations`, `trainannot`, `SegmentationClass`), or the
end of its name (`_mask`, `_L`, `_P`, `_labelIds`). It belongs to the picture whose name and folders are the same but for these
words. Parts are folders (`train`, `val_masks`) or lists beside (`valid.txt`, `ImageSets/Segmentation/train.txt`).
"""

import os
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field
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
from fukami.data.parts import PART_OF
from fukami.fields.mask import names

TOLD = N_("pictures and their masks in folders side by side")
FOR = ("mask",)
PICTURES = ("images", "image", "imgs", "img", "pictures", "photos", "jpegimages", "leftimg8bit", "input", "inputs", "画像")
MASKS = (
    "segmentationclass", "segmentationclassaug", "masks", "mask", "labels", "label", "annotations", "annotation", "annots",
    "annot", "gtfine", "gt", "groundtruth", "ground_truth", "segmentation", "segmentations", "seg", "target", "targets",
    "マスク",
)  # fmt: skip
OTHERS = ("segmentationobject", "instances", "depth")
"""Folders whose pictures are neither."""
ENDS = (
    "_gtfine_labeltrainids", "_gtfine_labelids", "_segmentation", "_labels", "_masks", "_label", "_mask", "_seg", "_gt", "_l",
    "_p", "-mask", ".mask",
)  # fmt: skip
PICTURE_ENDS = ("_leftimg8bit", "_sat", "_image", "_img")
OTHER_ENDS = ("_color", "_instanceids", "_gtfine_polygons")
_PART = re.compile(rf"^({'|'.join(sorted(PART_OF, key=len, reverse=True))})[-_ ]?(.+)$")
_BEHIND = re.compile(rf"^(.+?)[-_ ]?({'|'.join(sorted([*PART_OF, 'tr', 'ts'], key=len, reverse=True))})$")
_LISTS = ("", "ImageSets/Segmentation", "ImageSets", "splits")
_QUICK = 4000
"""Files that are looked at to recognise the layout."""


@dataclass
class _Found:
    """Files below `root`: pictures and masks by what they have in common, `(folders, name)`."""

    root: Path
    pictures: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))
    masks: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))

    def pairs(self) -> list[tuple[str, str, str]]:
        """`(picture, mask, part)` of every picture that has a mask, by name."""
        found = []
        for key, paths in self.pictures.items():
            masks = self.masks.get(key) or []
            found += [(path, masks[0], _part_of(key[0])) for path in paths if masks]
        return sorted(found)


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where pictures and masks of the same names are found."""
    if not set(FOR) & set(kinds) or not source.is_dir():
        return 0.0
    found = _walked(source, most=_QUICK)
    return 0.95 if found.pairs() else 0.4 if found.masks else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `image` and `mask` of paths. Raises `DataError` where no picture has a mask."""
    found = _walked(source)
    pairs = found.pairs()
    if not pairs:
        raise DataError(
            "F-MASK-PAIRS",
            _("no picture here has a mask of the same name"),
            where=str(source),
            expected="images/NAME.jpg + masks/NAME.png, train/ + trainannot/, NAME.jpg + NAME_mask.png",
            got=_("{pictures} pictures, {masks} masks").format(
                pictures=sum(map(len, found.pictures.values())), masks=sum(map(len, found.masks.values()))
            ),
            fix=_("give masks the names of their pictures, or name both in a table"),
        )
    parts = _listed(source, pairs)
    if parts is None:
        parts = np.array([part for _picture, _mask, part in pairs], dtype=object)
    files = np.array([str(source / picture) for picture, _mask, _part in pairs], dtype=object)
    masks = np.array([str(source / mask) for _picture, mask, _part in pairs], dtype=object)
    folders = dict.fromkeys(folder for path in masks[:1] for folder in Path(path).parents[:3])
    told = {"classes": [asdict(one) for one in names.beside([source, *folders])]}
    columns = {
        "image": Column("image", pa.array([p for p, _m, _part in pairs]), base=source, files=files),
        "mask": Column("mask", pa.array([m for _p, m, _part in pairs]), base=source, files=masks, told=told),
    }
    hints = {"image": "image", "mask": "mask"}
    return Table(str(source), columns, parts.astype("<U5"), tuple(_problems(found, choices)), hints, "masks")


def _walked(source: Path, most: int = 0) -> _Found:
    """Every picture and mask below `source`; of the first `most` files alone where that is not 0."""
    extensions = cards("fields")["image"].extensions
    found, seen = _Found(source), 0
    for folder, inner, files in os.walk(source):
        inner[:] = sorted(name for name in inner if not is_junk(name))
        relative = os.path.relpath(folder, source)
        folders = [] if relative == "." else relative.replace(os.sep, "/").split("/")
        if any(name.lower() in OTHERS for name in folders):
            continue
        for name in sorted(files):
            stem, dot, ending = name.rpartition(".")
            if is_junk(name) or f"{dot}{ending.lower()}" not in extensions:
                continue
            _filed(found, folders, stem, name)
            seen += 1
            if most and seen >= most:
                return found
    return found


def _filed(found: _Found, folders: list[str], stem: str, name: str) -> None:
    is_mask, kept = False, []
    for folder in folders:
        plain, role = _meaning(folder)
        is_mask |= role == "mask"
        kept += [plain] if plain else []
    low = stem.lower()
    if low.endswith(OTHER_ENDS):
        return
    end = next((end for end in ENDS if low.endswith(end) and len(low) > len(end)), "")
    cut = end or next((end for end in PICTURE_ENDS if low.endswith(end) and len(low) > len(end)), "")
    if end and not is_mask and not _has_picture(found, folders, stem[: -len(end)]):
        is_mask = low.endswith(("mask", "masks", "label", "labels", "labelids", "labeltrainids", "_seg", "_gt", "segmentation"))
        cut = end if is_mask else ""
    elif end:
        is_mask = True
    path = "/".join([*folders, name])
    key = tuple(kept), (stem[: -len(cut)] if cut else stem).lower()
    (found.masks if is_mask else found.pictures)[key].append(path)


def _has_picture(found: _Found, folders: list[str], stem: str) -> bool:
    """Whether a picture of that name was met in the same folder: `a.jpg` before `a_L.png`."""
    key = tuple(plain for plain, _role in map(_meaning, folders) if plain), stem.lower()
    return key in found.pictures


def _meaning(folder: str) -> tuple[str, str]:
    """What a folder's name says besides `picture` or `mask`: a part, or the name itself; and which of the two.

    >>> _meaning("trainannot"), _meaning("val_images"), _meaning("imagesTr"), _meaning("labels"), _meaning("berlin")
    (('train', 'mask'), ('valid', 'picture'), ('train', 'picture'), ('', 'mask'), ('berlin', ''))
    """
    low = folder.lower()
    role = "picture" if low in PICTURES else "mask" if low in MASKS else ""
    if role:
        return "", role
    if low in PART_OF:
        return PART_OF[low], ""
    for pattern, part, word in ((_PART, 1, 2), (_BEHIND, 2, 1)):
        match = pattern.match(low)
        if match and match[word] in (*PICTURES, *MASKS):
            named = {"tr": "train", "ts": "test"}.get(match[part]) or PART_OF[match[part]]
            return named, "picture" if match[word] in PICTURES else "mask"
    return low, ""


def _part_of(folders: tuple[str, ...]) -> str:
    return next((name for name in folders if name in ("train", "valid", "test")), "")


def _listed(source: Path, pairs: list[tuple[str, str, str]]) -> np.ndarray | None:
    """Parts from lists of names, where such lists lie beside and folders name no part."""
    if any(part for _picture, _mask, part in pairs):
        return None
    stems = {Path(picture).stem: row for row, (picture, _mask, _part) in enumerate(pairs)}
    for place in _LISTS:
        parts = np.full(len(pairs), "", dtype=object)
        for word, part in PART_OF.items():
            path = source / place / f"{word}.txt"
            if path.is_file():
                lines = path.read_text("utf-8", "replace").split()
                parts[[stems[stem] for line in lines if (stem := Path(line).stem) in stems]] = part
        if (parts != "").any():
            if not (parts == "train").any():  # a list of the others alone
                parts[parts == ""] = "train"
            return parts
    return None


def _problems(found: _Found, choices: DataChoices) -> list[Problem]:
    """Pictures without a mask, masks without a picture, several masks of one picture."""
    bare = [path for key, paths in found.pictures.items() if not found.masks.get(key) for path in paths]
    alone = [path for key, paths in found.masks.items() if key not in found.pictures for path in paths]
    several = [paths[1] for key, paths in found.masks.items() if len(paths) > 1 and key in found.pictures]
    told = (
        (
            "F-MASK-MISSING",
            bare,
            _n("{n} picture has no mask and is left out", "{n} pictures have no mask and are left out", len(bare)),
        ),
        (
            "F-MASK-ALONE",
            alone,
            _n("{n} mask has no picture and is left out", "{n} masks have no picture and are left out", len(alone)),
        ),
        (
            "F-MASK-SEVERAL",
            several,
            _n(
                "{n} picture has several masks, of which the first is taken",
                "{n} pictures have several masks, of which the first is taken",
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
            expected=_("one mask for each picture, of the same name"),
            fix=_("add what is missing, or correct the names"),
            count=len(paths),
        )
        for code, paths, what in told
        if paths
    ]
