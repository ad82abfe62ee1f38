"""Texts as plain vectors: hashed words weighted by rarity, for the linear baseline; and 64-bit simhashes, for near duplicates.

N texts, D = 2**17 hash buckets. Sources: feature hashing, Weinberger et al. 2009; simhash, Charikar 2002.
"""

import base64
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from fukami.core.seeds import generator

BUCKETS = 1 << 17
SIMHASH_BUCKETS = 1 << 14
_STEPS = 12.0
"""Weights are kept in twelfths, one byte each."""
LONGEST = 5000
"""Characters of a text that are looked at."""


def _counts(texts: Sequence[str], *, unspaced: bool, buckets: int) -> Any:
    """Sparse counts (N, buckets) of words and pairs of words, or of runs of 1 to 3 characters."""
    from sklearn.feature_extraction.text import HashingVectorizer

    told: dict[str, Any] = {"n_features": buckets, "alternate_sign": False, "norm": None, "dtype": np.float32}
    told |= (
        {"analyzer": "char", "ngram_range": (1, 3)} if unspaced else {"ngram_range": (1, 2), "token_pattern": r"\w+|[^\w\s]"}
    )
    hasher = HashingVectorizer(**told)
    return hasher.transform([text[:LONGEST] for text in texts])


def learn_weights(texts: Sequence[str], *, unspaced: bool) -> str:
    """How rare each bucket is in training texts (smoothed inverse document frequency), as text for the run's JSON."""
    counts = _counts(texts, unspaced=unspaced, buckets=BUCKETS)
    documents = np.bincount(counts.indices, minlength=BUCKETS)
    weights = np.log((1 + len(texts)) / (1 + documents)) + 1
    quantised = np.clip(np.rint(weights * _STEPS), 0, 255).astype(np.uint8)
    return base64.b64encode(zlib.compress(quantised.tobytes(), 9)).decode()


def hashed_features(texts: Sequence[str], *, unspaced: bool, weights: str) -> Any:
    """Sparse float32 rows of length 1: (1 + log count) × weight."""
    from scipy.sparse import diags
    from sklearn.preprocessing import normalize

    x_ND = _counts(texts, unspaced=unspaced, buckets=BUCKETS)
    x_ND.data = 1 + np.log(x_ND.data)
    quantised = np.frombuffer(zlib.decompress(base64.b64decode(weights)), np.uint8)
    x_ND = (x_ND @ diags(quantised.astype(np.float32) / _STEPS)).tocsr()
    return normalize(x_ND, copy=False)


def simhash(texts: Sequence[str], *, unspaced: bool) -> np.ndarray:
    """uint64 (N): bit k says on which side of the k-th random plane a text's words lie; like texts differ in few bits."""
    planes = generator(0, "simhash").standard_normal((SIMHASH_BUCKETS, 64)).astype(np.float32)
    out = [np.zeros(0, np.uint64)]
    for start in range(0, len(texts), 10_000):
        counts = _counts(texts[start : start + 10_000], unspaced=unspaced, buckets=SIMHASH_BUCKETS)
        bits = np.asarray(counts @ planes) > 0
        out.append(np.packbits(bits, axis=1).view(">u8")[:, 0].astype(np.uint64))
    return np.concatenate(out)


def alike(texts: Sequence[str], left: np.ndarray, right: np.ndarray, *, unspaced: bool) -> np.ndarray:
    """Likeness, 0 to 1, of each pair `texts[left[p]]`, `texts[right[p]]`: the cosine of their counts of words and pairs."""
    from sklearn.preprocessing import normalize

    if not len(texts):
        return np.zeros(0, np.float32)
    x_ND: Any = normalize(_counts(texts, unspaced=unspaced, buckets=BUCKETS))
    return np.asarray(x_ND[left].multiply(x_ND[right]).sum(axis=1)).reshape(-1)
