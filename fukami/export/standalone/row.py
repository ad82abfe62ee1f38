"""Rows of a table: cells by column, scaled numbers and codes of categories."""

import warnings

import numpy as np

from fukami.export.standalone.row_quantile import scaled

READ = {}  # kind of column → what reads a cell of it: its numbers, then its codes


def read(values, told):
    """The network's tensors of rows (mappings of column names to cells)."""
    # a line for each number and for each code
    table = np.array([[x for column in told["columns"] for x in features(row, column, told)] for row in values], np.float64).T
    table[~(abs(table) <= told["largest"])] = np.nan
    numbers = np.array([scaled(table[scale["line"]], scale) for scale in told["scales"]])
    numbers = np.concatenate([numbers, np.isnan(numbers[told["indicated"]])]).astype(np.float32)
    parts = {"_numbers": np.nan_to_num(numbers), "_categories": table[told["codes"]].astype(np.int64)}
    return {told["name"] + part: x.T for part, x in parts.items() if x.size}


def features(row, column, told):
    """What a column's cell says, whose name may differ in capitals and in the spaces around it."""
    names, name = row if isinstance(row, dict) else (), column["name"]
    named = name if name in names else next((key for key in names if str(key).strip().lower() == name.strip().lower()), None)
    if named is None:
        raise ValueError(f"there is no column {name!r}; its cell may be empty (null) where the value is not known")
    value = row[named]
    value = float(str(value)) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value
    told = told | {"words": column["words"]} if "words" in column else told  # where NA is a word as others are
    return READ[column["kind"]](value, column, told)


def unread(value, column):
    """NaN for a cell that does not fit how its column was learned, which is told."""
    known = column["how"].get("example", column["kind"])
    warnings.warn(f"column {column['name']!r} is read like {known!r}; {value!r} counts as missing", stacklevel=2)
    return np.nan


def word(value, told):
    """A cell as text, whole numbers without a point; empty where it is missing."""
    if isinstance(value, (list, dict)):
        raise ValueError(f"a cell holds one value, not {value}")
    whole = isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**63
    text = str(int(value) if whole else value).strip()
    return told["words"].get(text.lower(), text)
