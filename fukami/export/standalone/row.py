"""Rows of a table: cells by column, scaled numbers and codes of categories."""

import csv
import json
from pathlib import Path

import numpy as np

READ = {}  # kind of column → what reads a cell of it, as (numbers, codes)


def inputs(argument):
    """The inputs that an argument of the command line stands for: the rows of a CSV file, or one row as a JSON object."""
    if argument.lstrip().startswith("{"):
        return [json.loads(argument)]
    with Path(argument).open(encoding="utf-8-sig", newline="") as file:
        header = file.readline()
        file.seek(0)
        return list(csv.DictReader(file, delimiter=max(",;\t|", key=header.count)))


def read(values, told):
    """The graph's tensors of rows (mappings of column names to cells)."""
    numbers, gone, codes = [], [], []
    for column in told["columns"]:
        found = [READ[column["kind"]](cell(row, column["name"]), column, told) for row in values]
        for place, part in enumerate(column["numbers"]):
            raw = np.array([one[0][place] for one in found], np.float64)
            numbers.append(scaled(np.where(np.isfinite(raw), raw, np.nan), part["scale"]))
            gone += [np.isnan(numbers[-1])] if part["missing"] else []
        codes += [[one[1][place] for one in found] for place in range(column["codes"])]
    stacked = np.array(numbers + gone, np.float64).reshape(-1, len(values)).T
    categories = np.array(codes, np.int64).reshape(-1, len(values)).T
    return {told["name"] + "_numbers": np.nan_to_num(stacked).astype(np.float32), told["name"] + "_categories": categories}


def cell(row, name):
    """The cell of a column, whose name may differ in capitals and in the spaces around it."""
    row = row if name in row else {str(key).strip().lower(): value for key, value in row.items()}
    name = name if name in row else name.strip().lower()
    if name not in row:
        raise SystemExit(f"a row has no column {name!r}; its cell may be empty (null) where the value is not known")
    return row[name]


def word(value, told):
    """A cell as text, None where it is missing."""
    if value is None or value != value:
        return None
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    lowered = text.lower()
    return None if lowered in told["missing"] else lowered if lowered in ("true", "false") else text


def scaled(values, scale):
    """Numbers as the network takes them; NaN stays NaN."""
    if scale["transform"] == "quantile":
        return np.interp(values, scale["at"], scale["to"])
    values = (values - scale["centre"]) / scale["spread"]
    if scale["transform"] == "robust":
        values = np.clip(values, -1e6, 1e6)
        values = values / np.sqrt(1 + (values / 3) ** 2)
    return values
