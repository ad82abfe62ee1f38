"""A folder of explanations: a picture and a fragment of HTML for each input, JSON of all, and a page that sums them up."""

import json
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fukami.core import artefact, language, rights
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.explain.explanation import Explanation
from fukami.explain.page import page

JSON, PAGE = "explanations.json", "explanations.html"


def require_place(out: Path) -> None:
    """Raises `UsageError` where a folder cannot be written at `out`, before anything is computed for it."""
    with artefact.placing(out):
        refuse_existing(out)
    with artefact.scratch(out):
        pass


def refuse_existing(out: Path) -> None:
    """Raises `UsageError` where something stands at `out` that is not an empty folder: nobody's files are overwritten."""
    here = out.is_dir() and out.samefile(Path())  # it would be taken from under the caller's feet
    if here or out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise UsageError(
            "F-EXPLAIN-OUT",
            _("there is something at that place already"),
            where=str(out),
            expected=_("a new folder"),
            fix=_("choose another --out, or delete it"),
        )


def write(out: Path, run: dict[str, Any], told: dict[str, Any], explanations: Sequence[Explanation]) -> list[Path]:
    """Writes everything beside its place, and puts it there in one step; the paths of the files.

    Where no font has the letters of an input there is no picture of it, and a note in `told`.
    """
    with artefact.placing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=".new", dir=out.parent))
    try:
        for number, one in enumerate(explanations, 1):
            stem = f"{number:03d}-{stem_of(one.input)}"
            one.save(draft / f"{stem}.html")
            try:
                one.save(draft / f"{stem}.png")
            except UsageError as error:  # a page without a picture is better than none
                if error.code != "F-EXPLAIN-FONT":
                    raise
                told["notes"].append(_("{file} is left out: {reason}").format(file=f"{stem}.png", reason=error.what))
        plain = language.told(language.stored(told))
        text = json.dumps(plain, ensure_ascii=False, indent=1, default=str)
        (draft / JSON).write_text(text + "\n", "utf-8", errors="replace")
        (draft / PAGE).write_text(page(run, told, explanations), "utf-8", errors="replace")
        rights.give_usual(draft)
        refuse_existing(out)  # another may have written there meanwhile
        if out.exists():
            out.rmdir()
        draft.rename(out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return sorted(out.iterdir())


def stem_of(value: Any) -> str:
    """A short name for files, from what an input is called.

    >>> stem_of("photos/cat 1.jpg"), stem_of({"age": 3}), stem_of("朝食がおいしい")
    ('cat-1', 'input', '朝食がおいしい')
    """
    if not isinstance(value, str):
        return "input"
    name = Path(value.splitlines()[0] if value.strip() else "").name
    name = re.sub(r"\.(jpe?g|png|txt|bmp|gif|webp)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[^\w]+", "-", name).strip("-")[:24] or "input"
