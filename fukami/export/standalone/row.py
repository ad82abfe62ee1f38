"""Rows of a table: cells by column, scaled numbers and codes of categories."""

import numpy as np

from fukami.export.standalone.row_quantile import scaled

READ = {}  # kind of column → what reads a cell of it: its numbers, then its codes


def read(values, told):
    """The network's tensors of rows (mappings of column names to cells)."""
    numbers, gone, codes = [], [], []
    for column in told["columns"]:
        found = [READ[column["kind"]](cell(row, column["name"]), column, told) for row in values]
        parts = np.array(found, np.float64).reshape(len(values), -1).T  # numbers first, then codes
        for raw, scale in zip(parts, column["numbers"], strict=False):
            numbers.append(scaled(np.where(abs(raw) <= told["largest"], raw, np.nan), scale))
            gone += [np.isnan(numbers[-1])] if scale["missing"] else []
        codes += list(parts[len(column["numbers"]) :])
    stacked = {"_numbers": np.nan_to_num(np.array(numbers + gone, np.float32)), "_categories": np.array(codes, np.int64)}
    return {told["name"] + part: x.T for part, x in stacked.items() if len(x)}


def cell(row, name):
    """The cell of a column, whose name may differ in capitals and in the spaces around it."""
    if not isinstance(row, dict):
        raise ValueError('a row is an object such as {"age": 31}')
    found = name if name in row else next((key for key in row if str(key).strip().lower() == name.strip().lower()), None)
    if found is None:
        raise ValueError(f"there is no column {name!r}; its cell may be empty (null) where the value is not known")
    value = row[found]
    return float(str(value)) if isinstance(value, int) and not -(2**63) <= value < 2**63 else value


def word(value, told):
    """A cell as text, whole numbers without a point; None where it is missing."""
    if isinstance(value, (list, dict)):
        raise ValueError(f"a cell holds one value, not {value}")
    if value is None or value != value:
        return None
    whole = isinstance(value, float) and value.is_integer() and -(2**63) <= value < 2**63
    text = str(int(value) if whole else value).strip()
    lowered = text.lower()
    return None if lowered in told["missing"] else lowered if lowered in ("true", "false") else text
