"""A network that is an ONNX file: what an int8 run holds in the place of weights. It answers; it does not learn.

The graph's inputs are the field's tensors by name (`image`; `text_ids` and `text_lengths`; `row_numbers` and
`row_categories`), its outputs the raw ones of `Network`, whose names say how they belong together (`spelled`). Nothing in the
file is code: it is read as data by onnxruntime, from memory, so that it can name no other file.
"""

import os
from collections import namedtuple
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.fields import batch as trees

_LEFT: list[Any] = []
"""Sessions that were opened before this process was forked."""


class OnnxNetwork(nn.Module):
    """`{input name: batch}` → raw outputs, as the network gives them that it was made of, computed by onnxruntime with torch's
    number of threads.

    Args:
        model: the content of the ONNX file.
        name: where it came from, for messages.
    """

    def __init__(self, model: bytes, *, name: str = ""):
        super().__init__()
        self.model, self.name = model, name
        self._session: Any = None
        self._threads = self._process = 0

    @classmethod
    def read(cls, path: Path) -> "OnnxNetwork":
        """The network in a file. Raises `RunError` where it cannot be read."""
        try:
            return cls(path.read_bytes(), name=str(path))
        except OSError as error:
            raise RunError("F-CHECKPOINT-FILE", _("the weights cannot be read"), where=str(path), got=str(error)) from None

    def forward(self, inputs: dict[str, Any], *, features: bool = False) -> Any:
        """Raw outputs; with `features` a pair as `Network` gives it, whose second is None: the file keeps them to itself."""
        session = self.session()
        device = next(iter(trees.named(inputs).values())).device
        names = [told.name for told in session.get_outputs()]
        found = [torch.from_numpy(array).to(device) for array in session.run(None, feeds(session, inputs))]
        outputs = unspelled(dict(zip(names, found, strict=True)))
        return (outputs, None) if features else outputs

    def varying(self) -> list[dict[int, str]]:
        """Of each output the axes whose size varies, besides that of the examples, each with a name."""
        shapes = [enumerate(told.shape) for told in self.session().get_outputs()]
        return [{axis: f"size{axis}" for axis, size in shape if axis and not isinstance(size, int)} for shape in shapes]

    def session(self) -> Any:
        """The opened file; opened anew where torch's number of threads has changed."""
        threads = torch.get_num_threads()
        if self._session is not None and self._process != os.getpid():
            _LEFT.append(self._session)  # to close it would mean to wait for threads that were not forked with it
            self._session = None
        if self._session is None or self._threads != threads:
            self._process = os.getpid()
            self._session, self._threads = opened(self.model, threads, name=self.name), threads
        return self._session

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnnxNetwork":
        return OnnxNetwork(self.model, name=self.name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}


# -- raw outputs by name -------------------------------------------------------------------------------------------------
def spelled(outputs: Any, name: str = "outputs") -> dict[str, torch.Tensor]:
    """Raw outputs as tensors by name, from which `unspelled` makes the same tree again: keys behind a point, places of tuples
    as numbers, parts of named tuples behind their name and a colon.

    >>> list(spelled({"mask": torch.zeros(1), "levels": (torch.zeros(1), torch.ones(1))}))
    ['outputs.mask', 'outputs.levels.0', 'outputs.levels.1']
    """
    if isinstance(outputs, torch.Tensor):
        return {name: outputs}
    if isinstance(outputs, dict):
        parts = outputs
    elif hasattr(outputs, "_fields"):
        parts = {f"{type(outputs).__name__}:{key}": part for key, part in zip(outputs._fields, outputs, strict=True)}
    elif isinstance(outputs, tuple | list):
        parts = {str(place): part for place, part in enumerate(outputs)}
    else:
        raise TypeError(f"raw outputs hold a {type(outputs).__name__}, which no graph gives")
    return {key: tensor for inner, part in parts.items() for key, tensor in spelled(part, f"{name}.{inner}").items()}


def unspelled(tensors: Mapping[str, Any]) -> Any:
    """The opposite of `spelled`. What was a named tuple is one of the same name and parts again.

    >>> unspelled({"outputs.mask": 1, "outputs.levels.0": 2, "outputs.levels.1": 3})
    {'mask': 1, 'levels': (2, 3)}
    """
    return _built({tuple(name.split(".")[1:]): tensor for name, tensor in tensors.items()})


def _built(tensors: dict[tuple[str, ...], Any]) -> Any:
    if () in tensors:
        return tensors[()]
    inner: dict[str, dict[tuple[str, ...], Any]] = {}
    for (first, *rest), tensor in tensors.items():
        inner.setdefault(first, {})[tuple(rest)] = tensor
    built = {name: _built(parts) for name, parts in inner.items()}
    if all(name.isdigit() for name in built):
        return tuple(built.values())
    kind, colon, _part = next(iter(built)).partition(":")
    return namedtuple(kind, [name.partition(":")[2] for name in built])(*built.values()) if colon else built


def opened(model: bytes | str, threads: int, *, name: str = "") -> Any:
    """An onnxruntime session of a file's content, or of the file at a path, whose weights may lie in another one beside it.

    Raises `RunError` F-CHECKPOINT-FILE where it is no ONNX file.
    """
    runtime = needed("onnxruntime", extra="export")
    options = runtime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.log_severity_level = 3
    # threads that wait for the next question must not take the processor from whoever else computes
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library's errors have no common class of their own
        reason = str(error).strip().splitlines()[0][:200]
        raise RunError("F-CHECKPOINT-FILE", _("the weights cannot be read"), where=name, got=reason) from None


def feeds(session: Any, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """`{input name: batch}` as the arrays that an opened session takes."""
    tensors = trees.named(inputs)
    return {told.name: np.ascontiguousarray(tensors[told.name].cpu().numpy()) for told in session.get_inputs()}
