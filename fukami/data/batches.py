"""The data's position as a function: which examples a step sees follows from (seed, epoch, step) and nothing else.

There is no loader to save: a training that resumes at step 500 asks for the examples of step 500. Where lengths vary,
examples of like length share a batch; where classes are rare they may be drawn more often; the seed decides both per epoch.
"""

from functools import lru_cache

import numpy as np

from fukami.core.seeds import generator

WINDOW = 64
"""Batches among which lengths are sorted: enough for little padding, few enough to keep the order random."""


class Order:
    """The order of training.

    `rows` are the training examples' positions in the store; `lengths` (of every stored example) makes buckets; `weights`
    (one for each of `rows`) makes rare examples more frequent, drawn with replacement.

    >>> order = Order(np.arange(10), 4, seed=0)
    >>> order.steps_per_epoch, sorted(set(order.rows_of(0, 0)) & set(order.rows_of(0, 1)))
    (2, [])
    """

    def __init__(
        self,
        rows: np.ndarray,
        batch_size: int,
        *,
        seed: int,
        lengths: np.ndarray | None = None,
        weights: np.ndarray | None = None,
    ):
        if len(rows) == 0:
            raise ValueError("there are no training examples")
        self.rows, self.seed = rows, seed
        self.batch_size = min(batch_size, len(rows))
        self.lengths = None if lengths is None else lengths[rows]
        self.weights = None if weights is None else weights / weights.sum()
        self._epoch = lru_cache(maxsize=2)(self._permuted)

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in an epoch. What is left over differs from epoch to epoch, so every example is seen."""
        return len(self.rows) // self.batch_size

    def rows_of(self, epoch: int, index: int) -> np.ndarray:
        """Positions in the store of the examples of step `index` of `epoch`."""
        return self.rows[self._epoch(epoch)[index * self.batch_size : (index + 1) * self.batch_size]]

    def at(self, step: int) -> np.ndarray:
        """Positions in the store of the examples of the `step`-th step of the training."""
        return self.rows_of(*divmod(step, self.steps_per_epoch))

    def padding_share(self, epoch: int = 0) -> float:
        """Share of the tokens of an epoch that are padding, where each batch is as long as its longest example.

        Exact, from lengths alone: no example is read. 0 where lengths do not vary.

        >>> Order(np.arange(4), 2, seed=0, lengths=np.array([1, 3, 1, 3])).padding_share()
        0.0
        >>> Order(np.arange(2), 2, seed=0, lengths=np.array([1, 3])).padding_share().__round__(3)
        0.333
        """
        if self.lengths is None:
            return 0.0
        lengths = self.lengths[self._epoch(epoch)].reshape(-1, self.batch_size)
        padded = int(lengths.max(1).sum()) * self.batch_size
        return 1 - int(lengths.sum()) / padded if padded else 0.0

    def _permuted(self, epoch: int) -> np.ndarray:
        rng = generator(self.seed, "order", epoch)
        total = len(self.rows)
        order = rng.permutation(total) if self.weights is None else rng.choice(total, total, p=self.weights)
        order = order[: self.steps_per_epoch * self.batch_size]
        return order if self.lengths is None else self._bucketed(order, rng)

    def _bucketed(self, order: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        assert self.lengths is not None
        span = WINDOW * self.batch_size
        parts = [order[i : i + span] for i in range(0, len(order), span)]
        parts = [part[np.argsort(self.lengths[part], kind="stable")] for part in parts]
        batches = np.concatenate(parts).reshape(-1, self.batch_size)
        return batches[rng.permutation(len(batches))].reshape(-1)
