"""Boxes in the layout of Pascal VOC: an XML file for each picture, as labelImg and CVAT write it as well.

Pictures lie anywhere below the same folder (`JPEGImages`, `images`, beside the XML) and are found by `filename`, or by the name
of the XML file. Parts are lists (`ImageSets/Main/train.txt`) or folders. Corners are taken as they are written; what is
`difficult` is not judged.
"""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.parts import PART_OF
from fukami.data.readers._annotated import Annotated, Notes, Pictures, files_below, part_of, table

TOLD = N_("boxes in XML files, as Pascal VOC has them")
FOR = ("boxes",)
EXPECTED = "Annotations/NAME.xml + JPEGImages/NAME.jpg"
LISTS = ("ImageSets/Main", "ImageSets", "splits", "")
_QUICK = 4000


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Sure where an XML file below the folder is an annotation."""
    if not set(FOR) & set(kinds) or not source.is_dir():
        return 0.0
    first = files_below(source, (".xml",), _QUICK)[:5]
    return 0.95 if any("<annotation" in path.read_text("utf-8", "replace")[:2000] for path in first) else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """A row for each picture that has an XML file. Raises `DataError` where there is none."""
    pictures, notes, rows = Pictures(source), Notes(), {}
    listed = _lists(source)
    for path in files_below(source, (".xml",)):
        told = _parsed(path, notes)
        if told is None:
            continue
        name = told.findtext("filename") or path.stem
        picture = pictures.of(name, path.parent) or pictures.of(path.stem, path.parent)
        if picture is None:
            notes.add("F-BOXES-PICTURE", str(path), name)
        elif picture in rows:
            notes.add("F-BOXES-SEVERAL", str(path), str(picture))
        else:
            part = listed.get(path.stem, "" if listed else part_of(path, source) or part_of(picture, source))
            rows[picture] = Annotated(picture, _cell(told), str(path), part)
    for picture in pictures.paths if rows else ():
        if picture not in rows:
            notes.add("F-BOXES-BARE", str(picture))
    problems = notes.problems(
        {
            "F-BOXES-XML": (_("annotations that cannot be read are left out: {n}"), "XML", _("mend the file, or remove it")),
            "F-BOXES-PICTURE": (_("annotations without a picture are left out: {n}"), EXPECTED, _("correct their names")),
            "F-BOXES-SEVERAL": (
                _("of several annotations of one picture the first is taken; others: {n}"),
                _("one annotation for each picture"),
                _("remove the other"),
            ),
            "F-BOXES-BARE": (
                _("pictures without an annotation are left out: {n}"),
                EXPECTED,
                _("an annotation without objects says that there is nothing in a picture"),
            ),
        }
    )
    return table(source, rows.values(), problems, "voc", EXPECTED)


def _parsed(path: Path, notes: Notes) -> ElementTree.Element | None:
    try:
        data = path.read_bytes()
        if b"<!ENTITY" in data:
            raise ElementTree.ParseError("<!ENTITY")
        told = ElementTree.fromstring(data)
    except (OSError, ElementTree.ParseError, ValueError, LookupError) as error:
        line = getattr(error, "position", (0, 0))[0]
        notes.add("F-BOXES-XML", f"{path}:{line}" if line else str(path), str(error)[:80])
        return None
    return told if told.tag == "annotation" else None


def _cell(told: ElementTree.Element) -> dict[str, Any]:
    boxes = []
    for one in told.findall("object"):
        frame = one.find("bndbox")
        corners = {name: _number(None if frame is None else frame.findtext(name)) for name in ("xmin", "ymin", "xmax", "ymax")}
        box = {"label": (one.findtext("name") or "").strip(), **corners}
        boxes.append(box | ({"ignored": "difficult"} if (one.findtext("difficult") or "").strip() == "1" else {}))
    size = [_number(told.findtext(f"size/{side}")) for side in ("width", "height")]
    return {"boxes": boxes, **({"size": size} if all(size) else {})}


def _number(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None


def _lists(source: Path) -> dict[str, str]:
    """Name of an annotation → part, from the first folder that has lists of them."""
    for place in LISTS:
        parts: dict[str, str] = {}
        for word, part in PART_OF.items():
            path = source / place / f"{word}.txt"
            if path.is_file():
                lines = path.read_text("utf-8", "replace").splitlines()
                parts |= {Path(line.split()[0]).stem: part for line in lines if line.split()}
        if parts:
            return parts
    return {}
