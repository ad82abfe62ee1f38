"""Public data by name: looked for in `FUKAMI_DATA`, then in the cache, else downloaded once from its public address.

One file per dataset in `datasets/`: a card that is read without importing it, and `table(files)`.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core.cards import DatasetCard, cards, load
from fukami.core.errors import UsageError
from fukami.core.language import N_, _

if TYPE_CHECKING:
    from fukami.core.tables import Table

LAYOUT = "catalogue"
TOLD = N_("a public dataset")
"""`--set layout=catalogue` takes a name for a public dataset where a folder is called the same."""
_ROOM = "data/datasets"
HUB = "hub:"


def datasets() -> dict[str, DatasetCard]:
    """Every public name with its card. Imports nothing heavy.

    >>> datasets()["digits"].examples
    1797
    """
    return cards(_ROOM)


def named(name: str) -> DatasetCard | None:
    """The card by whose name, or by one of whose library's names, data is called; None where there is none.

    >>> named("digits").name, named("CartPole-v1").name, named("no such data")
    ('digits', 'gymnasium', None)
    """
    return datasets().get(name) or next((card for card in datasets().values() if re.fullmatch(card.names, name)), None)


def find(source: str | Path, *, layout: str = "auto") -> Path | Table:
    """What a typed source stands for: a path that may be read, or the table of a public name. Raises what `located` does."""
    place = located(source, layout=layout)
    if isinstance(place, Path):
        return place
    if place.startswith(HUB):
        from fukami.data import hub

        return hub.fetched(place.removeprefix(HUB))
    return load_dataset(place)


def located(source: str | Path, *, layout: str = "auto") -> Path | str:
    """The path or the public name that a typed source stands for; nothing is read, and nothing heavy imported.

    >>> located("digits")
    'digits'

    Raises:
        UsageError: it is both the name of a dataset and of something here, or empty. DataError: nothing is there.
    """
    text = str(source)
    if text.startswith(HUB):
        return text
    here = Path(text)
    if isinstance(source, str) and text and (card := named(text)) and _is_meant(card, text, here):
        if here.exists() and layout == "auto" and card.names and text != card.name:
            return here  # libraries have many names, and this is what lies here
        if here.exists() and layout == "auto":
            raise UsageError(
                "F-DATA-AMBIGUOUS",
                _("{name} is a public dataset, and something here has the same name").format(name=text),
                where=str(here.resolve()),
                fix=_("type ./{name} for what is here, or --set layout={layout} for the public one").format(
                    name=text, layout=LAYOUT
                ),
            )
        if layout in ("auto", LAYOUT):
            return text
    if not text.strip():
        raise UsageError(
            "F-DATA-NAME", _("no data was named"), expected=_("a folder, a file or a public name"), fix="fukami datasets"
        )
    from fukami.data import files

    return files.located(Path(text).expanduser(), known=tuple(datasets()))


def _is_meant(card: DatasetCard, name: str, here: Path) -> bool:
    """Whether data called `name` is that of `card`: one of a library's many names may as well be a path that is mistyped."""
    return name == card.name or here.exists() or load(_ROOM, card.name).knows(name)


def load_dataset(name: str) -> Table:
    """The table of a public dataset."""
    from dataclasses import replace

    card = named(name)
    assert card is not None
    table = load(_ROOM, card.name).table(files_of(card), *([name] if card.names else []))
    return replace(table, name=name, layout=LAYOUT)


def files_of(card: DatasetCard) -> dict[str, Path]:
    """File name → where it lies now, for every file of a dataset. Downloads what is nowhere."""
    if not card.files:
        return {}
    if here := _given(card):
        return here
    from fukami.data.download import fetch

    return {name: fetch(card.name, name, told) for name, told in card.files.items()}


def is_at_hand(name: str) -> bool:
    """Whether every file of a dataset lies here already, so that reading it downloads nothing.

    >>> is_at_hand("digits")
    True
    """
    from fukami.data.download import kept

    card = named(name)
    assert card is not None
    return bool(_given(card)) or all(kept(name, file).is_file() for file in card.files)


def _given(card: DatasetCard) -> dict[str, Path]:
    """The files of a dataset in `FUKAMI_DATA`, under any of the names that they go by; none where one is missing."""
    for folder in _folders(card):
        for names in ({name: name for name in card.files}, *card.copies):
            found = {name: _there(folder, place) for name, place in names.items()}
            if all(found.values()):
                return {name: path for name, path in found.items() if path}
    return {}


def _folders(card: DatasetCard) -> list[Path]:
    named = os.environ.get("FUKAMI_DATA", "")
    return [Path(named).expanduser() / card.name, Path(named).expanduser()] if named else []


def _there(folder: Path, place: str) -> Path | None:
    """The file, compressed or not."""
    for name in (place, f"{place}.gz", place.removesuffix(".gz")):
        if (folder / name).is_file():
            return folder / name
    return None


def as_json(card: DatasetCard) -> dict[str, Any]:
    """What `fukami datasets --json` tells of one."""
    return {
        "name": card.name,
        "task": card.task,
        "examples": card.examples,
        "licence": card.licence,
        "home": card.home,
        "summary": _(card.summary),
    }


def require_source(data: Any, settings: dict[str, Any] | None = None) -> None:
    """Raises `DataError` or `UsageError` where `data` is a path or a name of nothing; asked before torch is loaded."""
    if isinstance(data, (str, Path)):
        given = settings or {}
        located(data, layout=str(given.get("layout", given.get("data.layout", "auto"))))
