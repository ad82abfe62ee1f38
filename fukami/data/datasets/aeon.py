"""Labelled series that the package `aeon` ships (`aeon:GunPoint`, `aeon:BasicMotions`, …), with the parts that the archives of
UCR and UEA give: Dau et al. 2019, arXiv:1810.07758; Bagnall et al. 2018, arXiv:1811.00075. The package is not imported.
"""

import importlib.util
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.errors import DataError, nearest
from fukami.core.language import _
from fukami.core.tables import Table

CARD = DatasetCard(
    name="aeon",
    summary="labelled series of the UCR and UEA archives that the package aeon ships, by name (aeon:GunPoint, …)",
    task="series-classification",
    examples=200,
    licence="see the archives",
    home="https://www.timeseriesclassification.com",
    names=r"aeon:[A-Za-z0-9_-]+",
)
USUAL = "GunPoint"


def knows(name: str) -> bool:
    """Every name that begins so is meant as one of these."""
    return True


def table(files: dict[str, Path], name: str) -> Table:
    """Raises `DataError` where the package is not there, or has no series called so."""
    from fukami.core.recipe import DataChoices
    from fukami.data.joined import joined
    from fukami.data.readers import sktime_ts

    wanted = name.removeprefix("aeon:") if name != CARD.name else USUAL
    found = importlib.util.find_spec("aeon")
    if found is None or not found.submodule_search_locations:
        raise DataError(
            "F-DATA-MISSING", _("the package that ships these series is not there"), where=name, fix="pip install aeon"
        )
    home = Path(next(iter(found.submodule_search_locations))) / "datasets" / "data"
    places = {path.name.removesuffix("_TRAIN.ts"): path.parent for path in home.glob("*/*_TRAIN.ts")}
    if wanted not in places or not (places[wanted] / f"{wanted}_TEST.ts").exists():
        close = nearest(wanted, places)
        raise DataError(
            "F-DATA-NAME",
            _("the package has no series of this name"),
            where=CARD.name,
            expected=", ".join(sorted(places)),
            got=wanted,
            fix=f"aeon:{close[0]}" if close else "",
        )
    parts = ((part, places[wanted] / f"{wanted}_{part.upper()}.ts") for part in ("train", "test"))
    tables = [(part, sktime_ts.table_of(path, DataChoices())) for part, path in parts]
    return joined(tables, name=name, layout="sktime-ts")
