"""A network that is an ONNX file: what an int8 run holds in the place of weights. It answers; it does not learn.

The graph's inputs are the field's tensors by name (`image`; `text_ids` and `text_lengths`; `row_numbers` and
`row_categories`), its only output are raw outputs, as those of `Network`. Nothing in the file is code: it is read as data by
onnxruntime, from memory, so that it can name no other file.

Shapes: B batch, M members, K outputs.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.fields import batch as trees


class OnnxNetwork(nn.Module):
    """`{input name: batch}` → raw outputs `(B, M, K)`, computed by onnxruntime with torch's number of threads.

    Args:
        model: the content of the ONNX file.
        name: where it came from, for messages.
    """

    def __init__(self, model: bytes, *, name: str = ""):
        super().__init__()
        self.model, self.name = model, name
        self._session: Any = None
        self._threads = 0

    @classmethod
    def read(cls, path: Path) -> "OnnxNetwork":
        """The network in a file. Raises `RunError` where it cannot be read."""
        try:
            return cls(path.read_bytes(), name=str(path))
        except OSError as error:
            raise RunError("F-CHECKPOINT-FILE", _("the weights cannot be read"), where=str(path), got=str(error)) from None

    def forward(self, inputs: dict[str, Any]) -> torch.Tensor:
        session = self.session()
        device = next(iter(trees.named(inputs).values())).device
        return torch.from_numpy(session.run(None, feeds(session, inputs))[0]).to(device)

    def session(self) -> Any:
        """The opened file; opened anew where torch's number of threads has changed."""
        threads = torch.get_num_threads()
        if self._session is None or self._threads != threads:
            self._session, self._threads = opened(self.model, threads, name=self.name), threads
        return self._session

    def __deepcopy__(self, memo: dict[int, Any]) -> "OnnxNetwork":
        return OnnxNetwork(self.model, name=self.name)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_session": None}


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
