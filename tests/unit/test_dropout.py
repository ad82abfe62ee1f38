"""Dropout by words of random bits: the distribution of torch's, the gradient of what was computed, torch's own elsewhere."""

import pytest
import torch
from torch import nn

from fukami.layers.dropout import SMALL, Dropout, dropout, quicken


@pytest.mark.parametrize("p", [0.1, 0.5, 0.77])
@pytest.mark.parametrize("shape", [(257, 129), (3, 97, 113), (SMALL,)])
def test_a_share_p_is_dropped_independently_and_the_mean_stays(p, shape):
    torch.manual_seed(0)
    total = torch.stack([dropout(torch.ones(shape), p) for _ in range(20)])
    kept = (total != 0).double()
    deviation = (p * (1 - p) / kept.numel()) ** 0.5
    assert abs(kept.mean() - (1 - p)) < 5 * deviation
    assert abs(total.mean() - 1) < 5 * deviation / (1 - p)
    assert total.unique().numel() == 2
    flat = kept.view(20, -1)  # neighbours in a word, and the same place in two calls
    for left, right in ((flat[:, :-1], flat[:, 1:]), (flat[:-1], flat[1:])):
        both = (left * right).mean() - (1 - p) ** 2
        assert abs(both) < 0.01


def test_the_gradient_is_that_of_what_was_kept():
    torch.manual_seed(1)
    x = torch.randn(200, 200, requires_grad=True)
    y = dropout(x, 0.3)
    gradient = torch.randn_like(x)
    y.backward(gradient)
    kept = (y != 0).to(x.dtype) / 0.7
    torch.testing.assert_close(x.grad, gradient * kept, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
def test_the_number_format_stays(dtype):
    assert dropout(torch.ones(200, 200, dtype=dtype), 0.5).dtype == dtype


def test_draws_follow_the_seed():
    x = torch.ones(200, 200)
    first = [torch.manual_seed(5) and dropout(x, 0.5) for _ in range(2)]
    assert torch.equal(*first)


@pytest.mark.parametrize(("p", "training", "size"), [(0.5, False, 2 * SMALL), (0.0, True, 2 * SMALL), (0.5, True, 100)])
def test_elsewhere_it_is_torchs(p, training, size):
    x = torch.ones(size)
    torch.manual_seed(2)
    ours = dropout(x, p, training)
    torch.manual_seed(2)
    assert torch.equal(ours, nn.functional.dropout(x, p, training))


def test_only_plain_dropouts_are_made_quick_and_weights_keep_their_names():
    class Own(nn.Dropout):
        pass

    network = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1), Own(0.1), nn.Dropout(0.1, inplace=True))
    before = list(network.state_dict())
    kinds = [type(m) for m in quicken(network)]
    assert kinds == [nn.Linear, Dropout, Own, nn.Dropout]
    assert list(network.state_dict()) == before


def test_a_module_of_somebody_elses_gets_its_own_dropout_back(tmp_path):
    from sklearn.datasets import load_wine

    import fukami

    x, y = load_wine(return_X_y=True)
    kinds: list[type] = []

    class Seen(nn.Sequential):
        def forward(self, numbers):
            kinds.append(type(self[2]))
            return super().forward(numbers)

    own = Seen(nn.Linear(13, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 3))
    fukami.train("tabular-classification", (x.astype("float32"), y), model=own, out=tmp_path / "run", epochs=1, plan="default")
    assert type(own[2]) is nn.Dropout
    assert Dropout in kinds
