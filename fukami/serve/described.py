"""OpenAPI of a server: the schemas of inputs are those of the fields, those of answers were seen in a first one."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from fukami.core.language import _
from fukami.serve.hosts import Host
from fukami.serve.values import example_of

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "what"],
            "properties": {name: {"type": "string"} for name in ("code", "what", "where", "expected", "got", "fix")},
        }
    },
}
_STATUSES = {
    "400": "no JSON, or none that asks for something",
    "401": "a key is needed",
    "404": "no such run",
    "408": "the body came too slowly",
    "413": "too large",
    "415": "a type of body that is not taken",
    "422": "an input that cannot be used",
    "429": "too many wait; come again after Retry-After",
    "503": "it took too long, or the server ends",
}


def openapi(hosts: Sequence[Host], *, keys: bool) -> dict[str, Any]:
    """The document."""
    schemas: dict[str, Any] = {"Error": _ERROR}
    paths: dict[str, Any] = {}
    for host in hosts:
        name = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "._-") else "_" for letter in host.name)
        schemas |= {f"{name}.Input": input_schema(host), f"{name}.Answer": host.answer}
        paths[f"/v1/runs/{host.name}/predict"] = {"post": _predict(host, name)}
    paths["/predict"] = {"post": {**next(iter(paths.values()))["post"], "operationId": "predict_first"}}
    for path, what in (("/healthz", "it lives"), ("/readyz", "it answers"), ("/metrics", "Prometheus"), ("/v1/runs", "runs")):
        free = {"security": []} if path in ("/healthz", "/readyz") else {}
        paths[path] = {"get": {"summary": what, "responses": {"200": {"description": what}}, **free}}
    told: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Fukami", "version": version("fukami")},
        "paths": paths,
        "components": {"schemas": schemas},
    }
    if keys:
        told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
        told["security"] = [{"key": []}]
    return told


def input_schema(host: Host) -> dict[str, Any]:
    """The schema of one input: what its field says, or an object of what each of several says."""
    schemas = host.hosted.schemas
    if len(schemas) == 1:
        return next(iter(schemas.values()))
    return {"type": "object", "properties": dict(schemas), "required": list(schemas)}


def _predict(host: Host, name: str) -> dict[str, Any]:
    one = {"$ref": f"#/components/schemas/{name}.Input"}
    options = {"type": "object", "properties": {option: {} for option in host.hosted.options}, "additionalProperties": False}
    asked = {
        "type": "object",
        "properties": {"inputs": {"type": "array", "items": one, "minItems": 1, "maxItems": 10_000}, "options": options},
        "required": ["inputs"],
        "additionalProperties": False,
    }
    form = {"type": "object", "properties": {"input": {"type": "string", "format": "binary"}}}
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    answers = {
        "type": "object",
        "required": ["predictions"],
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}.Answer"}},
            "notes": {"type": "array", "items": {"type": "string"}},
        },
    }
    example = {"inputs": [example_of(input_schema(host))]}
    tables = _("a file, several, or a table of inputs") if host.hosted.tables else _("a file, or several")
    return {
        "operationId": f"predict_{name}",
        "summary": f"{host.hosted.task} ({host.hosted.model})",
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": asked, "example": example},
                "multipart/form-data": {"schema": form | {"description": tables}},
            },
        },
        "responses": {
            "200": {"description": _("the answers"), "content": {"application/json": {"schema": answers}}},
            **{status: {"description": what, "content": error} for status, what in _STATUSES.items()},
        },
    }
