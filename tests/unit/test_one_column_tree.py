"""The tree over one column answers as scikit-learn's does."""

import numpy as np
import pytest
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from fukami.data.one_column_tree import answers


def column(kind: str, rng: np.random.Generator) -> np.ndarray:
    values = {"apart": rng.permutation(400).astype(float), "few": rng.integers(0, 9, 400) * 1.0, "one": np.zeros(400)}
    return values[kind]


@pytest.mark.parametrize("kind", ["apart", "few", "one"])
@pytest.mark.parametrize("leaves", [2, 8, 64])
def test_numbers(kind, leaves):
    rng = np.random.default_rng(1)
    x = column(kind, rng)
    y = np.sin(x / 30) + 0.1 * rng.standard_normal(400)
    others = rng.random(200) * 400
    reference = DecisionTreeRegressor(max_leaf_nodes=leaves, random_state=0).fit(x[:, None], y)
    np.testing.assert_allclose(
        answers(x, y[:, None], others, leaves=leaves)[:, 0], reference.predict(others[:, None]), atol=1e-9
    )


@pytest.mark.parametrize("kind", ["apart", "few", "one"])
def test_classes(kind):
    rng = np.random.default_rng(2)
    x = column(kind, rng)
    y = ((x / 60).astype(int) + (rng.random(400) < 0.1)) % 4
    others = rng.random(200) * 400
    reference = DecisionTreeClassifier(max_leaf_nodes=8, random_state=0).fit(x[:, None], y)
    own = answers(x, np.eye(y.max() + 1)[y], others, leaves=8)
    np.testing.assert_allclose(own[:, reference.classes_], reference.predict_proba(others[:, None]), atol=1e-9)
