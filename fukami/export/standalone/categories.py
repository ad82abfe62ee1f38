"""Every class that is likely enough."""


def answer(scores, told):
    """Probabilities of the classes, each for itself, as an answer."""
    named = dict(zip(told["classes"], scores.tolist(), strict=True))
    return {"labels": [label for label, p in named.items() if p >= told["threshold"]], "scores": named}
