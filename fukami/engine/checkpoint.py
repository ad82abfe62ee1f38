"""A learner's whole state on disk: tensors as safetensors, the rest as JSON, no pickle. Replaced atomically.

Tree of dicts, lists, numbers and tensors ↔ one file. The tree's shape goes into the file's header.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "state"
>>> save(place, {"step": 3, "weights": [torch.ones(2)]})
>>> load(place)["weights"][0].tolist(), load(place)["step"]
([1.0, 1.0], 3)
"""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from fukami.core.errors import RunError
from fukami.core.language import _


def _flatten(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        tensors[path] = value.detach().cpu().contiguous().clone()
        return {"tensor": path}
    if isinstance(value, dict):
        return {"dict": [[_key(k), _flatten(v, f"{path}/{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, (list, tuple)):
        return {"list": [_flatten(v, f"{path}/{i}", tensors) for i, v in enumerate(value)]}
    return {"value": value}


def _key(key: Any) -> Any:
    if not isinstance(key, (str, int)):
        raise TypeError(f"a checkpoint's keys are text or whole numbers, not {key!r}")
    return key


def _unflatten(told: Any, file: Any) -> Any:
    ((kind, content),) = told.items()
    if kind == "tensor":
        return file.get_tensor(content)
    if kind == "dict":
        return {key: _unflatten(value, file) for key, value in content}
    if kind == "list":
        return [_unflatten(value, file) for value in content]
    return content


def save(place: Path, tree: dict[str, Any]) -> None:
    """Writes `tree`; an older checkpoint at `place` stays whole until the new one is on the disk."""
    tensors: dict[str, torch.Tensor] = {}
    shape = _flatten(tree, "", tensors)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        save_file(tensors, draft, metadata={"tree": json.dumps(shape)})
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(place)
    finally:
        draft.unlink(missing_ok=True)


def load(place: Path) -> dict[str, Any]:
    """The tree that `save` wrote. Raises `RunError` where the file is damaged."""
    try:
        with safe_open(place, "pt") as file:
            return _unflatten(json.loads(file.metadata()["tree"]), file)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError("F-CHECKPOINT", _("the checkpoint cannot be read"), where=str(place), got=str(error)) from None
