"""A form as it opens from its own files: what is judged is what will be kept, not what stood in memory."""

import copy
import shutil
from dataclasses import replace
from pathlib import Path

from fukami.compress.contract import Form
from fukami.core import artefact
from fukami.models import checkpoint
from fukami.predictor import Predictor, restored


def reopened(form: Form, folder: Path) -> Predictor:
    """The predictor that opens from a form's files, which are written into the new `folder`."""
    form.save(folder / "model")
    shutil.copyfile(form.base / "recipe.toml", folder / "recipe.toml")
    if form.predictor.choice is None and not form.graph:  # a module of the caller's own, which no folder can build
        network = copy.deepcopy(form.predictor.network)
        checkpoint.load(network, folder / "model")
        return replace(form.predictor, network=network)
    return restored(folder, artefact.told_of(form.base))
