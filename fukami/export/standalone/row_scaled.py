"""Numbers of columns that are not all scaled alike."""

import numpy as np


def scaled(values, scale):
    """Numbers as the network takes them; NaN stays NaN."""
    if scale["transform"] == "quantile":
        return np.interp(values, scale["at"], scale["to"])
    values = (values - scale["centre"]) / scale["spread"]
    if scale["transform"] == "robust":
        values = np.clip(values, -1e6, 1e6)
        values = values / np.sqrt(1 + (values / 3) ** 2)
    return values
