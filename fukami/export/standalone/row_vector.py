"""Cells that hold several numbers."""

import math

from fukami.export.standalone.row import READ


def vector(value, column, told):
    """The numbers of the cell."""
    if not isinstance(value, list) or len(value) != len(column["numbers"]):
        raise ValueError(f"column {column['name']} holds a list of {len(column['numbers'])} numbers")
    return [math.nan if one is None else float(one) for one in value]


READ["vector"] = vector
