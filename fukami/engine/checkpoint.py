"""A learner's whole state on disk: tensors as safetensors, the rest as JSON, no pickle. Replaced atomically, checked when read.

Tree of dicts, lists, numbers and tensors ↔ one file, whose header holds the tree's shape and a SHA-256 of the file. A file is
written beside its place, put on the disk for good, and renamed; the one that it replaces is kept as the previous, to which
reading turns where the last is damaged.

The file is written here rather than by the safetensors library: tensor by tensor, so that saving takes no second copy of the
state, and with the system's own error where the disk is full.

>>> import tempfile, pathlib
>>> place = pathlib.Path(tempfile.mkdtemp()) / "state.safetensors"
>>> save(place, {"step": 3, "weights": [torch.ones(2)]})
>>> load(place)["weights"][0].tolist(), load(place)["step"]
([1.0, 1.0], 3)
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import torch
from safetensors import SafetensorError, safe_open

from fukami.core.errors import RunError
from fukami.core.language import _

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG)
"""Errors of a disk that is full, that fails, or that takes no file so large: what is in memory is whole, and writing may
succeed later."""

Watch = Callable[[int, int], None]
"""`(bytes written, bytes in all)`, called while a file is written."""

_DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
_OPEN = "0" * 64
"""Stands in the header for the digest while the digest is computed."""
_CHUNK = 1 << 20


# -- writing -------------------------------------------------------------------------------------------------------------
def save(place: Path, tree: dict[str, Any], *, watch: Watch | None = None) -> None:
    """Writes `tree`. What stood at `place` becomes the previous one, once the new one is on the disk for good.

    Raises `OSError` where the disk does not take it (`DISK`); then nothing has changed.
    """
    tensors: dict[str, torch.Tensor] = {}
    shape = _flatten(tree, "", tensors)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = draft_of(place)
    try:
        with draft.open("wb+") as file:
            _write(file, tensors, shape, watch)
            file.flush()
            os.fsync(file.fileno())
        if place.exists():
            place.replace(previous_of(place))
        draft.replace(place)
    finally:
        with contextlib.suppress(OSError):  # a disk that fails may refuse even this; the next draft overwrites it
            draft.unlink(missing_ok=True)
    sync_folder(place.parent)


def draft_of(place: Path) -> Path:
    """Where a checkpoint is written before it takes its place: one name, so that a killed process leaves no second one."""
    return place.with_name(f".{place.name}.draft")


def previous_of(place: Path) -> Path:
    """Where the checkpoint before the last is kept: `checkpoint.previous.safetensors`."""
    return place.with_name(f"{place.stem}.previous{place.suffix}")


def exists(place: Path) -> bool:
    """Whether there is a checkpoint to go on from (a kill between two renames leaves the previous one alone)."""
    return place.exists() or previous_of(place).exists()


def sync_folder(folder: Path) -> None:
    """Asks the disk to keep the names in `folder`."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some file systems refuse to sync folders; renames are atomic all the same
            os.fsync(handle)
    finally:
        os.close(handle)


def _write(file: BinaryIO, tensors: dict[str, torch.Tensor], shape: Any, watch: Watch | None) -> None:
    # the widest first, so that every tensor begins at a multiple of its item's size
    names = sorted(tensors, key=lambda name: (-tensors[name].element_size(), name))
    header: dict[str, Any] = {"__metadata__": {"digest": _OPEN, "tree": json.dumps(shape)}}
    end = 0
    for name in names:
        told, begin = tensors[name], end
        end += told.numel() * told.element_size()
        header[name] = {"dtype": _DTYPES[told.dtype], "shape": list(told.shape), "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    head = len(text).to_bytes(8, "little") + text
    digest = hashlib.sha256(head)
    file.write(head)
    for name in names:
        data = memoryview(tensors[name].detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())  # type: ignore[arg-type]
        for begin in range(0, len(data), _CHUNK):
            part = data[begin : begin + _CHUNK]
            digest.update(part)
            file.write(part)
            if watch is not None:
                watch(file.tell() - len(head), end)
    file.seek(head.index(_OPEN.encode()))
    file.write(digest.hexdigest().encode())


def _flatten(value: Any, path: str, tensors: dict[str, torch.Tensor]) -> Any:
    if isinstance(value, torch.Tensor):
        tensors[path] = value
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


# -- reading -------------------------------------------------------------------------------------------------------------
def load(place: Path) -> dict[str, Any]:
    """The tree that `save` wrote. Raises `RunError` where the file is damaged."""
    try:
        _verify(place)
        with safe_open(place, "pt") as file:
            return _unflatten(json.loads(file.metadata()["tree"]), file)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise RunError("F-CHECKPOINT", _("the checkpoint cannot be read"), where=str(place), got=str(error)) from None


def load_last(place: Path, *, mend: bool = True) -> tuple[dict[str, Any], str]:
    """The last tree that is whole, and what is wrong with the last file where it was not that: then the previous one is taken.

    It also takes the last one's place, unless `mend` is off: who only looks must not move what a training may be writing.
    Raises `RunError` F-CHECKPOINT where neither can be read.
    """
    previous = previous_of(place)
    if not place.exists() and previous.exists():  # killed between two renames: the previous one is still the last
        if not mend:
            return load(previous), ""
        previous.replace(place)
    try:
        return load(place), ""
    except RunError as damaged:
        if not previous.exists():
            raise
        tree = load(previous)
        if mend:  # in its place, so that the next checkpoint does not push it out in favour of the damaged one
            previous.replace(place)
        return tree, damaged.got


def _verify(place: Path) -> None:
    """Raises `ValueError` where the file is not what was written."""
    with place.open("rb") as file:
        size = file.read(8)
        length = int.from_bytes(size, "little")
        if length > place.stat().st_size:
            raise ValueError(_("the file was cut short or altered"))
        text = file.read(length)
        told = str(json.loads(text)["__metadata__"]["digest"])
        digest = hashlib.sha256(size + text.replace(told.encode(), _OPEN.encode(), 1))
        while part := file.read(_CHUNK):
            digest.update(part)
    if digest.hexdigest() != told:
        raise ValueError(_("the file was cut short or altered"))


def _unflatten(told: Any, file: Any) -> Any:
    ((kind, content),) = told.items()
    if kind == "tensor":
        return file.get_tensor(content)
    if kind == "dict":
        return {key: _unflatten(value, file) for key, value in content}
    if kind == "list":
        return [_unflatten(value, file) for value in content]
    return content
