"""Batches in every form are cut along their examples, joined again, named, or refused."""

import numpy as np
import pytest
import torch

from fukami.fields import batch as trees
from fukami.fields.batch import Rows
from fukami.fields.contract import Tokens


def some() -> dict:
    return {
        "image": torch.arange(12.0).view(3, 1, 2, 2),
        "boxes": Rows({"place": torch.arange(6), "score": torch.zeros(6)}, torch.tensor([1, 3, 2])),
        "text": Tokens(torch.ones(3, 4, dtype=torch.long), torch.tensor([4, 1, 2])),
        "share": 0.5,
        "words": ["a", "b", "c"],
    }


def test_what_is_packed_is_cut_by_its_own_type():
    batch = some()
    part = trees.part(batch, 1, 3)
    assert trees.size(batch) == 3 and trees.size(part) == 2
    assert part["boxes"].columns["place"].tolist() == [1, 2, 3, 4, 5]
    assert part["words"] == ["b", "c"] and part["share"] == 0.5


@pytest.mark.parametrize("kind", [trees.tensors, trees.arrays])
def test_parts_that_are_joined_are_the_whole_again(kind):
    batch = kind(some())
    again = trees.joined([trees.part(batch, 0, 1), trees.part(batch, 1, 1), trees.part(batch, 1, 3)])
    for name, leaf in trees.named({n: batch[n] for n in ("image", "boxes", "text")}).items():
        assert np.array_equal(
            np.asarray(leaf), np.asarray(trees.named({n: again[n] for n in ("image", "boxes", "text")})[name])
        )
    assert trees.size(again) == 3 and again["words"] == ["a", "b", "c"]


def test_examples_are_taken_in_any_order():
    taken = trees.taken(some(), np.array([2, 0]))
    assert taken["boxes"].columns["place"].tolist() == [4, 5, 0] and taken["boxes"].counts.tolist() == [2, 1]
    assert taken["image"][1].flatten().tolist() == [0, 1, 2, 3] and taken["words"] == ["c", "a"]


def test_named_tensors_become_the_batch_again():
    batch = {name: some()[name] for name in ("image", "boxes", "text")}
    again = trees.rebuilt(trees.named(batch), batch)
    assert isinstance(again["text"], Tokens) and isinstance(again["boxes"], Rows)
    assert torch.equal(again["boxes"].counts, batch["boxes"].counts)


def test_what_is_not_finite_is_found_in_every_form():
    batch = some()
    assert trees.finite(batch, 3).all()
    batch["boxes"].columns["score"][4] = torch.inf
    batch["image"][0, 0, 0, 0] = torch.nan
    assert trees.finite(batch, 3).tolist() == [False, True, False]


def test_a_batch_whose_leaves_disagree_is_refused():
    with pytest.raises(ValueError, match=r"\[3, 6\]"):
        trees.size({"image": torch.zeros(3, 1), "boxes": torch.zeros(6, 4)})


def test_a_form_that_nothing_can_cut_is_refused():
    with pytest.raises(TypeError, match="object"):
        trees.part({"image": torch.zeros(3, 1), "boxes": object()}, 0, 2)
