"""The random field against all sequences of tags, one by one."""

from itertools import pairwise, product

import pytest
import torch

from fukami.fields.tags import chain
from fukami.layers.crf import Crf

L, K = 4, 3


def field(seed: int = 0, *, barred: bool = False) -> Crf:
    follows = [[True] * K for _ in range(K)]
    if barred:
        follows[0][2] = follows[1][1] = False
    crf = Crf([True, True, not barred], [not barred, True, True], follows).double()
    rng = torch.Generator().manual_seed(seed)
    for parameter in crf.parameters():
        parameter.data = torch.randn(parameter.shape, generator=rng, dtype=torch.float64)
    return crf


def emissions(seed: int = 1, batch: int = 3) -> torch.Tensor:
    return torch.randn(batch, L, K, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def best(crf: Crf, x_BLK: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
    return chain.best(x_BLK, lengths_B, *crf.scores())


def every(crf: Crf, emissions_LK: torch.Tensor, length: int) -> dict[tuple[int, ...], float]:
    """Every sequence of tags with its score, added up by hand."""
    start_K, end_K, transitions_KK = crf.scores()
    found = {}
    for tags in product(range(K), repeat=length):
        score = start_K[tags[0]] + end_K[tags[-1]] + sum(emissions_LK[place, tag] for place, tag in enumerate(tags))
        score = score + sum(transitions_KK[a, b] for a, b in pairwise(tags))
        found[tags] = float(score.detach())
    return found


@pytest.mark.parametrize("barred", [False, True])
def test_total_best_and_marginals_are_those_of_all_sequences(barred):
    crf, x_BLK, lengths_B = field(barred=barred), emissions(), torch.tensor([4, 1, 3])
    total_B, best_BL = crf.log_total(x_BLK, lengths_B), best(crf, x_BLK, lengths_B)
    p_BLK = chain.marginals(x_BLK, lengths_B, *crf.scores())
    for b, length in enumerate(lengths_B.tolist()):
        scores = every(crf, x_BLK[b], length)
        all_S = torch.tensor(list(scores.values()), dtype=torch.float64)
        assert total_B[b].item() == pytest.approx(float(all_S.logsumexp(0)), abs=1e-9)
        assert tuple(best_BL[b, :length].tolist()) == max(scores, key=lambda tags: scores[tags])
        assert not best_BL[b, length:].any() and not p_BLK[b, length:].any()
        share_S = all_S.softmax(0)
        for place, tag in product(range(length), range(K)):
            expected = sum(float(p) for tags, p in zip(scores, share_S, strict=True) if tags[place] == tag)
            assert float(p_BLK[b, place, tag]) == pytest.approx(expected, abs=1e-9)


def test_likelihoods_of_all_sequences_add_up_to_one():
    crf, x_BLK = field(2), emissions(3, batch=1)
    tags_SL = torch.tensor(list(product(range(K), repeat=L)))
    many = x_BLK.expand(len(tags_SL), -1, -1)
    likelihood_S = crf.log_likelihood(many, tags_SL, torch.full((len(tags_SL),), L))
    assert float(likelihood_S.exp().sum()) == pytest.approx(1.0, abs=1e-9)


def test_what_stands_behind_the_end_changes_nothing():
    crf, x_BLK, lengths_B = field(4), emissions(5, batch=1), torch.tensor([2])
    tags_BL = torch.tensor([[1, 2, 0, 1]])
    short = crf.log_likelihood(x_BLK[:, :2], tags_BL[:, :2], lengths_B)
    assert torch.equal(short, crf.log_likelihood(x_BLK, tags_BL, lengths_B))
    assert torch.equal(best(crf, x_BLK[:, :2], lengths_B), best(crf, x_BLK, lengths_B)[:, :2])


def test_gradients():
    crf, x_BLK, lengths_B = field(6), emissions(7).requires_grad_(), torch.tensor([4, 1, 2])
    tags_BL = torch.tensor([[0, 1, 2, 1], [2, 0, 0, 0], [1, 1, 0, 0]])

    def likelihood(x_BLK, start, end, transitions):
        crf.start.data, crf.end.data, crf.transitions.data = start.data, end.data, transitions.data
        given = {"start": start, "end": end, "transitions": transitions}
        return torch.func.functional_call(_Asked(crf), {f"crf.{n}": p for n, p in given.items()}, (x_BLK, tags_BL, lengths_B))

    parameters = [p.detach().clone().requires_grad_() for p in (crf.start, crf.end, crf.transitions)]
    assert torch.autograd.gradcheck(likelihood, (x_BLK, *parameters))


class _Asked(torch.nn.Module):
    def __init__(self, crf: Crf):
        super().__init__()
        self.crf = crf

    def forward(self, *args):
        return self.crf.log_likelihood(*args)


def test_barred_tags_are_never_answered():
    crf = field(8, barred=True)
    best_BL = best(crf, 50 * emissions(9, batch=200), torch.full((200,), L))
    pairs = set(zip(best_BL[:, :-1].flatten().tolist(), best_BL[:, 1:].flatten().tolist(), strict=True))
    assert (0, 2) not in pairs and (1, 1) not in pairs and (best_BL[:, 0] != 2).all() and (best_BL[:, -1] != 0).all()


def test_a_program_outside_finds_the_same():
    from fukami.export.standalone import tags

    crf, x_BLK, lengths_B = field(10), emissions(11), torch.tensor([4, 1, 3])
    scores = [part.detach().numpy() for part in crf.scores()]
    best_BL, p_BLK = best(crf, x_BLK, lengths_B), chain.marginals(x_BLK, lengths_B, *crf.scores()).detach()
    for b, length in enumerate(lengths_B.tolist()):
        assert tags.best(x_BLK[b, :length].numpy(), *scores) == best_BL[b, :length].tolist()
        assert tags.marginals(x_BLK[b, :length].numpy(), *scores) == pytest.approx(p_BLK[b, :length].numpy())
