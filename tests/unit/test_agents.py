"""Environments, episodes, what an agent remembers, and the losses by which it learns."""

import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import gymnasium
import numpy as np
import pyarrow as pa
import pytest
import torch
from torch import nn

from fukami.core.errors import DataError, FukamiError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data import catalogue, read
from fukami.data.source import Source
from fukami.engine.keeper import copied
from fukami.fields import batch as trees
from fukami.fields.environment import Environment
from fukami.fields.environment.render import strip
from fukami.fields.environment.spec import ObservationSpec
from fukami.fields.environment.worlds import Running, play, world_of
from fukami.metrics.contract import Running as Metrics
from fukami.models.dqn import build
from fukami.tasks.reinforcement_learning import Options, acting, contract
from fukami.tasks.replay import Replay


def cells(*texts: str | None) -> list[Column]:
    return [Column("environment", pa.array(list(texts), pa.string()))]


def learned(name: str = "CartPole-v1", **options) -> tuple:
    """The task over an environment, and 20 episodes of it as a store."""
    task, column = contract(), cells(*(f"{name}#{seed}" for seed in range(20)))
    fields = {"environment": task.inputs["environment"].learn(column), "episode": task.targets["episode"].learn(column)}
    task = replace(task.with_fields(fields), options=replace(Options(), **options))
    return task, SimpleNamespace(fields=fields, arrays={n: f.encode(column) for n, f in fields.items()})


def agent(task, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    network = nn.Module()
    network.encoder = build(task.input.spec(), width=16)
    return network


# -- environments --------------------------------------------------------------------------------------------------------
def test_an_environment_is_read_by_its_name_and_its_parts_never_meet():
    table = read("CartPole-v1", DataChoices(), kinds=("environment",))
    assert {part: int((table.parts == part).sum()) for part in ("train", "valid", "test")} == {
        "train": 20_000,
        "valid": 20,
        "test": 100,
    }
    assert len(set(table.columns["environment"].strings())) == len(table)
    assert read("gym:CartPole-v1", DataChoices()).columns["environment"].strings()[3] == "CartPole-v1#3"


def test_what_lies_here_goes_before_an_environment_of_the_same_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "CartPole-v1").mkdir()
    assert catalogue.located("CartPole-v1").name == "CartPole-v1"
    assert catalogue.located("gym:CartPole-v1") == "gym:CartPole-v1"


@pytest.mark.parametrize("name", ["photos-v2", "Photos-v2", "data/photos-v2", "my.folder-v1"])
def test_a_folder_that_is_not_there_is_no_environment(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos-v1").mkdir()
    with pytest.raises(DataError) as caught:
        catalogue.located(name)
    assert caught.value.code == "F-DATA-MISSING" and caught.value.got == name
    assert ("photos-v1" in caught.value.fix) == (name.lower() == "photos-v2")


@pytest.mark.parametrize("name", ["CartPole-v1", "cartpole-v1", "CartPol-v1", "CartPole-v99", "gym:nothing", "gymnasium"])
def test_a_name_that_is_nearly_an_environments_means_one(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert catalogue.located(name) == name


@pytest.mark.parametrize(("name", "code"), [("photos-v2", "F-DATA-MISSING"), ("CartPole-v1", "")])
def test_without_gymnasium_a_capital_tells_an_environment_from_a_folder(name, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    try:
        assert catalogue.located(name) == name and not code
    except DataError as error:
        assert error.code == code


def test_the_same_seed_and_actions_give_the_same_episode_and_bounds_are_used():
    world = world_of("MountainCar-v0")
    assert (world.num_numbers, world.num_actions, world.limit) == (2, 3, 200)
    one, other = Running(world), Running(world)
    seen = [one.begin(5), *(one.step(action)[0] for action in (0, 1, 2, 2))]
    assert np.array_equal(other.again(5, np.array([0, 1, 2, 2])), seen[-1])
    raw, _ = gymnasium.make("MountainCar-v0").reset(seed=5)
    low, high = np.array([-1.2, -0.07]), np.array([0.6, 0.07])
    np.testing.assert_allclose(seen[0], (raw - (low + high) / 2) / ((high - low) / 2), atol=1e-6)


def test_observations_that_are_one_of_several_become_one_hot():
    world = world_of("FrozenLake-v1")
    assert (world.num_numbers, world.num_actions) == (16, 4)
    assert Running(world).begin(0).tolist() == [1.0] + [0.0] * 15


def test_episodes_played_together_are_those_played_alone():
    task, _store = learned()
    network = agent(task)
    together = task.ask(network, {"environment": {"seed": torch.arange(6)}})
    for row in range(6):
        alone = task.ask(network, {"environment": {"seed": torch.tensor([row])}})
        same = task.target.restore(trees.part(together, row, row + 1))
        assert task.target.restore(alone) == same


def test_returns_are_those_of_gymnasium():
    world = world_of("CartPole-v1")
    played = play(world, [3], lambda seen_BN: (seen_BN[:, 2] > 0).astype(int))
    env = gymnasium.make("CartPole-v1")
    env.reset(seed=3)
    total, over = 0.0, False
    for action in played.actions[0].tolist():
        assert not over
        _seen, reward, ended, cut, _info = env.step(action)
        total, over = total + float(reward), ended or cut
    assert over and total == played.returns[0] and played.lengths[0] == len(played.actions[0])


def test_an_episode_is_drawn_as_pictures_or_as_curves(monkeypatch):
    state = Environment().learn(cells("CartPole-v1#1")).state
    assert strip(state, 1, np.array([0, 1, 0, 1])).count("<img") == 5
    monkeypatch.setattr("fukami.fields.environment.render.pictures", lambda *_told: [])
    assert strip(state, 1, np.array([0, 1, 0, 1])).count("<polyline") == 4


def test_an_agent_acts_on_single_observations_as_in_whole_episodes():
    task, _store = learned()
    network = agent(task)
    act, env = acting(task, network), gymnasium.make("CartPole-v1")
    told = task.target.restore(task.ask(network, {"environment": {"seed": torch.tensor([2])}}))[0]
    seen, _info = env.reset(seed=2)
    for action in told["actions"]:
        assert act(seen) == action
        seen = env.step(action)[0]


# -- broken inputs -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("CartPol-v1", "F-ENVIRONMENT-NAME", "CartPole-v1"),
        ("CartPole-v99", "F-ENVIRONMENT-NAME", "CartPole-v1"),
        ("gym:nothing", "F-ENVIRONMENT-NAME", "nothing"),
        ("gym:os:CartPole-v1", "F-ENVIRONMENT-MODULE", "never"),
        ("Pendulum-v1", "F-ENVIRONMENT-ACTIONS", "Discrete"),
        ("gym:MountainCarContinuous-v0", "F-ENVIRONMENT-ACTIONS", "Box"),
    ],
)
def test_an_environment_that_cannot_be_acted_in_is_told(name, code, words):
    with pytest.raises(DataError) as caught:
        world_of(name)
    assert caught.value.code == code
    assert words in f"{caught.value.what} {caught.value.expected} {caught.value.got} {caught.value.fix}"


def test_one_whose_library_is_missing_names_what_brings_it(monkeypatch):
    def refuse(*_given, **_told):
        raise gymnasium.error.DependencyNotInstalled("Box2D is not installed")

    monkeypatch.setattr(gymnasium, "make", refuse)
    with pytest.raises(DataError, match="not installed") as caught:
        world_of("CartPole-v1")
    assert caught.value.code == "F-ENVIRONMENT-LIBRARY" and "pip install" in caught.value.fix


def test_without_gymnasium_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    with pytest.raises(UsageError) as caught:
        world_of("CartPole-v1")
    assert caught.value.code == "F-EXTRA-MISSING" and "fukami[rl]" in caught.value.fix


@pytest.mark.parametrize(
    ("texts", "code"),
    [
        (("CartPole-v1#1", "seven"), "F-ENVIRONMENT-EPISODE"),
        (("CartPole-v1#1", None), "F-ENVIRONMENT-EPISODE"),
        (("CartPole-v1#-1", "CartPole-v1#2"), "F-ENVIRONMENT-EPISODE"),
        (("CartPole-v1#1", "Acrobot-v1#1"), "F-ENVIRONMENT-ONE"),
        (("1", "2"), "F-ENVIRONMENT-ONE"),
        (("CartPol-v1#1", "CartPol-v1#2"), "F-ENVIRONMENT-NAME"),
        (("Pendulum-v1#1", "Pendulum-v1#2"), "F-ENVIRONMENT-ACTIONS"),
    ],
)
def test_the_doctor_tells_cells_that_name_no_episode(texts, code):
    assert code in {problem.code for problem in Environment().check(cells(*texts))}


def test_another_environment_than_the_agents_is_not_answered():
    field = Environment().learn(cells("CartPole-v1#1"))
    assert field.usable(cells("7", "CartPole-v1#7", "Acrobot-v1#7", "x")).tolist() == [True, True, False, False]
    assert [problem.code for problem in field.check(cells("Acrobot-v1#7"))] == ["F-ENVIRONMENT-OTHER"]
    with pytest.raises(FukamiError, match="one environment"):
        Environment().learn(cells("1", "2"))


class Chancy(gymnasium.Env):
    """An environment that draws from a generator which nobody seeds."""

    observation_space = gymnasium.spaces.Box(-1, 1, (1,))
    action_space = gymnasium.spaces.Discrete(2)
    _rng = np.random.default_rng()

    def reset(self, *, seed=None, options=None):
        return self._rng.uniform(-1, 1, 1).astype(np.float32), {}

    def step(self, action):
        return self._rng.uniform(-1, 1, 1).astype(np.float32), 1.0, False, False, {}


def test_an_environment_of_one_s_own_is_taken_where_it_is_registered_and_chance_without_seed_is_told():
    gymnasium.register("Chancy-v0", entry_point=Chancy, max_episode_steps=9)
    try:
        assert world_of("Chancy-v0").limit == 9
        problems = list(Environment().check(cells("Chancy-v0#1")))
    finally:
        gymnasium.registry.pop("Chancy-v0")
    assert [problem.code for problem in problems] == ["F-ENVIRONMENT-CHANCE"]


# -- what is remembered --------------------------------------------------------------------------------------------------
def test_a_memory_that_goes_back_goes_on_as_it_did():
    task, store = learned(first=40, environments=3, memory=300, explore_steps=20)
    network, memory = agent(task), Replay(task, store, np.arange(18), seed=4)
    assert isinstance(memory, Source)
    for step in range(30):
        memory.collect(network, step)
    kept, weights = copied(memory.state()), copied(network.encoder.state_dict())
    lived = []
    for _time in range(2):
        for step in range(30, 60):
            memory.collect(network, step)
        lived.append((copied(memory.state()), copied(memory.batch(np.arange(8)))))
        memory = Replay(task, store, np.arange(18), seed=4)  # as in a process of its own
        memory.load(copied(kept))
        network.encoder.load_state_dict(weights)
    (state, batch), (again, same) = lived
    assert all(torch.equal(torch.as_tensor(state[name]), torch.as_tensor(again[name])) for name in state)
    assert all(torch.equal(batch["environment"][name], same["environment"][name]) for name in batch["environment"])


def test_a_double_stands_where_the_memory_does_and_moves_nothing_of_it():
    task, store = learned(first=10, environments=2)
    network, memory = agent(task), Replay(task, store, np.arange(18), seed=0)
    memory.collect(network, 0)
    before, other = copied(memory.state()), memory.double()
    assert all(torch.equal(torch.as_tensor(before[name]), torch.as_tensor(value)) for name, value in other.state().items())
    other.collect(network, 1)
    assert all(torch.equal(torch.as_tensor(before[name]), torch.as_tensor(value)) for name, value in memory.state().items())


def test_rewards_of_several_steps_end_where_an_episode_does():
    task, store = learned(first=1, environments=1, lookahead=3, discount=0.5, memory=100)
    memory = Replay(task, store, np.arange(18), seed=0)
    count, reward = 6, [1.0, 2.0, 4.0, 8.0, 16.0, 32.0]
    memory.moves = count
    memory.reward_TE[:count, 0] = reward
    memory.seen_TEN[:count, 0, 0], memory.next_TEN[:count, 0, 0] = np.arange(count), np.arange(count) + 1
    memory.ended_TE[2, 0] = memory.over_TE[2, 0] = True
    memory.over_TE[4, 0] = True  # cut off: what would have come still counts
    found = memory.batch(np.arange(400) % 20)["environment"]
    told = {
        int(start): (float(total), float(rest), int(end))
        for start, total, rest, end in zip(
            found["observation"][:, 0], found["reward"], found["discount"], found["next"][:, 0], strict=True
        )
    }
    assert told == {
        0: (1 + 1 + 1, 0.0, 3),
        1: (2 + 2, 0.0, 3),
        2: (4, 0.0, 3),
        3: (8 + 8, 0.25, 5),
        4: (16, 0.5, 5),
        5: (32, 0.5, 6),
    }


# -- learning ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("double", [True, False])
def test_the_loss_is_that_of_the_papers(double):
    torch.manual_seed(0)
    network = build(ObservationSpec(3, 4), width=8, double=double)
    network.slow.load_state_dict(build(ObservationSpec(3, 4), width=8).values.state_dict())
    lived = {
        "observation": torch.randn(5, 3),
        "action": torch.tensor([0, 1, 2, 3, 0]),
        "reward": torch.randn(5),
        "next": torch.randn(5, 3),
        "discount": torch.tensor([0.9, 0.0, 0.9, 0.9, 0.81]),
    }
    found = network.losses({"environment": lived}, {}, torch.Generator())["values"]
    for row in range(5):
        judged = network.slow(lived["next"][row : row + 1])[0]
        chosen = network.values(lived["next"][row : row + 1])[0] if double else judged
        worth = lived["reward"][row] + lived["discount"][row] * judged[chosen.argmax()]
        value = network.values(lived["observation"][row : row + 1])[0, lived["action"][row]]
        torch.testing.assert_close(found[row], nn.functional.huber_loss(value, worth.detach()))
    found.sum().backward()
    assert all(p.grad is None for p in network.slow.parameters())
    assert all(p.grad is not None for p in network.values.parameters())


def test_the_network_that_judges_follows_the_other():
    network = build(ObservationSpec(2, 2), width=4, follow=0.25)
    with torch.no_grad():
        for weight in network.values.parameters():
            weight.add_(1.0)
    network.follow()
    for fast, slow in zip(network.values.parameters(), network.slow.parameters(), strict=True):
        torch.testing.assert_close(fast - slow, torch.full_like(fast, 0.75))


def test_metrics_of_episodes_are_those_of_numpy():
    rng = np.random.default_rng(0)
    returns, lengths = rng.normal(size=31), rng.integers(1, 9, 31)
    weights = np.concatenate([np.ones((1, 31)), rng.poisson(1.0, (4, 31))])
    names = ["mean_return", "median_return", "worst_return", "mean_length"]
    running = Metrics(names, contract().target, replicates=4)
    running.update({"seed": np.arange(31), "return": returns, "length": lengths}, np.arange(31), weights)
    found = running.values()
    for row in range(5):
        drawn = np.repeat(returns, weights[row].astype(int))
        np.testing.assert_allclose(found["mean_return"][row], drawn.mean())
        np.testing.assert_allclose(found["median_return"][row], np.median(drawn))
        assert found["worst_return"][row] == drawn.min()
        np.testing.assert_allclose(found["mean_length"][row], np.repeat(lengths, weights[row].astype(int)).mean())


def test_a_run_is_opened_without_making_an_environment():
    """Registering or importing anything is for whoever trains or asks; a name alone never does."""
    code = "import sys, fukami.tasks.registry as r; r.contract('reinforcement-learning'); print('gymnasium' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
