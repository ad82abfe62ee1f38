"""A value in the unit of the target."""


def answer(scores, told):
    """The value as an answer."""
    return {"value": float(scores)}
