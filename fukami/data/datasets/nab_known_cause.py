"""Series of the Numenta Anomaly Benchmark whose anomalies have known causes: Lavin and Ahmad 2015 (arXiv:1510.03336).

One series by its file's name (`nab:nyc_taxi`, `nab:machine_temperature_system_failure`, …); the name of the dataset alone is
the taxis of New York. Steps within one of the benchmark's windows are anomalies. As there the first 15 % of a series are for
learning (there at most 750 steps); what lies behind is judged. The artificial series of the same archive are known as well.
"""

import json
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.cards import DatasetCard
from fukami.core.errors import DataError, nearest
from fukami.core.language import _
from fukami.core.tables import Column, Table

CARD = DatasetCard(
    name="nab-known-cause",
    summary="a series of the Numenta Anomaly Benchmark by its name (nab:nyc_taxi, …), with labelled windows",
    task="series-anomaly-detection",
    examples=10320,
    licence="MIT",
    home="https://github.com/numenta/NAB",
    names=r"nab:[A-Za-z0-9_-]+",
    files={"nab.zip": {"urls": ["https://github.com/numenta/NAB"]}},
)

PROBATION = 0.15
"""Share of a series that is learned from."""


def knows(name: str) -> bool:
    """Every name that begins so is meant as one of these."""
    return True


def table(files: dict[str, Path], name: str) -> Table:
    """Raises `DataError` where the archive has no series called so."""
    import pyarrow as pa
    from pyarrow import csv

    wanted = name.removeprefix("nab:") if name != CARD.name else "nyc_taxi"
    with zipfile.ZipFile(files["nab.zip"]) as archive:
        places = {Path(inside).stem: inside for inside in archive.namelist() if inside.endswith(".csv")}
        if wanted not in places:
            close = nearest(wanted, places)
            raise DataError(
                "F-DATA-NAME",
                _("the archive has no series of this name"),
                where=CARD.name,
                expected=", ".join(sorted(places)),
                got=wanted,
                fix=f"nab:{close[0]}" if close else "",
            )
        cells = csv.read_csv(pa.BufferReader(archive.read(places[wanted])))
        spans = json.loads(archive.read("labels/combined_windows.json")).get(places[wanted], [])
    times = np.array(cells["timestamp"].to_pylist(), "datetime64[us]")
    odd = np.zeros(len(times), bool)
    for begin, end in spans:
        odd |= (times >= np.datetime64(begin)) & (times <= np.datetime64(end))
    columns = {
        "timestamp": Column("timestamp", pa.array(times), file=name),
        "value": Column("value", cells["value"].combine_chunks(), file=name),
        "anomaly": Column("anomaly", pa.array(odd), file=name),
    }
    parts = np.where(np.arange(len(times)) < int(PROBATION * len(times)), "train", "test").astype("<U5")
    return replace(Table(name=name, columns=columns), parts=parts)
