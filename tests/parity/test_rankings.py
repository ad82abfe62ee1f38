"""Metrics of rankings beside torchmetrics, scikit-learn and plain loops."""

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import ndcg_score

from fukami.core.tables import Column
from fukami.evaluate.baselines.item_knn import nearest
from fukami.fields.batch import Rows
from fukami.fields.items.field import Items
from fukami.metrics.contract import Running

NAMES = ["hr_at_10", "ndcg_at_10", "ndcg_at_20", "mrr", "recall_at_20", "coverage_at_10", "popularity_at_10"]


@pytest.fixture(scope="module")
def case():
    """40 users, 60 items, one to four true items each, and rankings by chance."""
    rng = np.random.default_rng(0)
    scores_BI = rng.permuted(np.tile(np.arange(60.0), (40, 1)), axis=1)
    truth = [np.sort(rng.choice(60, int(rng.integers(1, 5)), replace=False)) for _user in range(40)]
    item_BK = np.argsort(-scores_BI, 1) + 1
    rows = Rows({"item": np.concatenate(truth) + 1}, np.array([len(one) for one in truth]))
    names = [f"i{n}" for n in range(60)]
    lists = pa.array([[names[item] for item in one] for one in truth], pa.large_list(pa.large_string()))
    target = Items("next").learn([Column("next", lists, told={"items": names})])
    running = Running(NAMES, target)
    for part in (slice(0, 7), slice(7, 40)):
        part_of = rows.part(part.start, part.stop)
        running.update({"item": item_BK[part], "score": -np.sort(-scores_BI[part], 1)}, part_of)
    return scores_BI, truth, item_BK, running.compute()


def relevant(scores_BI, truth):
    found = np.zeros(scores_BI.shape)
    for row, items in enumerate(truth):
        found[row, items] = 1
    return found


@pytest.mark.parametrize("k", [10, 20])
def test_ndcg_is_that_of_scikit_learn(case, k):
    scores_BI, truth, _items, found = case
    assert found[f"ndcg_at_{k}"] == pytest.approx(ndcg_score(relevant(scores_BI, truth), scores_BI, k=k), abs=1e-12)


def test_hits_recall_and_rank_are_those_of_torchmetrics(case):
    retrieval = pytest.importorskip("torchmetrics.retrieval")
    scores_BI, truth, _items, found = case
    index = torch.arange(40).repeat_interleave(60)
    given = torch.tensor(scores_BI).flatten(), torch.tensor(relevant(scores_BI, truth)).flatten().bool()
    for name, metric in (
        ("hr_at_10", retrieval.RetrievalHitRate(top_k=10)),
        ("recall_at_20", retrieval.RetrievalRecall(top_k=20)),
        ("mrr", retrieval.RetrievalMRR()),
    ):
        assert found[name] == pytest.approx(float(metric(*given, indexes=index)), abs=1e-6), name


def test_coverage_and_popularity_by_hand(case):
    _scores, truth, item_BK, found = case
    first = item_BK[:, :10]
    assert found["coverage_at_10"] == pytest.approx(len(np.unique(first)) / 60)
    share = np.bincount(np.concatenate(truth) + 1, minlength=61) / 40
    assert found["popularity_at_10"] == pytest.approx(share[first].mean())


def test_neighbours_are_those_of_plain_cosines():
    from scipy import sparse
    from sklearn.metrics.pairwise import cosine_similarity

    chosen = sparse.random(50, 30, 0.2, format="csr", random_state=0, dtype=np.float32)
    chosen.data[:] = 1
    near = cosine_similarity(chosen.T.toarray())
    np.fill_diagonal(near, 0)
    np.testing.assert_allclose(nearest(chosen, most=30).toarray(), near, atol=1e-6)
    few = nearest(chosen, most=3).toarray()
    assert ((few > 0).sum(1) <= 3).all() and np.allclose(few.max(1), near.max(1))
