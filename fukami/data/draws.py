"""Ways of dividing N examples, as arrays in and arrays out. Every draw follows from the seed and what is drawn for.

`together` (N) is equal for examples that have to stand in one part; parts are "train", "valid" and "test".
"""

import numpy as np

from fukami.core.seeds import generator
from fukami.core.tables import ACROSS, Column
from fukami.tasks.contract import Task

_MOST_STRATA = 0.5
"""Where more than this share of examples has a stratum of its own there is nothing to keep in proportion."""

_FEW_COPIES = 5
"""So many copies of one example overfill no part that matters."""


def strata(task: Task, columns: dict[str, list[Column]]) -> np.ndarray:
    """int64 (N): examples whose targets their fields take for alike share a stratum; all 0 without a target."""
    total = len(next(iter(columns.values()))[0])
    found = np.zeros(total, np.int64)
    for name, field in task.targets.items():
        if name not in columns:
            continue
        one = field.strata(columns[name])
        found = np.unique(found * (one.max() + 1) + one, return_inverse=True)[1]
    return found if found.max(initial=0) + 1 <= max(_MOST_STRATA * total, 2) else np.zeros(total, np.int64)


def by_stratum(strata: np.ndarray, together: np.ndarray, valid: float, test: float, *, seed: int) -> np.ndarray:
    """Parts of which each stratum has its share, to within one example; every stratum trains.

    The units (copies count as one) are laid out stratum by stratum in random order, and every 1/share-th of them is taken:
    systematic sampling, which keeps all proportions at once without looking at any stratum by itself. An example that comes so
    often that it would fill half a part trains.

    >>> parts = by_stratum(np.repeat([0, 1], [80, 20]), np.arange(100), 0.1, 0.2, seed=0)
    >>> [(int((parts[:80] == p).sum()), int((parts[80:] == p).sum())) for p in ("train", "valid", "test")]
    [(56, 14), (8, 2), (16, 4)]
    """
    first, unit = np.unique(together, return_index=True, return_inverse=True)[1:]
    of_unit = np.full(len(first), "train", dtype="<U5")
    light = ~_too_heavy(np.bincount(unit), [share for share in (valid, test) if share])
    rest = light[unit].mean() if len(unit) else 1.0  # parts have their shares of all, drawn from what can be drawn
    left, valid, test = np.flatnonzero(light), valid / rest, test / rest
    for part, share, of in (("test", test, 1.0), ("valid", valid, 1.0 - test)):
        rng = generator(seed, "split", part)
        taken = _systematic(strata[first][left], round((share / of if of else 0.0) * len(left)), rng)
        of_unit[left[taken]] = part
        left = left[~taken]
    _let_all_train(of_unit, strata[first])
    _let_all_parts_be(of_unit, strata[first], {"test": test, "valid": valid})
    return of_unit[unit]


def _too_heavy(sizes: np.ndarray, shares: list[float]) -> np.ndarray:
    """Which units (bool) train because each would fill half a part by itself; none where too little would be left to draw."""
    total = sizes.sum()
    heavy = sizes > max(total * min(shares, default=1.0) / 2, _FEW_COPIES)
    return heavy if sizes[~heavy].sum() > 1.5 * sum(shares) * total else np.zeros(len(sizes), bool)


def sample(strata: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which of N examples are drawn (bool): `count` of them, of each stratum its share, but one at least while there is room.

    >>> taken = sample(np.repeat([0, 1, 2], [80, 19, 1]), 10, np.random.default_rng(0))
    >>> int(taken[:80].sum()), int(taken[80:99].sum()), int(taken[99:].sum())
    (7, 2, 1)
    """
    taken = _systematic(strata, count, rng)
    for stratum in np.setdiff1d(strata, strata[taken]):
        found, times = np.unique(strata[taken], return_counts=True)
        if times.max(initial=0) < 2:
            break
        taken[rng.choice(np.flatnonzero(taken & (strata == found[np.argmax(times)])))] = False
        taken[rng.choice(np.flatnonzero(strata == stratum))] = True
    return taken


def _systematic(strata: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """Which of the units are taken (bool): `count` of them, each stratum's share to within one."""
    order = np.lexsort((rng.random(len(strata)), strata))
    taken = np.zeros(len(strata), bool)
    if count:
        step = len(strata) / count
        taken[order[np.floor((np.arange(count) + rng.random()) * step).astype(int)]] = True
    return taken


def _let_all_train(parts: np.ndarray, strata: np.ndarray) -> None:
    """Moves one unit to the training part for each stratum that has none there: what was never seen cannot be learned."""
    missing = np.setdiff1d(strata, strata[parts == "train"])
    for stratum in missing:
        members = np.flatnonzero(strata == stratum)
        from_valid = members[parts[members] == "valid"]
        parts[(from_valid if len(from_valid) else members)[0]] = "train"


def _let_all_parts_be(parts: np.ndarray, strata: np.ndarray, shares: dict[str, float]) -> None:
    """A part that was asked for has at least one unit, if the largest stratum of the training part can spare it."""
    for part, share in shares.items():
        training = np.flatnonzero(parts == "train")
        if share > 0 and not (parts == part).any() and len(training) > 2:
            found, counts = np.unique(strata[training], return_counts=True)
            if counts.max() > 1:
                parts[training[strata[training] == found[np.argmax(counts)]][-1]] = part


def by_group(together: np.ndarray, valid: float, test: float, *, seed: int) -> np.ndarray:
    """Whole groups, drawn in random order into the test part until it is full, then the validation part.

    A group that would overfill a part by more than it lacks goes to the training part instead, and each later part is left one.

    >>> parts = by_group(np.repeat(np.arange(10), 3), 0.1, 0.2, seed=0)
    >>> [int((parts == p).sum()) for p in ("train", "valid", "test")]
    [21, 3, 6]
    """
    groups, sizes = np.unique(together, return_counts=True)
    index = np.searchsorted(groups, together)
    order = generator(seed, "split", "groups").permutation(len(groups))
    parts = np.full(len(groups), "train", dtype="<U5")
    for part, share, spared in (("test", test, 1 + (valid > 0)), ("valid", valid, 1)):
        lacks = share * len(together)
        for group in order:
            if parts[group] == "train" and lacks > 0 and sizes[group] <= 2 * lacks and (parts == "train").sum() > spared:
                parts[group] = part
                lacks -= sizes[group]
        if share > 0 and not (parts == part).any() and (parts == "train").sum() > spared:
            spare = np.flatnonzero(parts == "train")
            parts[spare[np.argmin(sizes[spare])]] = part  # every group is too large: the smallest has to do
    return parts[index]


def by_time(when: np.ndarray, valid: float, test: float) -> np.ndarray:
    """The newest examples test, those before them validate, the oldest train. Equal times stay together, with the older.

    >>> by_time(np.arange(10.0), 0.1, 0.2).tolist()[6:]
    ['train', 'valid', 'test', 'test']
    """
    rank = np.searchsorted(np.sort(when), when, "left") / max(len(when), 1)
    parts = np.full(len(when), "train", dtype="<U5")
    parts[rank >= 1 - test - valid - 1e-9] = "valid"
    parts[rank >= 1 - test - 1e-9] = "test"
    return parts


def by_span(when_N2: np.ndarray, moments_T: np.ndarray, valid: float, test: float) -> np.ndarray:
    """Parts of examples that last from one moment to another, of a sequence that has `moments_T`: the newest moments test,
    those before them validate. Shares are counted in moments, rounded down, as papers on series do. Examples that reach over
    a border belong to no part.

    >>> when = np.arange(10.0)
    >>> by_span(np.stack([when[2:-1], when[3:]], 1), when, 0.2, 0.2).tolist()
    ['train', 'train', 'train', 'cross', 'valid', 'cross', 'test']
    """
    first, last = when_N2.T
    moments = np.sort(moments_T[moments_T <= last.max(initial=-np.inf)])
    ends = np.append(moments, np.inf)  # what begins there begins never
    tested = ends[len(moments) - int(len(moments) * test)]
    validated = min(tested, ends[int(len(moments) * (1 - valid - test) + 1e-9)]) if valid else tested
    parts = np.full(len(first), ACROSS, dtype="<U5")
    parts[last < validated] = "train"
    parts[(first >= validated) & (last < tested)] = "valid"
    parts[first >= tested] = "test"
    return parts


def in_order(when: np.ndarray, count: int) -> np.ndarray:
    """Number of the span of time (0 oldest) of each example; spans have about equally many examples, equal times share one."""
    return np.floor(np.searchsorted(np.sort(when), when, "left") * count / len(when)).astype(np.int64)


def folds(strata: np.ndarray, together: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Fold of each example (0 … count - 1); every fold has its share of each stratum to within one unit."""
    first, unit = np.unique(together, return_index=True, return_inverse=True)[1:]
    order = np.lexsort((generator(seed, "folds").random(len(first)), strata[first]))
    fold = np.empty(len(first), np.int64)
    fold[order] = np.arange(len(first)) % count
    return fold[unit]


def group_folds(together: np.ndarray, count: int, *, seed: int) -> np.ndarray:
    """Fold of each example, groups whole: the largest groups first, each into the fold that has least."""
    groups, sizes = np.unique(together, return_counts=True)
    shuffled = generator(seed, "folds").permutation(len(groups))
    fold, filled = np.empty(len(groups), np.int64), np.zeros(count)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold[group] = np.argmin(filled)
        filled[fold[group]] += sizes[group]
    return fold[np.searchsorted(groups, together)]
