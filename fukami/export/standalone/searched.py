"""Texts that are written token by token: the search for the likeliest, over a graph that reads and one that writes a token."""

import numpy as np


def ask(sessions, part, told):
    """The tokens of each text, and its log-likelihood."""
    reads, steps = sessions["reads"], sessions["steps"]
    found = dict(zip([output.name for output in reads.get_outputs()], reads.run(None, part), strict=True))
    count, beams = len(next(iter(part.values()))), told["beams"]
    given = {name: np.repeat(array, beams, 0) for name, array in found.items()}
    asked = [one.name for one in steps.get_inputs()]
    names = [output.name for output in steps.get_outputs()]
    given["last"] = np.full(count * beams, told["begin"], np.int64)
    ids = np.zeros((count, beams, 0), np.int64)
    total = np.full((count, beams), -np.inf, np.float32)
    total[:, 0] = 0
    length, ended = np.zeros((count, beams), np.float32), np.zeros((count, beams), bool)
    for _place in range(told["most"]):
        told_now = dict(zip(names, steps.run(None, {name: given[name] for name in asked}), strict=True))
        chance = told_now.pop("chance").reshape(count, beams, -1)
        chance[ended] = -np.inf
        chance[:, :, told["padding"]][ended] = 0
        whole, longer = total[:, :, None] + chance, length + ~ended
        size = whole.shape[2]
        ranked = (whole / stretch(longer, told)[:, :, None]).reshape(count, -1)
        best = np.argsort(-ranked, axis=1, kind="stable")[:, :beams]
        begun, following = best // size, best % size
        total, length = np.take_along_axis(whole.reshape(count, -1), best, 1), np.take_along_axis(longer, begun, 1)
        ended = np.take_along_axis(ended, begun, 1) | (following == told["end"])
        ids = np.concatenate([np.take_along_axis(ids, begun[:, :, None], 1), following[:, :, None]], 2)
        if ended.all():
            break
        rows = (np.arange(count)[:, None] * beams + begun).ravel()
        given |= {"state_" + name.removeprefix("next_"): array[rows] for name, array in told_now.items()}
        given["last"] = following.ravel()
    chosen = (total / stretch(length, told)).argmax(1)
    written = [row[best] for row, best in zip(ids, chosen, strict=True)]
    return [
        (row[(row != told["end"]) & (row != told["padding"])], own[best])
        for row, own, best in zip(written, total, chosen, strict=True)
    ]


def stretch(length, told):
    """By what the log-likelihoods of texts of that many tokens are divided."""
    return (((5 + length) / 6) ** told["penalty"]).astype(np.float32)
