"""From what comes over the network to raw inputs, as the schema of a field says. No text is taken for a place on this machine.

>>> value_of("iVBORw0KGgo=", {"type": "string", "contentEncoding": "base64"}, "image")[:4]
b'\\x89PNG'
>>> value_of("A fine film.", {"type": "string"}, "text")
'A fine film.'
"""

import base64
import binascii
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

from fukami.core.errors import DataError
from fukami.core.given import DEEPEST, from_afar, settled, shortened, too_deep
from fukami.core.language import _

Schemas = Mapping[str, Mapping[str, Any]]
"""Input name → JSON schema of one raw value."""
MOST_DRAWN = 40_000_000
"""Pixels of a picture, or samples of a recording, that are decoded for somebody over the network."""
LEAST_HZ, USUAL_HZ, MOST_HZ = 1000, 48_000, 768_000
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", list: "array", type(None): "null"}


def parsed(body: bytes) -> Any:
    """The value of a body of JSON. Raises `DataError` F-SERVE-JSON where it is none, F-INPUT-NESTED where it is too deep."""
    try:
        return json.loads(body, parse_int=_whole)
    except RecursionError:
        raise too_deep() from None
    except ValueError as error:
        raise DataError("F-SERVE-JSON", _("the body is no JSON in UTF-8"), got=shortened(error)) from None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 else float(digits)


def inputs_of(told: Any) -> tuple[list[Any], dict[str, Any]]:
    """The inputs of a request, and the options of the task that it asks with.

    Raises:
        DataError: F-SERVE-BODY.
    """
    parts = told if isinstance(told, dict) and told.keys() <= {"input", "inputs", "options"} else {}
    values, options = [parts["input"]] if "input" in parts else parts.get("inputs"), parts.get("options", {})
    if isinstance(values, list) and isinstance(options, dict) and len(parts) - ("options" in parts) == 1:
        return values, options
    raise DataError(
        "F-SERVE-BODY",
        _("the body says nothing that can be answered"),
        expected='{"input": …} | {"inputs": […], "options": {…}}',
        got=shortened(told if not isinstance(told, dict) else ", ".join(map(str, told)), 80),
    )


def value_of(value: Any, schema: Mapping[str, Any], name: str) -> Any:
    """One raw value as a field takes it: what is spelled in base64 as bytes. Raises `DataError` where it cannot be one."""
    value = settled(value)
    if schema.get("contentEncoding") == "base64":
        content = value if isinstance(value, bytes) else _decoded(value, name)
        require_small(content, str(schema.get("contentMediaType", "")), name)
        return content
    types = schema.get("type", [])
    allowed = [types] if isinstance(types, str) else types
    if isinstance(value, bytes) and "string" in allowed:
        return value
    kind = _TYPES.get(type(value), "")
    if kind in ("string", "boolean", "null") and allowed and kind not in allowed:
        raise DataError(
            "F-SERVE-TYPE",
            _("the input is of another type than the run takes"),
            where=name,
            expected=", ".join(allowed),
            got=kind,
        )
    return value


def values_of(values: Sequence[Any], schemas: Schemas) -> list[Any]:
    """Raw values, or in the place of one that cannot be taken the error that says why."""
    return [_caught(value, schemas, number) for number, value in enumerate(values)]


def _caught(value: Any, schemas: Schemas, number: int) -> Any:
    try:
        with from_afar():
            if len(schemas) > 1:
                return _several(value, schemas, number)
            ((name, schema),) = schemas.items()
            if isinstance(value, dict) and name in value and not _has_property(schema, name):
                value = value[name]
            return value_of(value, schema, f"{name}[{number}]")
    except DataError as error:
        return error


def _several(value: Any, schemas: Schemas, number: int) -> dict[str, Any]:
    if not isinstance(value, dict) or not schemas.keys() <= value.keys():
        raise DataError(
            "F-INPUT-NAMES",
            _("an input has several parts, each of which has to be given by its name"),
            where=f"[{number}]",
            expected="{" + ", ".join(f'"{name}": …' for name in schemas) + "}",
            got=shortened(value),
        )
    return {name: value_of(value[name], schema, f"{name}[{number}]") for name, schema in schemas.items()}


def _has_property(schema: Mapping[str, Any], name: str) -> bool:
    return name in schema.get("properties", {})


def _decoded(value: Any, name: str) -> bytes:
    """The bytes of a text in base64, with or without the `data:` of a page before it."""
    text = value.partition(",")[2] if isinstance(value, str) and value.startswith("data:") else value
    try:
        if isinstance(text, str):
            return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        pass
    raise DataError(
        "F-SERVE-BASE64",
        _("the input is no file in base64; names of files on this machine are not taken"),
        where=name,
        expected=_("the bytes of a file in base64, or the file itself as multipart/form-data"),
        got=shortened(value, 40),
    )


def require_small(content: bytes, media: str, name: str) -> None:
    """Raises `DataError` F-SERVE-LARGE where a file says of itself that it becomes too large when it is decoded."""
    drawn = _pixels(content) if media.startswith("image/") else _samples(content) if media.startswith("audio/") else 0
    if drawn > MOST_DRAWN:
        raise DataError(
            "F-SERVE-LARGE",
            _("the file becomes too large when it is decoded"),
            where=name,
            expected=f"≤ {MOST_DRAWN:,}",
            got=f"{drawn:,}",
        )


def _pixels(content: bytes) -> int:
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.width * image.height
    except Image.DecompressionBombError:
        return MOST_DRAWN + 1
    except Exception:  # whatever a broken file leads to: the field says what is wrong with it
        return 0


def _samples(content: bytes) -> int:
    import soundfile

    try:
        told = soundfile.info(io.BytesIO(content))
        if not LEAST_HZ <= told.samplerate <= MOST_HZ:
            return MOST_DRAWN + 1  # whoever brings it to another rate needs memory for that of both
        return told.frames * max(told.channels, USUAL_HZ // told.samplerate)
    except Exception:
        return 0


# -- examples ------------------------------------------------------------------------------------------------------------
def example_of(schema: Mapping[str, Any], *, depth: int = 0) -> Any:
    """A value that fits a schema: for documents, and to ask a run for the first time.

    >>> example_of({"type": "object", "properties": {"age": {"type": ["number", "null"]}, "job": {"examples": ["cook"]}}})
    {'age': 1.0, 'job': 'cook'}
    """
    for listed in ("examples", "enum"):
        if schema.get(listed):
            return schema[listed][0]
    types = schema.get("type", "string")
    kind = types if isinstance(types, str) else types[0]
    media = str(schema.get("contentMediaType", ""))
    if media:
        return base64.b64encode(_picture() if media.startswith("image/") else _sound()).decode()
    if kind == "object" and depth < DEEPEST:
        return {name: example_of(part, depth=depth + 1) for name, part in schema.get("properties", {}).items()}
    if kind == "array" and depth < DEEPEST:
        one = example_of(schema.get("items", {}), depth=depth + 1)
        return [one] * min(10_000, max(1, int(schema.get("minItems", 1))))
    plain = {"integer": 1, "number": 1.0, "boolean": True, "null": None}
    if kind in plain:
        return plain[kind]
    formats = {"date": "2026-01-31", "date-time": "2026-01-31T12:00:00"}
    return formats.get(str(schema.get("format", "")), "A text.")


def _picture() -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((32, 32)).save(out, "PNG")
    return out.getvalue()


def _sound() -> bytes:
    import numpy as np
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.sin(np.arange(16_000) * 0.2) * 0.3, 16_000, format="WAV")
    return out.getvalue()


def schema_like(answer: Any) -> dict[str, Any]:
    """The schema of answers, from one of them; numbers by the names of classes are numbers by any name.

    >>> schema_like({"label": "cat", "scores": {"cat": 0.9}})["properties"]["scores"]
    {'type': 'object', 'additionalProperties': {'type': 'number'}}
    """
    if isinstance(answer, dict):
        if answer and all(isinstance(part, (int, float)) and not isinstance(part, bool) for part in answer.values()):
            return {"type": "object", "additionalProperties": {"type": "number"}}
        return {"type": "object", "properties": {str(name): schema_like(part) for name, part in answer.items()}}
    if isinstance(answer, (list, tuple)):
        return {"type": "array", "items": schema_like(answer[0]) if answer else {}}
    if answer is None:
        return {}
    kind = _TYPES.get(type(answer), "string")
    return {"type": "number" if kind == "integer" else kind}
