"""Starting up: an import, `--help`, and the answer for one picture, each as a whole process.

The pictures' network is a small one on every side, for time, not for accuracy. Fukami's is its `cnn` of a short training; the
bare script holds the same network written out and loads the same weights, so the ratio of those two is what Fukami costs.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.contract import Settings, Side, Work

SCRIPTS = Path(__file__).parent.parent / "scripts"


def picture(settings: Settings) -> Path:
    return Path(settings.place) / "picture.png"


def run_folder(settings: Settings) -> Path:
    return Path(settings.place) / "run"


def prepare(settings: Settings) -> None:
    """Trains Fukami's small network for a moment, and writes one test picture."""
    from PIL import Image

    import fukami
    from benchmarks import data

    pixels, classes = data.fashion(settings.data, "train")
    Path(settings.place).mkdir(parents=True, exist_ok=True)
    if not picture(settings).exists():
        Image.fromarray(data.fashion(settings.data, "t10k")[0][0]).save(picture(settings))
    if not run_folder(settings).exists():
        choices = {"size": "tiny", "seed": 0}
        part = (pixels[: settings.examples], classes[: settings.examples])
        fukami.train("image-classification", part, model="cnn", out=run_folder(settings), epochs=1, settings=choices)


def require_same_answer(settings: Settings) -> None:
    """Raises where the bare script answers otherwise than Fukami: then it would not be the same work."""
    import fukami

    told = fukami.load(run_folder(settings)).predict(str(picture(settings)))[0]
    words = _script("bare", "run", settings, sys.executable)
    bare = json.loads(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    if bare["label"] != told["label"] or abs(bare["score"] - told["score"]) > 1e-4:
        raise RuntimeError(f"the bare script answers {bare}, fukami {told['label']} ({told['score']})")


# -- what the peers predict with ---------------------------------------------------------------------------------------------
def prepare_keras(settings: Settings) -> None:
    """The network of the first work, with the weights that it starts from."""
    import keras

    from benchmarks.works.fashion import keras_model

    if not (place := Path(settings.place) / "model.keras").exists():
        keras.utils.set_random_seed(0)
        keras_model().save(place)


def prepare_fastai(settings: Settings) -> None:
    """A learner over a folder of few pictures, exported as fastai does it."""
    from fastai.learner import Learner
    from fastai.losses import CrossEntropyLossFlat
    from fastai.vision.core import PILImageBW
    from fastai.vision.data import CategoryBlock, DataBlock, ImageBlock, get_image_files
    from PIL import Image

    from benchmarks import data
    from benchmarks.networks import small_cnn
    from benchmarks.scripts.names import parent_name

    place = Path(settings.place)
    if (place / "learner.pkl").exists():
        return
    pixels, classes = data.fashion(settings.data, "train")
    for number, (image, label) in enumerate(zip(pixels[:200], classes[:200], strict=True)):
        file = place / "few" / str(label) / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(file)
    blocks: Any = (ImageBlock(PILImageBW), CategoryBlock)  # pyright: ignore[reportArgumentType]
    block = DataBlock(blocks, get_items=get_image_files, get_y=parent_name)
    loaders = block.dataloaders(place / "few", bs=16, num_workers=0)
    Learner(loaders, small_cnn(), loss_func=CrossEntropyLossFlat()).export(place / "learner.pkl")


def prepare_pipeline(settings: Settings) -> None:
    """A small ResNet of transformers with random weights, and its picture processor, saved as the hub holds them."""
    from transformers import ConvNextImageProcessor, ResNetConfig, ResNetForImageClassification

    config: Any = ResNetConfig  # its arguments are not all declared
    place = Path(settings.place) / "pipeline"
    if place.exists():
        return
    sizes = {"embedding_size": 16, "hidden_sizes": [16, 32], "depths": [1, 1], "layer_type": "basic"}
    ResNetForImageClassification(config(num_channels=3, num_labels=10, **sizes)).save_pretrained(place)
    ConvNextImageProcessor(size={"shortest_edge": 32}, crop_pct=1.0).save_pretrained(place)


# -- the commands ------------------------------------------------------------------------------------------------------------
def _import(line: str, _settings: Settings, python: str) -> list[str]:
    return [python, "-c", line]


def _fukami_help(_settings: Settings, python: str) -> list[str]:
    return [python, "-m", "fukami", "--help"]


def _console(name: str, _settings: Settings, python: str) -> list[str]:
    """A library's own command, which lies beside the interpreter."""
    return [str(Path(python).parent / name), "--help"]


def _fukami_predict(settings: Settings, python: str) -> list[str]:
    return [python, "-m", "fukami", "predict", str(run_folder(settings)), str(picture(settings)), "--json"]


def _script(name: str, model: str, settings: Settings, python: str) -> list[str]:
    """A program of `scripts/`, given what it predicts with and the picture."""
    return [python, str(SCRIPTS / f"{name}.py"), str(Path(settings.place) / model), str(picture(settings))]


def _imports(name: str, line: str, *packages: str, **env: str) -> Side:
    return Side(name, line, command=partial(_import, line), packages=packages, env=env)


def _predicts(name: str, does: str, model: str, *packages: str, **env: str) -> Side:
    prepares = {"keras": prepare_keras, "fastai": prepare_fastai, "transformers": prepare_pipeline}
    file = {"keras": "keras_predict", "fastai": "fastai_predict", "transformers": "pipeline_predict"}
    family = name.partition("-")[0]
    return Side(name, does, command=partial(_script, file[family], model), packages=packages, prepare=prepares[family], env=env)


IMPORT = Work(
    name="startup-import",
    summary="import of the library",
    unit="",
    module=__name__,
    counted="fukami loads torch when a verb needs it, the others load it (or jax) at once.",
    warm=True,
    sides=(
        Side("fukami", "import fukami", command=partial(_import, "import fukami"), own=True),
        _imports("torch", "import torch", "torch"),
        _imports("keras-jax", "import keras", "keras", "jax", KERAS_BACKEND="jax"),
        _imports("keras-torch", "import keras", "keras", "torch", KERAS_BACKEND="torch"),
        _imports("fastai", "from fastai.vision.all import *", "fastai"),
        _imports("transformers", "from transformers import pipeline", "transformers"),
        _imports("lightning", "import lightning", "lightning"),
    ),
)
HELP = Work(
    name="startup-help",
    summary="help of the command",
    unit="",
    module=__name__,
    counted="Keras and fastai have no command.",
    warm=True,
    sides=(
        Side("fukami", "fukami --help", command=_fukami_help, own=True),
        Side("transformers", "transformers --help", command=partial(_console, "transformers"), packages=("transformers",)),
        Side("lightning", "fabric --help", command=partial(_console, "fabric"), packages=("lightning",)),
    ),
)
PREDICT = Work(
    name="startup-predict",
    summary="predict one picture, from the start of the process to its end",
    unit="",
    module=__name__,
    settings=Settings(examples=600),
    prepare=prepare,
    counted="The bare script loads the same weights as fukami and gives the same answer.",
    warm=True,
    sides=(
        Side("fukami", "fukami predict RUN picture.png --json", command=_fukami_predict, own=True),
        Side(
            "bare",
            "scripts/bare.py: torch, the same weights",
            command=partial(_script, "bare", "run"),
            own=True,
            prepare=require_same_answer,
        ),
        _predicts("keras-jax", "load_model and predict", "model.keras", "keras", "jax", KERAS_BACKEND="jax"),
        _predicts("keras-torch", "load_model and predict", "model.keras", "keras", "torch", KERAS_BACKEND="torch"),
        _predicts("fastai", "load_learner and predict", "learner.pkl", "fastai"),
        _predicts("transformers", "pipeline('image-classification')", "pipeline", "transformers", "torchvision"),
    ),
)
WORKS = (IMPORT, HELP, PREDICT)
