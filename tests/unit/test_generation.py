"""Seeds and their noise, pictures that are made, how they are judged, and the models that make them."""

import base64
import io
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow
from scipy import linalg, stats
from torch import nn

from fukami.answered_pictures import written
from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices, LearningChoices, Recipe
from fukami.core.specs import ImageSpec
from fukami.core.tables import Column, Table
from fukami.data import read
from fukami.data.bind import bind
from fukami.engine.step import _forget_others
from fukami.evaluate import details
from fukami.evaluate.baselines.contract import Examples
from fukami.evaluate.evaluation import Evaluation, Value
from fukami.evaluate.judge import judge
from fukami.evaluate.verdict import baseline_proof
from fukami.export import assemble
from fukami.export.standalone import noise as outside
from fukami.fields.draws.field import Draws
from fukami.fields.draws.noise import noise, normal, uniform
from fukami.fields.draws.spec import DrawsSpec
from fukami.fields.picture import features
from fukami.fields.picture.field import Picture
from fukami.metrics.states.frechet import frechet, gaussian
from fukami.models import dcgan, ddpm
from fukami.objectives.contract import Turns
from fukami.report.content import Content
from fukami.report.sections import generated
from fukami.tasks.registry import contract
from fukami.training.prepare import examined

SEEDS = np.arange(20_000)
WRITTEN = [0.259994, 0.468403, -0.186145, 0.192294]
FEATURES = [0.182778, 0.147585, 0.011332]


def pictures(total: int = 40, side: int = 16, *, seed: int = 0) -> np.ndarray:
    """Grey pictures with a bright quarter."""
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, 60, (total, side, side)).astype(np.uint8)
    for number, one in enumerate(drawn):
        top, left = divmod(number % 4, 2)
        one[top * side // 2 :, left * side // 2 :][: side // 2, : side // 2] += 150
    return drawn


def learned(pixels: np.ndarray, **options) -> Picture:
    return Picture(name="image", options=Picture.Options(**options)).learn([Column("image", pixels)])


# -- seeds ---------------------------------------------------------------------------------------------------------------
def test_noise_is_normal_and_each_number_is_its_own():
    drawn = normal(SEEDS, (3,))
    assert stats.kstest(drawn.ravel(), "norm").pvalue > 0.01
    assert abs(np.corrcoef(drawn.T)[np.triu_indices(3, 1)]).max() < 0.03
    for other in (normal(SEEDS + 1, (3,)), normal(SEEDS, (3,), stream=1)):
        assert abs(np.corrcoef(drawn.ravel(), other.ravel())[0, 1]) < 0.03
    assert stats.kstest(uniform(SEEDS, 1).ravel(), "uniform").pvalue > 0.01


def test_noise_is_written_down_and_the_same_in_any_company():
    """Figures of a run and pictures of seeds are told to others: they may not change with a library."""
    np.testing.assert_allclose(normal(np.array([7]), (4,))[0], WRITTEN, atol=1e-6)
    together = noise(torch.tensor([3, 7, 9]), (2, 5), 4)
    assert torch.equal(together[1], noise(torch.tensor([7]), (2, 5), 4)[0])


def test_the_exported_noise_is_that_of_the_run():
    np.testing.assert_array_equal(outside.normal(SEEDS[:9], (2, 3, 3), 5), normal(SEEDS[:9], (2, 3, 3), 5))


def test_seeds_as_people_write_them():
    draws = Draws()
    assert draws.gather([7, "8", " 9 ", {"seed": 10}])[0].values.tolist() == [7, 8, 9, 10]
    assert draws.several("0:3") == [0, 1, 2] and draws.several("7") is None and draws.several(7) is None


@pytest.mark.parametrize("value", ["x", "-1", "1.5", "", None, True, {"sede": 1}, "9" * 30, [1]])
def test_what_is_no_seed_is_told(value):
    with pytest.raises(UsageError, match="F-DRAWS-SEED"):
        Draws().gather([value])


@pytest.mark.parametrize("value", ["5:5", "7:3", "0:1000000"])
def test_a_range_is_neither_empty_nor_endless(value):
    with pytest.raises(UsageError, match="F-DRAWS-RANGE"):
        Draws().several(value)


# -- pictures as targets -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(9, 16, 16), (9, 16, 16, 3)])
def test_a_picture_survives_being_told(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    field = learned(pixels)
    truth = field.truth(field.batch(field.encode([Column("image", pixels)]), np.arange(9)))
    told = [one["picture"] for one in field.restore(truth)]
    again = field.encode([Column("image", pa.array(told))])["pixels"]
    np.testing.assert_array_equal(again, truth.numpy())
    np.testing.assert_array_equal(again, pixels[:, None] if len(shape) == 3 else pixels.transpose(0, 3, 1, 2))


def test_pictures_are_made_small_unless_more_is_asked_for():
    large = pictures(8, 90)
    assert learned(large).target_spec() == ImageSpec(1, 64, 64)
    assert learned(large, size_px=80).target_spec() == ImageSpec(1, 80, 80)
    assert learned(pictures(8)).target_spec() == ImageSpec(1, 16, 16)


def test_what_is_no_base64_is_told():
    with pytest.raises(DataError, match="F-PICTURE-BASE64"):
        learned(pictures()).encode([Column("image", pa.array(["data:image/png;base64,%%%"]))])


def test_mirroring_is_for_who_asks():
    field, x = learned(pictures()), torch.randn(64, 1, 16, 16)
    assert torch.equal(field.augment(x, torch.Generator().manual_seed(0)), x)
    flipped = replace(field, options=Picture.Options(flip="yes")).augment(x, torch.Generator().manual_seed(0))
    same = (flipped == x).flatten(1).all(1)
    assert 10 < int(same.sum()) < 54 and torch.equal(flipped[~same], x[~same].flip(3))


# -- how far made pictures are from true ones --------------------------------------------------------------------------------
def test_the_distance_is_that_of_the_formula():
    rng = np.random.default_rng(0)
    one, two = rng.standard_normal((300, 12)) @ rng.standard_normal((12, 12)), rng.standard_normal((200, 12)) + 0.3
    (m, C), (n, D) = gaussian(one), gaussian(two)
    expected = ((m - n) ** 2).sum() + np.trace(C + D - 2 * linalg.sqrtm(C @ D).real)
    assert frechet((m, C), (n, D)) * np.trace(D) == pytest.approx(expected, rel=1e-6)


def test_it_grows_with_what_is_wrong():
    pixels = pictures(120, 28, seed=1)[:, None]
    field, rng = learned(pixels[:, 0]), np.random.default_rng(0)
    noisy = [np.clip(pixels + rng.normal(0, level, pixels.shape), 0, 255).astype(np.uint8) for level in (5, 80)]
    made = {"other": pictures(120, 28, seed=2)[:, None], "few": pixels[:2].repeat(60, 0)}
    found = {name: distance(field, x, pixels) for name, x in made.items()}
    levels = [distance(field, x, pixels) for x in noisy]
    assert levels == sorted(levels) and found["other"] < levels[1] and found["other"] < found["few"] / 3
    assert distance(field, pixels, pixels) == pytest.approx(0, abs=1e-12)
    assert np.isnan(distance(field, pixels, pixels[:1].repeat(120, 0)))


def distance(field: Picture, made: np.ndarray, true: np.ndarray) -> float:
    stream = [(made, true, np.arange(len(true)))]
    return judge(field, ["frechet_distance"], stream, replicates=0, keep_mistakes=0).metrics["frechet_distance"].value


def test_features_are_written_down():
    """A distance is only worth something as long as what it is measured by stays as it is."""
    ramp = np.arange(28 * 28).reshape(1, 1, 28, 28) % 251
    np.testing.assert_allclose(features.features(ramp.astype(np.uint8))[0, :3], FEATURES, atol=1e-6)


@pytest.mark.parametrize(("copied", "expected"), [(0, 0.0), (100, 0.5)])
def test_copies_of_training_pictures_are_known(copied, expected):
    rng = np.random.default_rng(0)
    train, true, made = (rng.integers(0, 256, (200, 16, 16)).astype(np.uint8) for _ in range(3))
    field = learned(train)
    made[:copied] = train[:copied]
    found = details.of_kind("picture")(field)
    for start in (0, 120):
        part = slice(start, start + 120)
        found.update(made[part, None], true[part, None], np.arange(200)[part])
    told = found.told(None)["generated"]  # type: ignore[arg-type]
    assert told["copies"] == pytest.approx(expected, abs=0.05) and told["nearest"]["trained"] == 200
    view = generated.build(Content(evaluation={"generated": told}))
    assert view is not None and bool(view["warning"]) is bool(copied)
    sheet = Pillow.open(io.BytesIO(base64.b64decode(told["made"].partition(",")[2])))
    assert sheet.size == (8 * 18 - 2, 8 * 18 - 2)


def test_other_true_pictures_are_a_bound_and_no_rival():
    own = Evaluation(100, {"frechet_distance": Value(0.1, 0.05, 0.15)}, {}, {}, {}, "")
    beside = {"noise_pictures": {"frechet_distance": 3.0}, "true_pictures": {"frechet_distance": 0.004}}
    proof = baseline_proof("frechet_distance", own, beside, "test")
    assert proof["held"] and proof["verdict"] == [] and proof["metrics"] == beside
    assert not baseline_proof("frechet_distance", own, {"mean_picture": {"frechet_distance": 0.01}}, "test")["held"]


def test_baselines_are_what_they_are_called():
    from fukami.core.cards import load

    pixels = pictures(300)[:, None]
    draws, field = Draws(name="draws"), learned(pixels[:, 0])
    examples = Examples({"draws": draws}, {"draws": [Column("draws", np.arange(300))]}, field, pixels)
    asked = {"draws": [Column("draws", np.arange(1000, 1600))]}
    found = {}
    for name in ("noise_pictures", "mean_picture", "gaussian_pictures", "true_pictures"):
        answer = load("evaluate/baselines", name).fit(examples)
        found[name] = answer(asked)
        assert found[name].shape == (600, 1, 16, 16) and found[name].dtype == np.uint8
        few = {"draws": [Column("draws", np.arange(1100, 1110))]}
        assert np.abs(answer(few).astype(int) - found[name][100:110]).max() <= 1
    assert abs(found["noise_pictures"].mean() - 127.5) < 1
    np.testing.assert_allclose(found["mean_picture"][5], pixels.mean(0), atol=0.5)
    assert np.abs(found["gaussian_pictures"].mean(0) - pixels.mean(0)).mean() < 6
    assert all((one == pixels).all((1, 2, 3)).any() for one in found["true_pictures"][:20])


# -- models --------------------------------------------------------------------------------------------------------------
SPEC = ImageSpec(1, 12, 10)


@pytest.mark.parametrize("steps", [1, 7, 50, 5000])
@pytest.mark.parametrize("drawn", [0.0, 1.0])
def test_who_knows_the_noise_comes_back_to_the_picture(steps, drawn):
    """The sampler with a network that is always right, whatever is drawn on the way."""
    model = ddpm.DDPM(SPEC, width=8, depth=0, blocks=1, stem=2, moments=50)
    clean = torch.rand(3, *model.shape) * 2 - 1
    model.forward = lambda x, t: (
        (x - model.kept_T[t][:, None, None, None].sqrt() * clean)
        / (  # type: ignore[method-assign]
            1 - model.kept_T[t][:, None, None, None]
        ).sqrt()
    )
    found = model.answers({"draws": torch.arange(3)}, torch.Generator(), SimpleNamespace(steps=steps, noise=drawn))
    torch.testing.assert_close(found, clean, atol=1e-4, rtol=0)


def test_the_ancestral_sampler_draws_what_the_paper_says():
    """With every moment and all noise the deviation is the root of the posterior's variance (Ho et al., section 3.2)."""
    kept = ddpm.kept_of(40)
    before = np.concatenate([[1.0], kept[:-1]])
    posterior = np.sqrt((1 - before) / (1 - kept) * (1 - kept / before))
    drawn = [step[4] for step in ddpm.course(40, 40, 1.0)]
    np.testing.assert_allclose(drawn, posterior[::-1], atol=1e-12)
    assert all(step[4] == 0 for step in ddpm.course(40, 10, 0.0))


def test_a_network_that_finds_nothing_is_wrong_by_all_the_noise():
    model, rng = ddpm.DDPM(SPEC, width=8, depth=1, blocks=1, stem=2, moments=100), torch.Generator().manual_seed(0)
    loss = model.losses({"draws": None}, {"image": torch.zeros(64, *model.shape)}, rng)["noise"]
    assert loss.shape == (64,) and loss.mean().item() == pytest.approx(1, abs=0.05)  # its last layer begins at zero


@pytest.mark.parametrize("spec", [SPEC, ImageSpec(3, 7, 9), ImageSpec(1, 28, 28), ImageSpec(3, 33, 64)])
def test_pictures_of_any_size_are_made(spec):
    for model, options in (
        (ddpm, {"width": 8, "depth": 2, "blocks": 2}),
        (ddpm, {"width": 8, "stem": 4}),
        (dcgan, {"width": 4}),
    ):
        made = model.build(DrawsSpec(), target=spec, **options).eval()
        with torch.no_grad():
            x = made.answers({"draws": torch.arange(2)}, torch.Generator(), SimpleNamespace(steps=2, noise=0.5))
        assert x.shape == (2, spec.channels, spec.height, spec.width) and x.abs().max() <= 1 + 1e-5


def test_players_lose_as_the_paper_says():
    model = dcgan.DCGAN(SPEC, width=4, noise=8)
    x, rng = torch.randn(6, 1, 12, 10), torch.Generator().manual_seed(0)
    model.generator.forward = lambda z: x - 1  # type: ignore[method-assign]
    model.discriminator.forward = lambda x: x.flatten(1).mean(1)  # type: ignore[method-assign]
    sure, made = x.flatten(1).mean(1).sigmoid(), (x - 1).flatten(1).mean(1).sigmoid()
    told = model.losses({"draws": None}, {"image": x}, rng, "discriminator")
    torch.testing.assert_close(told, {"true": -sure.log(), "made": -(1 - made).log()})
    torch.testing.assert_close(model.losses({"draws": None}, {"image": x}, rng, "generator"), {"deceived": -made.log()})
    assert set(model.losses({"draws": None}, {"image": x}, rng)) == {"true", "made", "deceived"}


def test_each_player_moves_its_own_weights_alone():
    task = contract("image-generation")
    task = task.with_fields({"image": learned(pictures())})
    network = nn.Module()
    network.encoder = dcgan.build(DrawsSpec(), target=ImageSpec(1, 16, 16), width=4)
    objective = task.objective(task, LearningChoices(), network=network)
    assert isinstance(objective, Turns) and list(objective) == ["encoder.discriminator", "encoder.generator"]
    batch = {"draws": torch.arange(8), "image": torch.randn(8, 1, 16, 16)}
    for player, other in (("discriminator", "generator"), ("generator", "discriminator")):
        network.zero_grad(set_to_none=True)
        objective[f"encoder.{player}"](network, batch, torch.Generator().manual_seed(0)).loss.mean().backward()
        _forget_others(network, f"encoder.{player}")
        assert all(p.grad is not None for p in network.get_submodule(f"encoder.{player}").parameters())
        assert all(p.grad is None for p in network.get_submodule(f"encoder.{other}").parameters())


# -- data ------------------------------------------------------------------------------------------------------------------
def save(folder, names, seed=0):
    for name, pixels in zip(names, pictures(len(names), seed=seed), strict=True):
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        Pillow.fromarray(pixels).save(place)


def looked_at(source, **settings):
    task = contract("image-generation")
    recipe = Recipe(task.name, fields={n: f.options for n, f in task.fields.items()}, task_options=task.options)
    return examined(recipe.changed(settings), source, raising=False)


@pytest.mark.parametrize(
    ("names", "parts"),
    [
        ([f"{n}.png" for n in range(30)], None),
        ([f"{n % 3}/deep/{n}.png" for n in range(30)], None),
        ([f"{n}.png" if n % 2 else f"cat/{n}.png" for n in range(30)], None),
        ([f"{'test' if n < 8 else 'train'}/{n}.png" for n in range(30)], {"train": 22, "test": 8}),
        ([f"{'test' if n < 8 else 'train'}/{n % 2}/{n}.png" for n in range(30)], {"train": 22, "test": 8}),
    ],
    ids=["flat", "deep", "classes and loose", "parts", "parts and classes"],
)
def test_every_picture_of_a_folder_counts(tmp_path, names, parts):
    save(tmp_path, names)
    found = looked_at(tmp_path)
    assert len(found.table) == 30 and {problem.code for problem in found.problems} <= {"F-DATA-FEW", "F-DATA-FEW-TEST"}
    told = None if found.table.parts is None else {p: int((found.table.parts == p).sum()) for p in parts}
    assert told == parts


def test_labels_are_left_alone():
    """A set that is made for classes has pictures all the same."""
    task = contract("image-generation")
    columns = {"picture": Column("picture", pictures(12)), "label": Column("label", pa.array(["cat", "dog"] * 6))}
    for hints in ({"input": "picture", "target": "label"}, {"image": "picture", "target": "label"}, {}):
        bound = bind(Table("t", columns, hints=hints), task, DataChoices())
        assert [c.name for c in bound["image"]] == ["picture"] and bound["draws"][0].values.tolist() == list(range(12))


def test_tables_of_paths_and_arrays_are_read(tmp_path):
    save(tmp_path, [f"{n}.png" for n in range(12)])
    lines = ["path,label", *(f"{n}.png,{n % 2}" for n in range(12))]
    (tmp_path / "all.csv").write_text("\n".join(lines) + "\n")
    assert len(looked_at(tmp_path / "all.csv").table) == 12
    np.savez(tmp_path / "all.npz", x=pictures(12), y=np.arange(12) % 2)
    assert len(looked_at(tmp_path / "all.npz").table) == 12
    assert len(read(pictures(12), DataChoices(), kinds=("draws", "picture"))) == 12


def broken(folder, kind):
    """A folder of twenty pictures with one fault."""
    save(folder, [f"{n}.png" for n in range(20)])
    one = folder / "7.png"
    whole = one.read_bytes()
    if kind == "cut":
        one.write_bytes(whole[: len(whole) // 2])
    elif kind == "empty":
        one.write_bytes(b"")
    elif kind == "text":
        one.write_text("no picture")
    elif kind == "link":
        one.unlink()
        one.symlink_to(folder / "nowhere.png")
    elif kind == "strange":
        (folder / "notes.xyz").write_text("x")
    elif kind == "copies":
        for n in range(12):
            (folder / f"{n}.png").write_bytes(whole)
    elif kind == "table":
        (folder / "all.csv").write_text("path\n" + "\n".join(f"{n}.png" for n in range(40)) + "\n")
    elif kind == "blank":
        for n in range(20):
            Pillow.fromarray(np.zeros((16, 16), np.uint8)).save(folder / f"{n}.png")
    return folder / "all.csv" if kind == "table" else folder


FAULTS = {
    "cut": "F-IMAGE-",
    "empty": "F-IMAGE-EMPTY",
    "text": "F-IMAGE-",
    "link": "F-FOLDER-LINK",
    "strange": "F-FOLDER-STRANGE",
    "copies": "F-",
    "table": "F-IMAGE-MISSING",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_what_is_wrong_with_pictures_is_told(tmp_path, kind):
    problems = looked_at(broken(tmp_path, kind)).problems
    assert any(problem.code.startswith(FAULTS[kind]) and problem.where for problem in problems), problems


def test_pictures_that_are_all_alike_cannot_be_learned_from(tmp_path):
    import fukami

    with pytest.raises(DataError):
        fukami.train("image-generation", broken(tmp_path / "a", "blank"), out=tmp_path / "run", settings={"epochs": 1})


def test_an_empty_folder_is_told(tmp_path):
    with pytest.raises(DataError, match="F-FOLDER-EMPTY"):
        looked_at(tmp_path)


# -- answers as files --------------------------------------------------------------------------------------------------------
def test_pictures_become_files_that_say_where_they_come_from(tmp_path):
    field = learned(pictures())
    told = field.restore(torch.from_numpy(pictures(3)[:, None]))
    given = [{"input": name, **one, "score": 0.5} for name, one in zip([7, "a/7.jpg", "../x y"], told, strict=True)]
    found = written(given, tmp_path / "out", run="shoes")
    assert [one["picture"] for one in found] == [str(tmp_path / "out" / name) for name in ("7.png", "7-2.png", "x-y.png")]
    assert found[0]["score"] == 0.5 and found[0]["input"] == 7
    image = Pillow.open(found[0]["picture"])
    np.testing.assert_array_equal(np.asarray(image), pictures(3)[0])
    assert image.info["Description"] == "made by a model: run shoes, input 7"


def test_an_exported_program_writes_its_pictures_as_predict_does(tmp_path):
    """The same names and the same pixels, and what made them; other values stay as they are."""
    pixels = np.arange(12, dtype=np.uint8).reshape(1, 3, 4)
    answer = Picture().restore(torch.from_numpy(pixels)[None])[0]["picture"]
    kept, told, taken = assemble.member(("command_pictures",), "kept"), {"model": "ddpm", "task": "image-generation"}, set()
    names = ["3", 3, "a/b c.png", {"seed": 4}]
    theirs = [kept(answer, name, tmp_path / "theirs", told, taken) for name in names]
    ours = written([{"input": name, "picture": answer} for name in names], tmp_path / "ours", run="r")
    assert [Path(place).name for place in theirs] == [Path(one["picture"]).name for one in ours]
    found = Pillow.open(theirs[1])
    assert (np.asarray(found) == pixels[0]).all() and "ddpm (image-generation), input 3" in found.info["Description"]
    assert kept(0.5, "3", tmp_path, told, taken) == 0.5 and kept("cat", "3", tmp_path, told, taken) == "cat"
