"""Answers that stand in a text: the passage whose first and last word score most together."""

import numpy as np


def answer(outputs, told, frame):
    """The passage with its place in the text; of none an empty text."""
    places, text = frame["places"], frame["text"]
    start, end = (np.asarray(array, np.float32)[: len(places)] for array in outputs)
    size = min(told["longest"], len(start))
    sums = [start[: len(start) - more] + end[more:] for more in range(size)]
    more = int(np.argmax([one.max() for one in sums]))
    first = int(sums[more].argmax())
    best = float(sums[more][first])
    score = float(np.exp(best - whole(start) - whole(end)))
    if told["least_odds"] is not None and best < told["least_odds"]:
        return {"text": "", "score": score}
    begin, stop = places[first][0], places[first + more][1]
    return {"text": text[begin:stop], "start": begin, "end": stop, "score": score}


def whole(scores):
    """log Σ exp of all words, and of none, whose score is 0."""
    scores = np.append(scores.astype(np.float64), 0.0)
    most = scores.max()
    return most + np.log(np.exp(scores - most).sum())
