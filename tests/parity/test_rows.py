"""Pieces of the models for tables against plain, slow computations and scikit-learn.

B batch, N numbers, T bins, E members, D features.
"""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer, StandardScaler

from fukami.core.specs import RowSpec
from fukami.fields.contract import Cells
from fukami.fields.row import scaling
from fukami.layers.heads import LinearHead
from fukami.layers.rows import CategoryEmbeddings, NumberEmbeddings, OneHot, PiecewiseLinear
from fukami.models import ft_transformer, tabm

RNG = np.random.default_rng(0)
SPEC = RowSpec(2, (3, 4), ((-1.0, 0.0, 0.5, 2.0), (-1.0, 1.0)))


def cells(count=5):
    rng = torch.Generator().manual_seed(0)
    codes = torch.stack([torch.randint(0, n, (count,), generator=rng) for n in SPEC.cardinalities], 1)
    return Cells(2 * torch.randn(count, SPEC.num_numbers, generator=rng), codes)


def test_quantile_transform_agrees_with_scikit_learn():
    """On continuous columns; 256 knots and middle ranks leave a difference of about a hundredth."""
    values = RNG.lognormal(size=20_000)
    ours = scaling.apply(scaling.fit(values), values)
    theirs = QuantileTransformer(n_quantiles=20_000, subsample=None, output_distribution="normal").fit_transform(
        values[:, None]
    )[:, 0]
    inner = np.abs(theirs) < 2.2
    assert np.abs(ours - theirs)[inner].max() < 0.02 and inner.mean() > 0.95
    assert abs(ours.mean()) < 0.01 and abs(ours.std() - 1) < 0.02 and ours.max() < 4.5


def test_ties_get_their_middle_rank():
    table = scaling.fit(np.array([0.0] * 8 + [1.0, 2.0]))
    from scipy.stats import norm

    np.testing.assert_allclose(scaling.apply(table, np.array([0.0, 1.0, 2.0])), norm.ppf([0.4, 0.85, 0.95]), atol=1e-5)


def test_standard_transform_is_scikit_learns():
    values = RNG.normal(3, 5, size=1000)
    ours = scaling.apply(scaling.fit(values, transform="standard"), values)
    np.testing.assert_allclose(ours, StandardScaler().fit_transform(values[:, None])[:, 0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("bins", [2, 7, 48])
def test_bins_are_about_equally_full(bins):
    values = RNG.lognormal(size=5000)
    edges = scaling.bin_edges(values, bins)
    counts = np.histogram(values, edges)[0]
    assert len(edges) == bins + 1 and counts.max() - counts.min() <= 2


def slow_piecewise(x: float, edges: tuple[float, ...], width: int) -> list[float]:
    """The definition, bin by bin."""
    if len(edges) < 2:
        return [x] + [0.0] * (width - 1)
    last = len(edges) - 2
    out = [0.0] * width
    for t, (low, high) in enumerate(pairwise(edges)):
        share = (x - low) / (high - low)
        if share < 0 and t > 0:
            share = 0.0
        if share > 1 and t < last:
            share = 1.0
        out[t] = share
    return out


def test_piecewise_linear_encoding_by_definition():
    edges = ((-1.0, 0.0, 0.5, 2.0), (-1.0, 1.0), (), (3.0,))
    numbers_BN = torch.tensor(RNG.normal(size=(50, 4)) * 3, dtype=torch.float32)
    found = PiecewiseLinear(edges)(numbers_BN)
    expected = [[slow_piecewise(float(x), e, 3) for x, e in zip(row, edges, strict=True)] for row in numbers_BN]
    torch.testing.assert_close(found, torch.tensor(expected), rtol=1e-5, atol=1e-5)


def test_number_embeddings_are_a_linear_map_of_the_encoding():
    embed = NumberEmbeddings(SPEC, 3, gain=2.0)
    torch.nn.init.normal_(embed.bend)
    numbers = cells().numbers
    found = embed(numbers)
    for b in range(len(numbers)):
        for n in range(2):
            code = torch.tensor(slow_piecewise(float(numbers[b, n]), SPEC.edges[n], 3))
            expected = numbers[b, n] * embed.weight[n] + embed.bias[n] + 2.0 * code @ embed.bend[n]
            torch.testing.assert_close(found[b, n], expected, rtol=1e-4, atol=1e-4)


def test_one_hot_is_scikit_learns():
    codes = cells(20).categories
    theirs = OneHotEncoder(categories=[np.arange(n) for n in SPEC.cardinalities], sparse_output=False).fit_transform(
        codes.numpy()
    )
    np.testing.assert_array_equal(OneHot(SPEC.cardinalities)(codes).numpy(), theirs)


def test_category_embeddings_give_every_column_rows_of_its_own():
    table = CategoryEmbeddings((2, 3), 4)
    found = table(torch.tensor([[1, 0], [1, 2]]))
    torch.testing.assert_close(found[0], table.table.weight[[1, 2]])
    torch.testing.assert_close(found[1], table.table.weight[[1, 4]])


def test_members_of_tabm_are_networks_of_their_own():
    """Each member, taken out with its scales and its head, is a plain network that gives the same answers."""
    torch.manual_seed(0)
    model = tabm.build(SPEC, width=8, depth=3, copies=4, embedding=3).eval()
    head = LinearHead(8, 2, members=4)
    torch.nn.init.normal_(model.embed.numbers.bend)
    batch = cells()
    with torch.no_grad():
        together = head(model(batch))
        x_BD = model.embed(batch)
        for member in range(4):
            h_BD = x_BD @ (model.first.weight.T * model.part.scale[member]) + model.part.shift[member]
            h_BD = model.act(h_BD)
            for layer in model.rest:
                h_BD = model.act(h_BD @ layer.weight.T + layer.bias)
            torch.testing.assert_close(together[:, member], h_BD @ head.weight[member].T + head.bias[member])
    assert together.std(dim=1).min() > 0


def slow_attention(x_LD, mix, heads):
    """Scaled dot products, one head and one query at a time."""
    q, k, v = (x_LD @ w.T + b for w, b in zip(mix.weight.chunk(3), mix.bias.chunk(3), strict=True))
    size = q.shape[1] // heads
    out = torch.zeros_like(q)
    for h in range(heads):
        part = slice(h * size, (h + 1) * size)
        for i in range(len(x_LD)):
            weights = torch.softmax(torch.stack([q[i, part] @ k[j, part] / math.sqrt(size) for j in range(len(x_LD))]), 0)
            out[i, part] = sum(w * v[j, part] for j, w in enumerate(weights))
    return out


def test_ft_transformer_by_definition():
    torch.manual_seed(0)
    model = ft_transformer.build(SPEC, width=12, depth=2, heads=3).eval().double()
    batch = Cells(cells().numbers.double(), cells().categories)
    norm = torch.nn.functional.layer_norm
    with torch.no_grad():
        found = model(batch)
        for b in range(5):
            number_tokens = model.numbers(batch.numbers[b : b + 1])[0]
            category_tokens = model.categories(batch.categories[b : b + 1])[0]
            x_LD = torch.cat([number_tokens, category_tokens, model.answer[None]])
            for depth, layer in enumerate(model.layers):
                normed = x_LD if depth == 0 else norm(x_LD, (12,), layer.norm1.weight, layer.norm1.bias)
                x_LD = x_LD + layer.out(slow_attention(normed, layer.mix, 3))
                wide = layer.up(norm(x_LD, (12,), layer.norm2.weight, layer.norm2.bias))
                x_LD = x_LD + layer.down(wide[:, :16] * wide[:, 16:].clamp(min=0))
            expected = norm(x_LD[-1], (12,), model.last[0].weight, model.last[0].bias).clamp(min=0)
            torch.testing.assert_close(found[b], expected)
