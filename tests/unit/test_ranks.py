"""Shares of a step without any other process: every example once, as many parts for all; and what is refused beforehand."""

import itertools

import numpy as np
import pytest
import torch

from fukami.core import worker
from fukami.core.errors import RunError, UsageError
from fukami.core.recipe import PlanChoices, Recipe
from fukami.engine.ranks import ALONE, Ranks
from fukami.engine.spread import blocks
from fukami.engine.wire import packed, unpacked
from fukami.training.launch import Job, leave, raise_left
from fukami.training.sharing import require_shareable
from fukami.training.written import recipe_of


@pytest.mark.parametrize(("size", "most"), list(itertools.product([1, 2, 3, 5], [0, 1, 2, 3, 7])))
def test_the_parts_of_all_processes_are_every_example_once(size, most):
    for total in range(size, 40):
        told = [Ranks(rank, size).parts(total, most) for rank in range(size)]
        covered = [row for parts in told for start, stop in parts for row in range(start, stop)]
        assert covered == list(range(total))
        assert len({len(parts) for parts in told}) == 1
        sizes = [stop - start for parts in told for start, stop in parts]
        assert min(sizes) >= 1 and max(sizes) - min(sizes) <= 1
        if most:
            assert max(sizes) <= max(most, 2 if size > 1 else 1)


def test_weighted_shares_add_up_to_the_mean_of_the_whole():
    loss = torch.arange(11.0).square()
    shares = [sum((b - a) * 3 / 11 * loss[a:b].mean() for a, b in Ranks(rank, 3).parts(11, 2)) for rank in range(3)]
    assert torch.allclose(torch.stack(shares).mean(), loss.mean())


def test_one_process_alone_asks_nobody():
    assert ALONE.told(lambda: 3) == 3
    assert ALONE.any(True, False) == (True, False)
    assert [a[0].tolist() for a in ALONE.over([1, 2], lambda n: (np.arange(n),))] == [[0], [0, 1]]


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64, np.uint8, bool])
def test_arrays_travel_as_they_are(kind):
    sent = (np.arange(6).reshape(2, 3).astype(kind), np.zeros((0, 4), kind), np.asfortranarray(np.ones((3, 2), kind)))
    told = unpacked(torch.cat([packed(sent), torch.zeros(5, dtype=torch.uint8)]))
    assert all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in zip(sent, told, strict=True))


def test_python_objects_do_not_travel():
    with pytest.raises(TypeError):
        packed((np.array([object()]),))


def test_blocks_that_share_a_weight_are_not_divided_apart():
    block = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    assert len(blocks(torch.nn.Sequential(block, torch.nn.Linear(2, 1)))) == 1
    assert blocks(torch.nn.Sequential(block, torch.nn.Sequential(block[0], torch.nn.ReLU()))) == []


class Step:
    """As much of a learner as is asked for."""

    def __init__(self, batch_size: int):
        self.order = self
        self.batch_size = batch_size


@pytest.mark.parametrize(
    ("settings", "ranks", "code"),
    [
        ({}, Ranks(0, 9), "F-DEVICES-BATCH"),
        ({"optimizer": "muon"}, Ranks(0, 2, sharded=True), "F-FSDP-WITH"),
        ({"l1": 0.1}, Ranks(0, 2, sharded=True), "F-FSDP-WITH"),
        ({"memory_format": "channels-last"}, Ranks(0, 2, sharded=True), "F-FSDP-WITH"),
    ],
)
def test_what_cannot_be_shared_is_refused(settings, ranks, code):
    with pytest.raises(UsageError, match=code):
        require_shareable(Recipe(task="t").changed(settings), Step(8), ranks)  # type: ignore[arg-type]


def test_what_can_be_shared_is_not_refused():
    require_shareable(Recipe(task="t").changed({"optimizer": "muon"}), Step(8), Ranks(0, 2))  # type: ignore[arg-type]


def test_a_process_is_one_of_several_only_where_all_of_it_is_told(monkeypatch):
    for name in worker.NEEDED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert (worker.size(), worker.rank()) == (1, 0)
    monkeypatch.setenv("MASTER_ADDR", "localhost")
    monkeypatch.setenv("MASTER_PORT", "29500")
    assert (worker.size(), worker.rank(), worker.local_rank()) == (2, 1, 1)


def test_an_error_of_another_process_is_raised_as_it_was(tmp_path):
    error = RunError("F-SOME", "something", where="here", fix="this")
    error.exit_code = 70
    leave(tmp_path / "trouble.json", error)
    with pytest.raises(RunError) as told:
        raise_left(tmp_path / "trouble.json")
    assert told.value.as_dict() == error.as_dict() and told.value.exit_code == 70
    raise_left(tmp_path / "nothing.json")


def test_what_nobody_chose_is_still_open_in_another_process(tmp_path):
    recipe = Recipe(task="tabular-classification").changed({"devices": 2, "epochs": 3})
    Job(recipe.to_toml(), "out", False, "trouble").write(tmp_path / "job.json")
    again = recipe_of(Job.read(tmp_path / "job.json").recipe)
    assert again.plan == PlanChoices(devices=2) and again.chosen == {"devices", "epochs"}
