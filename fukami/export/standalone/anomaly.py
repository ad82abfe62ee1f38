"""Whether it is an anomaly: from the threshold on, which is where the score is 1."""


def answer(scores, told):
    """The score as an answer."""
    return {"anomaly": bool(scores > 1), "anomaly_score": float(scores)}
