"""Vectors of what is alike: measures against scikit-learn and by hand, losses, parts without common identities, what the doctor
finds, and searching a run."""

import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image as Pillow
from sklearn.metrics import roc_auc_score, roc_curve
from sklearn.neighbors import NearestNeighbors

import fukami
from fukami import api
from fukami.core.errors import DataError, FukamiError
from fukami.core.recipe import DataChoices, LearningChoices
from fukami.core.tables import Column
from fukami.data import read
from fukami.fields.embedding.field import Embedding
from fukami.metrics.contract import Running
from fukami.objectives import arcface, contrastive, triplet

NAMES = ("recall_at_1", "recall_at_5", "verification_auc", "equal_error_rate", "tar_at_far")


def column(*names):
    return [Column("who", pa.array(names))]


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def judged():
    rng = np.random.default_rng(0)
    identity = rng.integers(0, 12, 150)
    vectors = unit(rng.standard_normal((150, 16)) + 0.7 * rng.standard_normal((12, 16))[identity])
    running = Running(NAMES, Embedding(), replicates=20)
    weights = np.concatenate([np.ones((1, 150)), rng.multinomial(150, np.full(150, 1 / 150), 20)])
    truth = {"identity": identity, "index": identity}
    running.update(vectors[:60], {k: v[:60] for k, v in truth.items()}, weights[:, :60])
    running.update(vectors[60:], {k: v[60:] for k, v in truth.items()}, weights[:, 60:])
    return vectors, identity, running.values()


def test_recall_is_that_of_scikit_learns_neighbours(judged):
    vectors, identity, values = judged
    near = NearestNeighbors(n_neighbors=6, metric="cosine").fit(vectors).kneighbors(vectors)[1][:, 1:]
    hit = identity[near] == identity[:, None]
    assert values["recall_at_1"][0] == pytest.approx(hit[:, 0].mean())
    assert values["recall_at_5"][0] == pytest.approx(hit.any(1).mean())


def test_verification_is_that_of_scikit_learns_roc(judged):
    vectors, identity, values = judged
    left, right = np.triu_indices(len(vectors), 1)
    same, score = identity[left] == identity[right], (vectors @ vectors.T)[left, right]
    false, true, _thresholds = roc_curve(same, score, drop_intermediate=False)
    rates = np.linspace(0, 1, 200_001)
    missed = 1 - np.interp(rates, false, true)
    assert values["verification_auc"][0] == pytest.approx(roc_auc_score(same, score), abs=2e-5)
    assert values["equal_error_rate"][0] == pytest.approx(rates[np.argmin(np.abs(missed - rates))], abs=1e-3)
    assert values["tar_at_far"][0] == pytest.approx(np.interp(1e-3, false, true), abs=2e-3)


def test_replicates_lie_around_the_value(judged):
    for name, found in judged[2].items():
        assert np.isfinite(found).all() and 0 < found[1:].std() < 0.1 and abs(found[1:].mean() - found[0]) < 0.05, name


def test_an_identity_that_is_alone_is_not_asked_for():
    running = Running(NAMES, Embedding())
    running.update(unit(np.eye(3, 4)), {"identity": np.array([1, 2, 3]), "index": np.array([-1, -1, -1])})
    assert np.isnan(list(running.compute().values())).all()


@pytest.mark.parametrize("module", [arcface, triplet, contrastive])
def test_losses_have_right_gradients_and_fall_where_the_same_come_together(module):
    loss, index = module.build(LearningChoices()), torch.tensor([0, 0, 1, 1, 2])
    truth, centres = {"index": index, "identity": index}, torch.eye(3, 6, dtype=torch.float64)

    def of(vectors):
        cosine = torch.nn.functional.normalize(vectors, dim=-1) @ centres.T
        return loss({"vector": vectors, "cosine": cosine}, truth).mean()

    drawn = torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    assert torch.autograd.gradcheck(of, drawn.requires_grad_())
    assert of(centres[index]) < of(drawn.detach())


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ((None, None), "F-EMBEDDING-MISSING"),
        (("a", "a", None), "F-EMBEDDING-MISSING"),
        (("a", "b", "c"), "F-EMBEDDING-ALIKE"),
        (("a", "a", "a"), "F-EMBEDDING-ALIKE"),
        (("a", "a", "b"), "F-EMBEDDING-SINGLE"),
        (("Ann", "ann", "ann", "bob", "bob"), "F-EMBEDDING-SPELLING"),
        (("a", "a", "b", "b"), "F-EMBEDDING-FEW"),
        (("a@example.org", "a@example.org", "b@example.org", "b@example.org"), "F-EMBEDDING-PERSONAL"),
    ],
)
def test_the_doctor_names_what_is_odd_about_identities(names, code):
    assert code in {problem.code for problem in Embedding().check(column(*names))}


def test_nothing_can_be_learned_where_all_differ():
    with pytest.raises(DataError, match="F-EMBEDDING-ALIKE"):
        Embedding().learn(column("a", "b", "c"))


def paint(place, seed, shade):
    pixels = np.random.default_rng(seed).integers(0, 60, (12, 12, 3)) + np.array(shade)
    Pillow.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(place)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """24 identities that differ in colour, four pictures of each: enough that some are kept aside as a whole."""
    place, rng = tmp_path_factory.mktemp("alike"), np.random.default_rng(3)
    for who in range(24):
        (place / "data" / f"who{who:02}").mkdir(parents=True)
        shade = rng.integers(0, 190, 3)
        for shot in range(4):
            paint(place / "data" / f"who{who:02}" / f"{shot}.png", who * 10 + shot, shade)
    settings = {"plan": "default", "threads": 1, "epochs": 8, "batch_size": 32, "dimension": 16}
    run = fukami.train("image-similarity", place / "data", model="perceptron", out=place / "run", settings=settings)
    return place, run


def test_no_identity_stands_in_two_parts(trained):
    proof = trained[1].proofs["split"]
    assert proof["method"] == "grouped" and proof["group"]["broken"] == 0 and min(proof["group"]["groups"].values()) >= 2
    assert trained[1].evaluation["identities"]["learned"] == 0
    assert set(trained[1].proofs["baselines"]["metrics"]) == {"plain_vectors", "untrained"}


def test_a_run_finds_what_is_like_a_picture(trained):
    place, run = trained
    asked = place / "data" / "who00" / "0.png"
    (found,) = run.search(str(asked), top=3)
    assert (
        len(found) == 3 and found[0]["similarity"] == pytest.approx(1, abs=1e-4) and found[0]["input"].endswith("who00/0.png")
    )
    told = api.search(run.path, [str(asked)], top=2, place=place / "data" / "who00")
    assert told["searched"] == 4 and all(str(asked) != one["input"] for one in told["results"][0]["found"])
    assert json.loads(json.dumps(told)) == told


def test_copies_are_grouped_and_the_sharpest_is_the_best(trained, tmp_path):
    _place, run = trained
    paint(tmp_path / "a.png", 1, (20, 160, 40))
    blurred = Pillow.open(tmp_path / "a.png").resize((4, 4)).resize((12, 12))
    blurred.save(tmp_path / "blurred.png")
    (tmp_path / "copy.png").write_bytes((tmp_path / "a.png").read_bytes())
    (tmp_path / "broken.png").write_bytes(b"no picture")
    told = api.duplicates(run.path, tmp_path, near=0.5)
    (group,) = told["groups"]
    assert group["best"].endswith(("a.png", "copy.png")) and {one["kind"] for one in group["others"]} == {"copy", "similar"}
    assert told["searched"] == 3 and "broken.png" in told["notes"][0]


def test_a_run_of_classes_cannot_be_searched(tmp_path):
    with pytest.raises(FukamiError):
        api.search(tmp_path, ["x.png"])


def test_an_answer_is_a_vector_of_length_one(trained):
    place, run = trained
    (told,) = run.predict(str(place / "data" / "who01" / "0.png"))
    assert np.linalg.norm(told["embedding"]) == pytest.approx(1, abs=1e-5) and len(told["embedding"]) == 16


def test_pairs_are_read_as_identities_and_what_contradicts_is_told(tmp_path):
    for name, shade in zip("abcdef", (0, 5, 10, 190, 180, 90), strict=True):
        paint(tmp_path / f"{name}.png", shade, (shade, shade, 20))
    pairs = "left,right,same\na.png,b.png,1\nb.png,c.png,1\nd.png,e.png,yes\na.png,d.png,0\na.png,c.png,0\nf.png,a.png,0\n"
    (tmp_path / "pairs.csv").write_text(pairs)
    table = read(tmp_path / "pairs.csv", DataChoices(), kinds=("image", "embedding"))
    who = dict(zip(*(table.columns[name].strings() for name in ("image", "identity")), strict=True))
    assert who["a.png"] == who["b.png"] == who["c.png"] != who["d.png"] == who["e.png"] and len(set(who.values())) == 3
    told = {problem.code: problem for problem in table.problems}
    assert told["F-PAIRS-AGAINST"].count == 1 and ":6" in told["F-PAIRS-AGAINST"].where
    (tmp_path / "pairs.csv").write_text(pairs + "a.png,e.png,perhaps\n")
    with pytest.raises(DataError, match="F-PAIRS-ANSWER"):
        read(tmp_path / "pairs.csv", DataChoices(), kinds=("image", "embedding"))
