"""Texts with marked spans in forms that are no table: exports of Label Studio, training data of spaCy.

Whatever is a record with a text and a list of spans (Doccano, Hugging Face) is read as any other JSON.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data.encodings import to_utf8
from fukami.data.files import content, read_bytes, suffix

TOLD = N_("sentences with marked spans, as Label Studio and spaCy write them")
FOR = ("tags",)
_SAMPLE = 1 << 20


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    """Certain where the first record is one of theirs."""
    if not source.is_file() or suffix(source) not in (".json", ".jsonl") or content(source) != "text":
        return 0.0
    head = read_bytes(source, only=_SAMPLE).decode("utf-8", "replace").lstrip("\ufeff \t\r\n")
    first = _first(head.lstrip("["))
    if isinstance(first, dict):
        return float(isinstance(first.get("data"), dict) and isinstance(first.get("annotations"), list))
    spacy = _first(head[1:]) if head.startswith("[") else None
    return float(_is_pair(spacy))


def _first(text: str) -> Any:
    """The JSON value that a text begins with."""
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        return None


def _is_pair(one: Any) -> bool:
    return isinstance(one, list) and len(one) == 2 and isinstance(one[0], str) and "entities" in one[1]


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """Columns `text` and `entities`, the spans as JSON. Of several annotations of a text the first that was not cancelled."""
    data, problems = to_utf8(read_bytes(source), where=source, encoding=choices.encoding)
    text = data.decode().strip("\ufeff \r\n\t")
    try:
        rows = json.loads(text) if text.startswith("[") else [json.loads(line) for line in text.splitlines() if line.strip()]
        pairs = [_pair(row) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, StopIteration) as error:
        raise DataError(
            "F-JSON-SHAPE",
            _("the JSON file does not hold a table"),
            where=str(source),
            expected='[{"data": {"text": "…"}, "annotations": [{"result": […]}]}, …]',
            got=str(error)[:80],
            fix=_("write one record per example"),
        ) from None
    told = {"base": source.parent, "file": str(source), "rows": np.arange(1, len(pairs) + 1)}
    columns = {
        "text": Column("text", pa.array([text for text, _spans in pairs], pa.string()), **told),
        "entities": Column("entities", pa.array([spans for _text, spans in pairs], pa.string()), **told),
    }
    hints = {"words": "text", "tags": "entities"}
    return Table(name=str(source), columns=columns, problems=tuple(problems), hints=hints, layout="marked-texts")


def _pair(row: Any) -> tuple[str, str | None]:
    if isinstance(row, list):
        return row[0], json.dumps(row[1]["entities"], ensure_ascii=False)
    data = row["data"]
    text = data["text"] if isinstance(data.get("text"), str) else next(v for v in data.values() if isinstance(v, str))
    made = next((one for one in row["annotations"] if not one.get("was_cancelled")), None)
    if made is None:
        return text, None
    spans = [one["value"] for one in made["result"] if "labels" in one.get("value", {}) and "start" in one["value"]]
    return text, json.dumps(spans, ensure_ascii=False)
