"""What is said, from how likely each letter is at each step (connectionist temporal classification): NumPy alone. A piece of
exported programs.

Letter 0 is "nothing new". Shapes: T steps, K letters and the one that is nothing.
"""

import math

import numpy as np

NEVER = -1e30


def decoded(log_TK, beams, gap=-1):
    """`(letters, first, last, nats)`: the letters said, the steps from which to which (exclusive) each is heard, and the
    logarithm of how likely they are. With `beams` above 1 the ways to say a text are added up (Graves 2012);
    1 takes the likeliest step by step. `gap` is the letter between words: a text neither begins nor ends with one, nor has two.
    """
    log_TK = np.asarray(log_TK, np.float64)
    if not len(log_TK):
        return [], [], [], 0.0
    if beams > 1:
        letters, nats = searched(log_TK, beams)
        letters, first, last = aligned(log_TK, letters)
    else:
        letters, first, last = runs(log_TK.argmax(1))
        nats = float(log_TK.max(1).sum())
    kept = [n for n, one in enumerate(letters) if one != gap or (n and letters[n - 1] != gap)]
    while kept and letters[kept[-1]] == gap:
        kept.pop()
    return [letters[n] for n in kept], [first[n] for n in kept], [last[n] for n in kept], nats


def runs(path):
    """A path's letters: each stretch of the same one is heard once, and nothing is not heard."""
    path = np.asarray(path)
    starts = np.flatnonzero(np.concatenate([[True], path[1:] != path[:-1]]))
    ends = np.append(starts[1:], len(path))
    kept = path[starts] != 0
    return path[starts][kept].tolist(), starts[kept].tolist(), ends[kept].tolist()


def searched(log_TK, beams):
    """The likeliest text among `beams` that are kept at each step, and the logarithm of how likely it is."""
    kept = {(): (0.0, NEVER)}
    for row in log_TK:
        tried = np.argsort(-row, kind="stable")[: beams + 1].tolist()
        found = {}
        for text, (silent, said) in kept.items():
            whole = added(silent, said)
            for letter in tried:
                chance = float(row[letter])
                if letter == 0:
                    put(found, text, 0, whole + chance)
                elif text and letter == text[-1]:
                    put(found, text, 1, said + chance)
                    put(found, (*text, letter), 1, silent + chance)
                else:
                    put(found, (*text, letter), 1, whole + chance)
        best = sorted(found.items(), key=lambda one: (-added(*one[1]), one[0]))[:beams]
        kept = {text: tuple(both) for text, both in best}
    text, both = next(iter(kept.items()))
    return list(text), added(*both)


def put(found, text, which, chance):
    """Adds a way to say a text, which ends with nothing (0) or with its last letter (1)."""
    both = found.setdefault(text, [NEVER, NEVER])
    both[which] = added(both[which], chance)


def added(left, right):
    """log(exp left + exp right).

    >>> round(added(0.0, 0.0), 4), added(-1.0, NEVER)
    (0.6931, -1.0)
    """
    most, least = max(left, right), min(left, right)
    return most + math.log1p(math.exp(least - most)) if least > NEVER / 2 else most


def aligned(log_TK, letters):
    """The likeliest steps at which letters are heard (Viterbi)."""
    if not letters:
        return [], [], []
    states = np.zeros(2 * len(letters) + 1, np.int64)
    states[1::2] = letters
    skips = np.zeros(len(states), bool)
    skips[3::2] = states[3::2] != states[1:-2:2]
    reached = np.full(len(states), NEVER)
    reached[:2] = log_TK[0, states[:2]]
    came = []
    for row in log_TK[1:]:
        ways = np.stack([reached, np.append(NEVER, reached[:-1]), np.append([NEVER] * 2, reached[:-2])])
        ways[2, ~skips] = NEVER
        came.append(ways.argmax(0))
        reached = ways.max(0) + row[states]
    at = len(states) - 1 if reached[-1] >= reached[-2] else len(states) - 2
    path = [at]
    for steps in reversed(came):
        at -= int(steps[at])
        path.append(at)
    path = np.array(path[::-1])
    first = [int(np.flatnonzero(path == 2 * n + 1)[0]) for n in range(len(letters))]
    last = [int(np.flatnonzero(path == 2 * n + 1)[-1]) + 1 for n in range(len(letters))]
    return letters, first, last


def written(letters, starts, ends, nats, steps, spaced):
    """An answer: the text of `letters` (strings), the geometric mean of a step's likelihood, and when each word is heard, in
    seconds; where no blanks stand between words (`spaced` is false), each letter counts as one."""
    words = []
    for letter, start, end in zip(letters, starts, ends, strict=True):
        if letter == " ":
            words.append(None)
        elif spaced and words and words[-1] is not None:
            words[-1] = {"word": words[-1]["word"] + letter, "start": words[-1]["start"], "end": end}
        else:
            words.append({"word": letter, "start": start, "end": end})
    told = [{**one, "start": round(one["start"], 3), "end": round(one["end"], 3)} for one in words if one is not None]
    return {"text": "".join(letters), "score": math.exp(nats / max(steps, 1)), "words": told}
