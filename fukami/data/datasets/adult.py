"""Adult (census income), from people's circumstances whether they earn above 50,000 dollars: Kohavi 1996.

The test file ends its labels with a full stop, which is taken off; `?` is a missing value.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from fukami.core.cards import DatasetCard
from fukami.core.tables import Table

CARD = DatasetCard(
    name="adult",
    summary="48,842 people of a census, fourteen columns each; whether they earn above 50,000 dollars",
    task="tabular-classification",
    examples=48842,
    licence="CC BY 4.0",
    home="https://archive.ics.uci.edu/dataset/2/adult",
    files={
        "adult.data": {
            "urls": ["https://archive.ics.uci.edu/ml/machine-learning-databases/adult/adult.data"],
            "sha256": "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d",
            "bytes": 3974305,
        },
        "adult.test": {
            "urls": ["https://archive.ics.uci.edu/ml/machine-learning-databases/adult/adult.test"],
            "sha256": "a2a9044bc167a35b2361efbabec64e89d69ce82d9790d2980119aac5fd7e9c05",
            "bytes": 2003153,
        },
    },
    copies=({"adult.data": "adult.data", "adult.test": "adult.test.csv"},),
)

COLUMNS = (
    "age", "workclass", "fnlwgt", "education", "education-num", "marital-status", "occupation", "relationship", "race", "sex",
    "capital-gain", "capital-loss", "hours-per-week", "native-country", "income",
)  # fmt: skip


def table(files: dict[str, Path]) -> Table:
    import pyarrow as pa
    import pyarrow.compute

    from fukami.data.datasets._text import tables_of

    pc: Any = pyarrow.compute  # its functions are made when it is imported, so checkers cannot see them
    found = tables_of({"train": files["adult.data"], "test": files["adult.test"]}, list(COLUMNS), target="income")
    columns = {}
    for name, column in found.columns.items():
        cells = column.values
        if name == "income":
            cells = pc.utf8_rtrim(cells, characters=".")
        cells = pc.if_else(pc.equal(cells, "?"), pa.scalar(None, cells.type), cells)
        columns[name] = replace(column, values=cells)
    return replace(found, columns=columns)
