"""Numbers by their distance from the mean."""


def scaled(values, scale):
    """Numbers as the network takes them; NaN stays NaN."""
    return (values - scale["centre"]) / scale["spread"]
