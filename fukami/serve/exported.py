"""An exported folder as a server asks it: onnxruntime and the pieces that its `preprocessing.json` names. No torch is loaded.

The pieces are those of this Fukami; nothing that lies in the folder is executed.
"""

import io
import json
import os
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fukami.core import artefact
from fukami.core.errors import FukamiError, RunError, UsageError
from fukami.core.extras import needed
from fukami.core.given import names_file
from fukami.core.language import _
from fukami.export import assemble
from fukami.serve.hosted import Told, failed, no_text, require_options

AT_ONCE = 32
"""Examples that are asked about at a time."""
_NAMES = (".txt", ".csv", ".tsv", ".jsonl")
"""Endings of texts that programs outside of Fukami take for names of files."""


class Exported:
    """The folder `path`, that `fukami export --to onnx` wrote.

    Raises:
        RunError: F-RUN-ALTERED where a file of it was altered.
        UsageError: F-SERVE-EXPORT where an older Fukami wrote it, or in another format.
    """

    options: dict[str, Any] = {}
    writes = tables = False

    def __init__(self, path: Path):
        self.path = path
        artefact.require_unaltered(path)
        self._told = json.loads((path / "preprocessing.json").read_text("utf-8"))
        self.task, self.model = self._told["task"], self._told["model"] or ""
        graphs = self._told.get("graphs", ["model"])
        known = "schemas" in self._told and ("graphs" not in self._told or "asked_by" in self._told)
        if not known or not all((path / f"{name}.onnx").is_file() for name in graphs):
            raise UsageError(
                "F-SERVE-EXPORT",
                _("this folder cannot be served"),
                where=str(path),
                expected=_("a run, or a folder written by `fukami export RUN --to onnx`"),
                fix="fukami export RUN --to onnx",
            )
        self.schemas = self._told["schemas"]
        self._sessions = {name: _session(path / f"{name}.onnx") for name in graphs}
        asked_by = self._told.get("asked_by", [])
        code = (*assemble.reading(self._told["input"]), *self._told["answer"]["code"], *asked_by)
        self._code = tuple(dict.fromkeys(code))

    def ask(self, values: Sequence[Any], options: dict[str, Any]) -> list[Told]:
        require_options((), options)
        found: list[Told] = []
        for start in range(0, len(values), AT_ONCE):
            found += self._part(values[start : start + AT_ONCE])
        return found

    def _part(self, values: Sequence[Any]) -> list[Told]:
        """A part that can be asked about at once; where that fails, example by example, so that each says what is wrong."""
        good = [value for value in values if not isinstance(value, FukamiError)]
        try:
            answers = iter(self._answers([self._given(value) for value in good]) if good else ())
            return [Told({}, value) if isinstance(value, FukamiError) else Told(next(answers)) for value in values]
        except Exception as error:  # libraries raise whatever a broken input leads to
            if len(values) > 1:
                return [told for value in values for told in self._part([value])]
            return [Told({}, failed(error))]

    def _answers(self, values: list[Any]) -> list[dict[str, Any]]:
        with warnings.catch_warnings(action="ignore"):  # of cells that it cannot read
            part = self._piece("read")(values, self._told["input"])
            if "graphs" not in self._told:
                rows, answer = self._sessions["model"].run(None, part)[0], self._piece("answer")
                return [answer(row, self._told["answer"]) for row in rows]
            rows = self._piece("ask")(self._sessions, part, self._told["asking"])
            return list(self._piece("answered")(rows, values, self._told))

    def _piece(self, name: str) -> Any:
        return assemble.member(self._code, name)

    def _given(self, value: Any) -> Any:
        """A value as the pieces take it: pictures as files that are open, nothing that they take for the name of a file."""
        if isinstance(value, dict) and len(self.schemas) > 1:
            return {name: self._part_given(part, self.schemas[name]) for name, part in value.items() if name in self.schemas}
        return self._part_given(value, next(iter(self.schemas.values())))

    def _part_given(self, value: Any, schema: dict[str, Any]) -> Any:
        types = schema.get("type", "string")
        if isinstance(value, bytes):
            media = str(schema.get("contentMediaType", ""))
            if media:
                return io.BytesIO(value) if media.startswith("image/") else value
            if "string" not in ([types] if isinstance(types, str) else types):
                raise ValueError(_("names of files on this machine are not taken"))  # what is no JSON would be opened
            value = value.decode("utf-8-sig")
        if "asked" in self._code and isinstance(value, (dict, list)):  # its texts may be files, cells of other rows are not
            for part in value.values() if isinstance(value, dict) else value:
                self._part_given(part, {"type": "string"})
        if isinstance(value, str) and any(names_file(value, ending) for ending in _NAMES):
            raise ValueError(_("names of files on this machine are not taken"))
        return value

    def streamed(self, value: Any, options: dict[str, Any]) -> Iterator[str]:
        raise no_text(self.path)


def _session(path: Path) -> Any:
    """The graph in a file; read from memory, so that it can name no other file, unless its weights lie beside it."""
    onnxruntime: Any = needed("onnxruntime", extra="export")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", 0))
    options.log_severity_level = 3
    try:
        graph: Any = str(path) if path.with_name(f"{path.name}.data").exists() else path.read_bytes()
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime has many words for a file that is none
        what = _("the graph cannot be read")
        raise RunError("F-SERVE-GRAPH", what, where=str(path), got=str(error)[:200]) from None
