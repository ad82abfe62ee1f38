"""Cells that hold several numbers."""

from fukami.export.standalone.row import READ


def vector(value, column, told):
    """The numbers of the cell."""
    return [float(one) for one in value], []


READ["vector"] = vector
