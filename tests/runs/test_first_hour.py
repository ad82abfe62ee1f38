"""What a new user does in the first hour, on files, through the command line: every task from data to answers.

Each task's data is made by the test; the run folders are then held against the contract of a run.
"""

import csv
import json
import shlex
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

import fukami
from fukami.cli.main import main
from fukami.core import artefact
from tests.synthetic import columns


def picture_folder(place: Path) -> Path:
    """A folder per class, with a separate folder of test pictures."""
    raw = columns({"image": "image", "label": "category"}, 60)
    for i, (pixels, label) in enumerate(zip(raw["image"][0].values, raw["label"][0].values.to_pylist(), strict=True)):
        folder = place / ("test" if i >= 48 else "train") / label
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    return place


def table(place: Path, kinds: dict[str, str], *, delimiter: str = ",", rows: int = 150) -> Path:
    """A table file of all columns of the fields."""
    raw = [c for cells in columns(kinds, rows).values() for c in cells]
    with place.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([c.name for c in raw])
        writer.writerows(zip(*(c.strings() for c in raw), strict=True))
    return place


def call(capsys, *words: str) -> dict:
    """The one JSON object that a verb prints, after it said that all is well."""
    capsys.readouterr()
    code = main([*map(str, words), "--json"])
    out = capsys.readouterr()
    assert code == 0, out.err
    return json.loads(out.out)


QUICK = ("--set", "epochs=8", "--set", "batch_size=16", "--set", "plan=default")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Every task, trained once on files."""
    base = tmp_path_factory.mktemp("first-hour")
    data = {
        "image-classification": picture_folder(base / "photos"),
        "text-classification": table(base / "reviews.tsv", {"text": "text", "label": "category"}, delimiter="\t"),
        "tabular-classification": table(base / "people.csv", {"row": "row", "label": "category"}),
        "tabular-regression": table(base / "houses.csv", {"row": "row", "value": "number"}),
    }
    runs = {}
    for task, source in data.items():
        runs[task] = base / "runs" / task
        assert main(["train", task, str(source), "--out", str(runs[task]), *QUICK, "--json"]) == 0
    return data, runs


TASKS = ["image-classification", "text-classification", "tabular-classification", "tabular-regression"]


@pytest.mark.parametrize("task", TASKS)
def test_a_run_folder_keeps_its_contract(trained, task):
    run = trained[1][task]
    present = {p.relative_to(run).as_posix() for p in run.rglob("*") if p.is_file()}
    wanted = {"run.json", "recipe.toml", "model/model.safetensors", "model/config.json", "history.jsonl", "report.html"}
    assert wanted | {"manifest.json", "proofs/split.json", "proofs/baselines.json"} <= present
    assert not [name for name in present if name.endswith((".pkl", ".pt", ".pth", ".bin", ".pickle"))]
    artefact.verify(run)
    told = json.loads((run / "run.json").read_text("utf-8"))
    assert told["schema"] == artefact.SCHEMA
    assert told["task"] == task
    history = artefact.read_lines(run / "history.jsonl")
    assert any("loss" in line for line in history)
    assert any("valid" in line for line in history)
    with safe_open(run / "model" / "model.safetensors", "np") as file:
        assert len(list(file.keys())) > 0
    page = (run / "report.html").read_text("utf-8")
    assert "<html" in page
    assert "http://" not in page.replace("http://www.w3.org/", "")
    assert not list(run.parent.glob(".*"))


def test_others_may_read_all_of_a_run_where_they_may_read_what_is_made_here(trained, tmp_path):
    made = tmp_path / "made"
    made.write_text("")
    modes = {path.stat().st_mode for run in trained[1].values() for path in run.rglob("*") if path.is_file()}
    assert modes == {made.stat().st_mode}


@pytest.mark.parametrize("task", TASKS)
def test_it_learned_and_says_so_beside_its_baselines(trained, task, capsys):
    told = call(capsys, "evaluate", trained[1][task])
    assert set(told) >= {"task", "run", "examples", "metrics", "baselines", "proofs"}
    headline = next(iter(told["metrics"]))
    own = told["metrics"][headline]
    assert own["low"] <= own["value"] <= own["high"]
    trivial = told["baselines"].get("majority") or told["baselines"]["mean"]
    assert own["value"] > trivial[headline]
    artefact.verify(trained[1][task])


def test_a_run_that_may_only_be_read_is_judged_and_what_is_not_kept_is_told(trained, capsys, monkeypatch):
    run = trained[1]["tabular-regression"]
    before = sorted((path, path.stat().st_mtime_ns) for path in run.parent.rglob("*"))
    monkeypatch.setattr(artefact.os, "access", lambda path, mode: mode != artefact.os.W_OK)
    told = call(capsys, "evaluate", run)
    assert told["metrics"] and told["report"] is None
    assert [note for note in told["notes"] if f"{run} may not be written to" in note]
    assert sorted((path, path.stat().st_mtime_ns) for path in run.parent.rglob("*")) == before


@pytest.mark.parametrize("task", TASKS)
def test_judging_again_reads_once_and_fits_no_baseline(trained, capsys, monkeypatch, task):
    """The training noted what the baselines reached on these very examples."""
    from fukami.evaluate import examples, whole

    run, sources = trained[1][task], []
    noted = artefact.read_json(run / "proofs" / "baselines.json")["metrics"]
    own = examples.read
    monkeypatch.setattr(examples, "read", lambda source, *args, **more: (sources.append(source), own(source, *args, **more))[1])
    with monkeypatch.context() as patched:
        patched.setattr(whole, "fit_baselines", None)
        assert call(capsys, "evaluate", run)["baselines"] == noted
    assert len(sources) == 1


def test_baselines_are_fitted_again_where_the_examples_are_others(trained, capsys, monkeypatch):
    from fukami.evaluate import verb

    data, runs = trained
    run, told = runs["tabular-classification"], {}
    for name in ("noted", "again"):
        told[name] = call(capsys, "evaluate", run)
        monkeypatch.setattr(verb, "noted_baselines", lambda _run, _judged: {})
    assert told["again"]["baselines"] == told["noted"]["baselines"]
    monkeypatch.undo()
    people = data["tabular-classification"]
    lines = people.read_text("utf-8")
    try:
        people.write_text(lines + "0.5,0.5,town1,2024-03-01,class0\n" * 3, "utf-8")
        changed = call(capsys, "evaluate", run)
    finally:
        people.write_text(lines, "utf-8")
    assert changed["baselines"] and changed["examples"] != told["noted"]["examples"]


def test_a_metric_that_says_nothing_of_so_few_classes_is_left_out(trained):
    for task in TASKS:
        assert "top5_accuracy" not in artefact.read_json(trained[1][task] / "proofs" / "evaluation.json")["metrics"]


def test_evaluating_what_was_trained_on_is_refused_or_counted(trained, capsys):
    data, runs = trained
    told = call(capsys, "evaluate", runs["image-classification"], data["image-classification"] / "test")
    assert told["examples"] == 12
    assert told["excluded"] == 0
    assert main(["evaluate", str(runs["image-classification"]), str(data["image-classification"] / "train")]) == 1
    assert "F-EVALUATE-SEEN" in capsys.readouterr().err


def test_labels_that_the_run_does_not_know_are_counted(trained, capsys, tmp_path):
    data, runs = trained
    lines = data["tabular-classification"].read_text("utf-8").splitlines()
    new = [line.rsplit(",", 1)[0] + ",unheard" for line in lines[1:6]]
    mixed = tmp_path / "mixed.csv"
    fresh = [f"9.{i},0.5,town1,2024-03-01,class0" for i in range(4)]
    mixed.write_text("\n".join([lines[0], *new, *fresh]) + "\n", "utf-8")
    told = call(capsys, "evaluate", runs["tabular-classification"], mixed)
    assert (told["examples"], told["unusable"]) == (4, 5)
    assert "unheard" in told["notes"][0] and "55.6" in told["notes"][0]


def test_predict_takes_files_tables_and_standard_input(trained, capsys, monkeypatch, tmp_path):
    import io
    import sys

    data, runs = trained
    pictures = sorted((data["image-classification"] / "test").rglob("*.png"))[:3]
    told = call(capsys, "predict", runs["image-classification"], *pictures)["predictions"]
    assert [p["input"] for p in told] == [str(p) for p in pictures]
    for answer in told:
        assert set(answer) == {"input", "label", "score", "scores"}
        assert answer["score"] == max(answer["scores"].values())
        assert abs(sum(answer["scores"].values()) - 1) < 1e-4

    told = call(capsys, "predict", runs["image-classification"], data["image-classification"] / "test")["predictions"]
    assert [p["input"] for p in told[:3]] == [str(p) for p in pictures]

    told = call(capsys, "predict", runs["tabular-regression"], data["tabular-regression"])["predictions"]
    assert len(told) == 150
    assert isinstance(told[0]["value"], float)
    assert told[2]["input"].endswith("houses.csv:4")  # the third row stands in the fourth line

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the sun and a road\nthe moon\n")))
    told = call(capsys, "predict", runs["text-classification"], "-")["predictions"]
    assert [p["input"] for p in told] == ["-:1", "-:2"]

    monkeypatch.setattr(
        sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"height": 1.0, "town": "town1", "noise": 0.1, "day": null}'))
    )
    told = call(capsys, "predict", runs["tabular-classification"], "-")["predictions"]
    assert told[0]["label"].startswith("class")


def test_rows_without_content_are_told_where_they_are_left_out(trained, capsys, tmp_path, monkeypatch):
    import io
    import sys

    people = tmp_path / "people.csv"
    people.write_text("height,noise,town,day\n1,2,town1,2024-03-02\n,,,\n1,2,town1,2024-03-02\n", "utf-8")
    run = str(trained[1]["tabular-classification"])
    assert main(["predict", run, str(people), "--json"]) == 0
    out, err = capsys.readouterr()
    assert [p["input"] for p in json.loads(out)["predictions"]] == [f"{people}:2", f"{people}:4"]
    assert "F-TABLE-BLANK" in err and f"{people}:3" in err
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(people.read_bytes())))
    assert main(["predict", run, "-"]) == 0
    assert "(-:3)" in capsys.readouterr().err


def test_check_says_what_each_input_and_target_is_read_from(trained, capsys):
    data, _runs = trained
    told = call(capsys, "check", "tabular-classification", data["tabular-classification"])
    assert told["columns"] == {"row": ["height", "noise", "town", "day"], "label": ["label"]}
    main(["check", "tabular-classification", str(data["tabular-classification"])])
    out = capsys.readouterr().out
    assert "← height, noise, town, day (4)" in out and "← label\n" in out


def test_an_input_that_cannot_be_read_is_named(trained, capsys, tmp_path):
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n\x1a\n and nothing more")
    for name in (broken, tmp_path / "missing.png"):
        assert main(["predict", str(trained[1]["image-classification"]), str(name)]) == 1
        err = capsys.readouterr().err
        assert str(name) in err
        assert "Traceback" not in err


def test_a_recipe_repeats_its_run_bit_by_bit(trained, capsys, tmp_path):
    run = trained[1]["tabular-classification"]
    call(capsys, "train", run / "recipe.toml", "--out", tmp_path / "again")
    assert artefact.digest(run / "model" / "model.safetensors") == artefact.digest(tmp_path / "again/model/model.safetensors")


@pytest.mark.slow
def test_pretrained_weights_from_a_local_run_are_frozen_then_tuned(trained, capsys, tmp_path, monkeypatch):
    data, _runs = trained
    base = call(
        capsys, "train", "image-classification", data["image-classification"], "--model", "timm:test_resnet",
        "--out", tmp_path / "base", "--set", "size_px=32", *QUICK[2:], "--set", "epochs=40", "--set", "learning_rate=0.01",
    )  # fmt: skip
    assert base["metrics"]["accuracy"] >= 0.9
    told = call(
        capsys, "train", "image-classification", data["image-classification"], "--model", "timm:test_resnet",
        "--set", f"pretrained={tmp_path / 'base'}", "--out", tmp_path / "tuned", "--set", "size_px=32", *QUICK,
    )  # fmt: skip
    assert told["metrics"]["accuracy"] >= 0.9  # eight epochs from scratch reach a third of that
    import timm

    network = timm.create_model("local-dir:" + str(tmp_path / "tuned" / "model"), pretrained=True)
    assert sum(p.numel() for p in network.parameters()) > 0
    # what the exported folder's own page says gives the run's answers, as sure as they are
    picture = str(next(path for path in Path(data["image-classification"]).rglob("*.png")))
    own = call(capsys, "predict", tmp_path / "tuned", picture)["predictions"][0]["scores"]
    call(capsys, "export", tmp_path / "tuned", "--to", "folder", "--out", tmp_path / "folder")
    monkeypatch.chdir(tmp_path / "folder")
    monkeypatch.syspath_prepend(tmp_path / "folder")
    monkeypatch.delitem(sys.modules, "preprocess", raising=False)  # of another exported folder
    code, told = Path("README.md").read_text("utf-8").split("```python")[1].split("```")[0], {}
    exec(code.replace("picture.jpg", picture), told)
    assert told["scores"][0].tolist() == pytest.approx(list(own.values()), abs=1e-4)


def test_a_module_of_ones_own_trains_answers_and_is_loaded_again(tmp_path):
    from sklearn.datasets import load_digits
    from torch import nn

    import fukami

    def module():
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))

    digits = load_digits()
    run = fukami.train(
        "image-classification",
        (digits.images, digits.target),
        model=module(),
        out=tmp_path / "own",
        epochs=5,
        learning_rate=0.01,
        plan="default",
    )
    assert run.metrics["accuracy"] > 0.8
    answers = run.predict([digits.images[0], digits.images[1]])
    with pytest.raises(fukami.FukamiError, match="F-RUN-MODULE"):
        _ = fukami.load(tmp_path / "own").predictor
    again = fukami.load(tmp_path / "own", model=module())
    assert fukami.load(tmp_path / "own", network=module())._network is not None
    with pytest.raises(fukami.FukamiError, match="F-RUN-MODEL"):
        fukami.load(tmp_path / "own", model="resnet18")
    assert [a["label"] for a in again.predict(digits.images[:2])] == [a["label"] for a in answers]
    np.testing.assert_allclose(again.predict(digits.images[0])[0]["score"], answers[0]["score"], rtol=1e-5)


def test_folds_say_how_good_the_recipe_is(trained, capsys, tmp_path):
    told = call(
        capsys, "train", "tabular-regression", trained[0]["tabular-regression"], "--folds", "3", "--model", "linear",
        "--out", tmp_path / "folds", *QUICK,
    )  # fmt: skip
    assert len(told["folds"]["r2"]["values"]) == 3
    assert (tmp_path / "folds" / "proofs" / "folds.json").exists()


def test_groups_are_judged_apart(trained, capsys):
    told = call(capsys, "evaluate", trained[1]["tabular-classification"], "--set", "groups=town")
    values = {part["value"] for part in told["groups"]["town"]}
    assert {"town0", "town1"} <= values


@pytest.mark.parametrize("task", TASKS)
def test_the_first_next_command_can_be_typed_as_it_stands(trained, task, capsys):
    """Behind advice to train another model, where one is better."""
    typed = [command for command, _why in fukami.load(trained[1][task]).commands()]
    command = next(one for one in typed[:2] if one.split()[1] == "predict")
    assert call(capsys, *shlex.split(command)[1:])["predictions"]


def test_a_file_of_a_folder_of_texts_is_what_can_be_tried(tmp_path):
    from fukami.core.recipe import Recipe
    from fukami.data import read
    from fukami.data.bind import bind
    from fukami.tasks.registry import contract
    from fukami.training.finish import example_of

    for name in ("bad/1.txt", "good/2.txt"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"It is {name}.", "utf-8")
    task, recipe = contract("text-classification"), Recipe("text-classification").changed({"source": str(tmp_path)})
    found = bind(read(tmp_path, recipe.data, kinds=("text",)), task, recipe.data)
    split = SimpleNamespace(train=np.array([0]), valid=np.array([], int), test=np.array([1]))
    assert example_of(SimpleNamespace(task=task, recipe=recipe, columns=found, split=split)) == str(tmp_path / "good/2.txt")
