"""A network as an ONNX graph: encoder, head and what follows them in one file, with a free number of examples and of tokens.

The graph's inputs are the field's tensors by name (`fields/batch.py`), and its outputs have names as well.
Traced by `torch.onnx` (torch.export). Names of source files, which the exporter notes beside every operation, are taken out
again.
"""

import copy
import logging
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from fukami.core.errors import RunError
from fukami.core.extras import needed
from fukami.core.language import _
from fukami.export.flat import After, Axes, Flat, axes, example_of
from fukami.export.joined import joined
from fukami.export.recurrent import onnx_sweep, translations, with_loops
from fukami.fields import batch as trees
from fukami.models.onnx_network import OnnxNetwork, feeds, opened

OPSET = 18
"""Understood by every onnxruntime since 1.14 (2023)."""
LARGEST_FILE = 1_900_000_000
"""Bytes of weights beyond which they lie in a file of their own, because one ONNX file holds two gigabytes at most."""


class Graph(NamedTuple):
    """What was written: its file, the names of its inputs and of its outputs in order."""

    path: Path
    inputs: list[str]
    outputs: list[str]


def write_graph(
    network: nn.Module,
    inputs: dict[str, Any],
    path: str | Path,
    *,
    after: After | None = None,
    output: str = "outputs",
    varying: Axes = MappingProxyType({}),
    notes: dict[str, str] | None = None,
) -> Graph:
    """Writes `network`, and `after` behind it, as one ONNX file; weights beyond `LARGEST_FILE` as `PATH.data` beside it.

    Args:
        network: takes `{input name: batch}` and gives raw outputs, a tensor or a tree of them; it is copied, put on the
            processor in float32 and into evaluation, and is itself left as it is.
        inputs: a real batch of each input field, as `Predictor.batch` gives it. Examples beyond three are not looked at.
        path: where; folders are made.
        after: from raw outputs to what the graph gives: a tensor, or several by name. None for the raw outputs, whose names say
            how they belong together.
        output: the name of what the graph gives, where it has none of its own.
        varying: axes of inputs whose size varies, besides those that follow from lengths.
        notes: what the file says of itself, by name.

    Raises:
        RunError: F-EXPORT-TRACE where the network's code cannot be followed (a module of the user's own, mostly).
        UsageError: F-EXTRA-MISSING where onnx or onnxscript is not installed.
    """
    needed("onnx", extra="export")
    needed("onnxscript", extra="export")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    example = example_of(inputs)
    if isinstance(network, OnnxNetwork):  # a run in int8 is a graph already
        path.write_bytes(network.model)
        own = network.session()
        asked, outputs = [told.name for told in own.get_inputs()], [told.name for told in own.get_outputs()]
        if after is not None:
            raw = {"raw": network(example)}
            sizes = dict(zip(trees.named(raw), network.varying(), strict=True))
            outputs = write_graph(_Passed(), raw, path, after=after, output=output, varying=sizes).outputs
            path.write_bytes(joined(network.model, path.read_bytes(), notes=notes))
        return Graph(path, asked, outputs)
    with quiet(), torch.no_grad():
        try:
            flat = Flat(portable_copy(network), example, after, output).eval()
            arguments, outputs = flat.arguments(example), list(flat.gives(flat.network(example)))
            if both := set(outputs) & set(flat.names):
                raise ValueError(f"an input and an output of a graph have the same name: {', '.join(sorted(both))}")
            flat.network = with_loops(flat.network, onnx_sweep)
            program = torch.onnx.export(
                flat,
                arguments,
                dynamo=True,
                verbose=False,
                opset_version=OPSET,
                input_names=flat.names,
                output_names=outputs,
                dynamic_shapes=(tuple(axes(flat, example, varying)),),
                custom_translation_table=translations(),
                external_data=False,
            )
        except (RuntimeError, ValueError, TypeError, AssertionError) as error:
            raise untraceable(network, error) from error
        assert program is not None
        _forget_sources(program.model)
        program.model.metadata_props.update(notes or {})
        size = sum(p.numel() * p.element_size() for p in (*flat.parameters(), *flat.buffers()))
        program.save(path, external_data=size > LARGEST_FILE)
    return Graph(path, flat.names, outputs)


class _Passed(nn.Module):
    """Raw outputs as they are."""

    def forward(self, inputs: dict[str, Any]) -> Any:
        return inputs["raw"]


def portable_copy(network: nn.Module) -> nn.Module:
    """A copy on the processor, in float32, in the usual order of memory, in evaluation."""
    copied = copy.deepcopy(network).cpu().float().eval()
    return copied.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def untraceable(network: nn.Module, error: BaseException) -> RunError:
    """The error for a network whose code the tracer cannot follow, with the innermost reason."""
    reason = error
    while reason.__cause__ is not None:
        reason = reason.__cause__
    said = next((line for line in str(reason).strip().splitlines() if line.strip()), type(reason).__name__)
    module = getattr(getattr(network, "encoder", network), "module", network)
    return RunError(
        "F-EXPORT-TRACE",
        _("the code of the network cannot be turned into a graph"),
        where=type(module).__name__,
        expected=_("a forward whose course does not depend on the values of its tensors"),
        got=said[:300],
        fix=_("use torch.where and masks in place of `if` and loops over values in forward"),
    )


def session(path: str | Path, *, threads: int = 0) -> Any:
    """An onnxruntime session of a file, on the processor; `threads` 0 takes torch's number."""
    return opened(str(path), threads or torch.get_num_threads(), name=str(path))


def answered(session: Any, inputs: dict[str, Any]) -> dict[str, np.ndarray]:
    """What the graph of an opened session gives for `{input name: batch}`, by name."""
    names = [told.name for told in session.get_outputs()]
    return dict(zip(names, session.run(None, feeds(session, inputs)), strict=True))


def _forget_sources(model: Any) -> None:
    """Takes out what the exporter noted of source files: it tells of the machine, and is most of a small file."""
    for graph in (model.graph, *(function.graph for function in model.functions.values())):
        graph.metadata_props.clear()
        for node in graph.all_nodes():
            node.metadata_props.clear()
            node.doc_string = None
        for value in (*graph.inputs, *graph.outputs, *graph.initializers.values()):
            value.metadata_props.clear()
            value.doc_string = None


@contextmanager
def quiet() -> Iterator[None]:
    """Exporters talk of their own affairs: warnings, logs and prints are kept from the screen, errors are raised as ever."""
    disabled, said = logging.root.manager.disable, sys.stdout
    with warnings.catch_warnings(), Path(os.devnull).open("w") as nowhere:
        warnings.simplefilter("ignore")
        logging.disable(logging.ERROR)
        sys.stdout = nowhere
        try:
            yield
        finally:
            logging.disable(disabled)
            sys.stdout = said
