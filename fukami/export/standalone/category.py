"""The likeliest class."""


def answer(scores, told):
    """Probabilities of the classes as an answer."""
    named = dict(zip(told["classes"], scores.tolist(), strict=True))
    return {"label": told["classes"][int(scores.argmax())], "score": float(scores.max()), "scores": named}
