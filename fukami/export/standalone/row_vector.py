"""Cells that hold several numbers."""

import numpy as np

from fukami.export.standalone.row import READ


def vector(value, column, told):
    """The numbers of the cell."""
    if not isinstance(value, list) or len(value) != column["size"]:
        raise ValueError(f"column {column['name']} holds a list of {column['size']} numbers")
    return [np.nan if one is None else float(one) for one in value]


READ["vector"] = vector
