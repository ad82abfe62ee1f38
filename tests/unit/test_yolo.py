"""YOLO in parts: losses of boxes, which places learn which thing, and the network around them."""

import pytest
import torch
from torchvision import ops

from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.models import yolo
from fukami.objectives.aligned import Things, assigned
from fukami.objectives.box_losses import distribution_focal, likeness, quality_focal

THEIRS = {
    "iou": ops.box_iou,
    "giou": ops.generalized_box_iou,
    "diou": ops.distance_box_iou,
    "ciou": ops.complete_box_iou,
}


def some_boxes(count: int, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    corner = torch.rand((count, 2), generator=rng, dtype=torch.float64) * 4
    return torch.cat([corner, corner + 0.5 + 3 * torch.rand((count, 2), generator=rng, dtype=torch.float64)], 1)


@pytest.mark.parametrize("kind", THEIRS)
def test_likeness_is_torchvisions(kind):
    one, other = some_boxes(40), some_boxes(30, seed=1)
    found = likeness(one[:, None], other[None], kind=kind)
    torch.testing.assert_close(found, THEIRS[kind](one, other), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", ["iou", "giou", "diou"])
def test_gradients_of_likeness(kind):
    one, other = some_boxes(6).requires_grad_(), some_boxes(6, seed=1)
    assert torch.autograd.gradcheck(lambda box: likeness(box, other, kind=kind), [one])


def test_gradients_of_ciou_are_those_of_a_constant_weight():
    """As its paper has it: the weight of the shape is not learned through, so the check takes it as a number."""
    one, other = some_boxes(6).requires_grad_(), some_boxes(6, seed=1)

    def shape(box):
        angle = [torch.atan((b[:, 2] - b[:, 0]) / (b[:, 3] - b[:, 1])) for b in (box, other)]
        return (angle[0] - angle[1]).square() * (4 / torch.pi**2)

    with torch.no_grad():
        weight = shape(one) / (1 - likeness(one, other) + shape(one))
    whole = likeness(one, other, kind="diou") - weight * shape(one)
    for found, want in zip(
        *(torch.autograd.grad(x.sum(), one) for x in (likeness(one, other, kind="ciou"), whole)), strict=True
    ):
        torch.testing.assert_close(found, want, rtol=1e-5, atol=1e-6)
    parts = [likeness, shape]
    assert torch.autograd.gradcheck(lambda box: parts[0](box, other, kind="diou") - weight * parts[1](box), [one])


def test_gradients_of_focal_losses():
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn((5, 8), generator=rng, dtype=torch.float64, requires_grad=True)
    distance, quality = torch.rand(5, generator=rng, dtype=torch.float64) * 7, torch.rand((5, 8), generator=rng).double()
    assert torch.autograd.gradcheck(lambda x: distribution_focal(x, distance), [logits])
    assert torch.autograd.gradcheck(lambda x: quality_focal(x, quality), [logits])


def grid(side: int, stride: int) -> torch.Tensor:
    at = (torch.arange(side) + 0.5) * stride
    return torch.stack([at.expand(side, side), at[:, None].expand(side, side)], 2).view(-1, 2)


def case(seed: int = 0) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, Things]:
    """Two pictures of 64 pixels on grids of 8 and 4 places a side: three things, the last of which holds no place; and one."""
    rng = torch.Generator().manual_seed(seed)
    places = torch.cat([grid(8, 8), grid(4, 16)])
    score = torch.rand((2, len(places), 3), generator=rng)
    away = torch.rand((2, len(places), 4), generator=rng) * 20
    boxes = torch.cat([places - away[..., :2], places + away[..., 2:]], 2)
    told = torch.zeros((2, 3, 4))
    told[0] = torch.tensor([[2.0, 2, 40, 40], [20, 20, 60, 60], [1, 1, 3, 3]])
    told[1, 0] = torch.tensor([8.0, 8, 56, 30])
    kinds = torch.tensor([[0, 2, 1], [1, 0, 0]])
    return score, boxes, places, Things(told, kinds, torch.tensor([[True, True, True], [True, False, False]]))


@pytest.mark.parametrize("most", [1, 4])
def test_places_that_suit_best_learn(most):
    """Against the same, place by place and thing by thing."""
    score, boxes, places, things = case()
    found = assigned(score, boxes, places, things, finest=64, most=most)
    for b in range(2):
        suits = {}
        for g in torch.nonzero(things.real[b]).flatten().tolist():
            left, top, right, bottom = things.box[b, g].tolist()
            inside = [a for a, (x, y) in enumerate(places.tolist()) if left < x < right and top < y < bottom]
            if not inside:
                middle = torch.tensor([(left + right) / 2, (top + bottom) / 2])
                inside = [int((places[:64] - middle).square().sum(1).argmin())]
            u = ops.box_iou(things.box[b, g][None], boxes[b])[0]
            rank = [(float(score[b, a, things.kind[b, g]] * u[a] ** 6) + 1e-9 * (1 + float(u[a])), a) for a in inside]
            for t, a in sorted(rank, reverse=True)[:most]:
                suits.setdefault(a, []).append((float(u[a]), g, t))
        want = {a: max(told) for a, told in suits.items()}
        assert set(torch.nonzero(found.learns[b]).flatten().tolist()) == set(want)
        for a, (_u, g, _t) in want.items():
            assert int(found.thing[b, a]) == g
        for g in range(int(things.real[b].sum())):
            own = [a for a, told in want.items() if told[1] == g]
            if own and max(want[a][2] for a in own) > 1e-6:
                assert float(found.quality[b][own].max()) == pytest.approx(max(want[a][0] for a in own), rel=1e-2)
    assert not found.quality[~found.learns].any()


def test_with_one_place_each_thing_is_learned_once():
    score, boxes, places, things = case(seed=3)
    found = assigned(score, boxes, places, things, finest=64, most=1)
    for b in range(2):
        assert sorted(found.thing[b][found.learns[b]].tolist()) == list(range(int(things.real[b].sum())))


def test_pictures_without_things_teach_that_there_are_none():
    net = yolo.build(ImageSpec(channels=3, height=64, width=64), target={"num_classes": 3}, width=4)
    nothing = torch.zeros(0).long()
    rows = Rows({"box": torch.zeros((0, 4)), "class": nothing, "ignored": nothing}, torch.tensor([0, 0]))
    found = net.losses({"image": torch.randn(2, 3, 64, 64)}, {"boxes": rows}, torch.Generator())
    assert found["class"] > 0 and found["box"] == found["edges"] == 0
    sum(found.values()).backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in net.parameters())


@pytest.fixture(scope="module")
def taught():
    """A small network with both heads that has learned two pictures, and those."""
    torch.manual_seed(0)
    net = yolo.build(ImageSpec(channels=3, height=64, width=64), target={"num_classes": 2}, width=4, one_to_one=True)
    told = torch.tensor([[4.0, 4, 30, 28], [34, 30, 60, 60], [10, 30, 40, 58]])
    rows = Rows({"box": told / 64, "class": torch.tensor([0, 1, 1]), "ignored": torch.zeros(3).long()}, torch.tensor([2, 1]))
    x = 0.1 * torch.randn((2, 3, 64, 64), generator=torch.Generator().manual_seed(1))
    for b, one in enumerate(rows.each()):
        for box, kind in zip((one["box"] * 64).int().tolist(), one["class"].tolist(), strict=True):
            x[b, kind, box[1] : box[3], box[0] : box[2]] += 2
    optimizer = torch.optim.Adam(net.parameters(), 1e-2)
    net.train()
    for _step in range(50):
        optimizer.zero_grad()
        sum(net.losses({"image": x}, {"boxes": rows}, torch.Generator()).values()).backward()
        optimizer.step()
    return net.eval(), x, rows


def test_it_finds_what_it_learned(taught):
    net, x, rows = taught
    with torch.no_grad():
        found = net(x)
    for b, one in enumerate(rows.each()):
        for box, kind in zip(one["box"], one["class"].tolist(), strict=True):
            iou = ops.box_iou(box[None], found["boxes"][b])[0]
            assert float(found["scores"][b, iou > 0.5, kind].max()) > 0.2


def test_in_eval_each_picture_has_losses_of_its_own(taught):
    net, x, rows = taught
    with torch.no_grad():
        together = net.losses({"image": x}, {"boxes": rows}, torch.Generator())
        alone = net.losses({"image": x[1:2]}, {"boxes": rows.part(1, 2)}, torch.Generator())
    assert set(together) == {"class", "box", "edges", "class_once", "box_once", "edges_once"}
    for part, loss in together.items():
        torch.testing.assert_close(loss[1:2], alone[part], rtol=1e-4, atol=1e-5)


def test_the_second_head_answers_and_teaches_nothing_below(taught):
    net, x, rows = taught
    with torch.no_grad():
        scores = net(x)["scores"]
        net.once, kept = None, net.once
        first = net(x)["scores"]
        net.once = kept
    assert not torch.equal(scores, first)
    net.zero_grad()
    net.losses({"image": x}, {"boxes": rows}, torch.Generator())["class_once"].sum().backward()
    assert all(p.grad is None for p in net.body.parameters()) and any(p.grad is not None for p in net.once.parameters())


def test_pictures_of_any_size(taught):
    net, _x, _rows = taught
    with torch.no_grad():
        found = net(torch.randn(1, 3, 50, 77))
    assert found["boxes"].shape == (1, 8 * 12 + 4 * 6 + 2 * 3, 4)
    assert found["boxes"].min() >= 0 and found["boxes"].max() <= 1
