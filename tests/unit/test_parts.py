"""Batches in every form are cut along their examples, or refused."""

from dataclasses import dataclass

import pytest
import torch

from fukami.engine.parts import part_of, size_of


@dataclass
class Boxes:
    """Boxes of all pictures in one tensor, and how many each picture has."""

    packed: torch.Tensor
    counts: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.counts)

    def part(self, start: int, stop: int) -> "Boxes":
        return Boxes(self.packed[sum(self.counts[:start]) : sum(self.counts[:stop])], self.counts[start:stop])


def test_what_is_packed_is_cut_by_its_own_type():
    batch = {
        "image": torch.zeros(3, 1, 2, 2),
        "boxes": Boxes(torch.arange(6), (1, 3, 2)),
        "share": 0.5,
        "words": ["a", "b", "c"],
    }
    part = part_of(batch, 1, 3)
    assert size_of(batch) == 3 and size_of(part) == 2 and part["boxes"].packed.tolist() == [1, 2, 3, 4, 5]
    assert part["words"] == ["b", "c"] and part["share"] == 0.5


def test_a_batch_whose_leaves_disagree_is_refused():
    with pytest.raises(ValueError, match=r"\[3, 6\]"):
        size_of({"image": torch.zeros(3, 1), "boxes": torch.zeros(6, 4)})


def test_a_form_that_nothing_can_cut_is_refused():
    with pytest.raises(TypeError, match="object"):
        part_of({"image": torch.zeros(3, 1), "boxes": object()}, 0, 2)
