"""Tags: the sequence of the highest score, by Viterbi's algorithm, and the entities in it."""

import numpy as np


def answer(outputs, told, frame):
    """Entities with their places in the text, or a tag for each word."""
    emissions, length, start, end, transitions = (np.asarray(array, np.float64) for array in outputs)
    emissions = emissions[: int(length)]
    tags, likely = best(emissions, start, end, transitions), marginals(emissions, start, end, transitions)
    scores = [float(likely[place, tag]) for place, tag in enumerate(tags)]
    named, text, places = [told["tags"][tag] for tag in tags], frame["text"], frame["places"]
    if told["of_words"]:
        return {"tags": named, "words": [text[first:last] for first, last in places], "scores": scores}
    found, begin = [], 0
    for place, tag in enumerate(named):
        if tag[0] in "BS":
            begin = place
        if tag[0] in "ES" and tag != "O":
            first, last = places[begin][0], places[place][1]
            found.append(
                {
                    "start": first,
                    "end": last,
                    "label": tag[2:],
                    "text": text[first:last],
                    "score": min(scores[begin : place + 1]),
                }
            )
    return {"entities": found}


def best(emissions, start, end, transitions):
    """The sequence of tags of the highest score."""
    reached, came_from = start + emissions[0], []
    for row in emissions[1:]:
        further = reached[:, None] + transitions
        came_from.append(further.argmax(0))
        reached = further.max(0) + row
    path = [int((reached + end).argmax())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    return path[::-1]


def marginals(emissions, start, end, transitions):
    """How likely each tag is at each place."""
    ahead, behind = [start + emissions[0]], [end]
    for row in emissions[1:]:
        ahead.append(summed(ahead[-1][:, None] + transitions, 0) + row)
    for row in emissions[:0:-1]:
        behind.append(summed(transitions + row + behind[-1], 1))
    log_p = np.array(ahead) + np.array(behind[::-1])
    return np.exp(log_p - summed(log_p, 1)[:, None])


def summed(log_x, axis):
    """log Σ exp along an axis."""
    most = log_x.max(axis, keepdims=True)
    return np.log(np.exp(log_x - most).sum(axis)) + most.squeeze(axis)
