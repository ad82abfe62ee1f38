"""The routes of a server. Every answer is JSON as `fukami predict --json` prints it, every refusal has a code and a reason."""

import asyncio
import sys
import time
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse

from fukami.core.beforehand import is_table
from fukami.core.errors import DataError, FukamiError, RunError
from fukami.core.given import shortened
from fukami.core.language import _
from fukami.core.plain import plain
from fukami.serve import completions, described, page
from fukami.serve.batching import Refused
from fukami.serve.figures import CONTENT_TYPE, Figures
from fukami.serve.hosted import Told
from fukami.serve.hosts import Host, Hosts
from fukami.serve.limits import Limits, form_of, require_key
from fukami.serve.log import Log
from fukami.serve.values import inputs_of, parsed, values_of

MOST_INPUTS = 10_000
HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; img-src data: blob:; media-src data: blob:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
}


@dataclass
class Served:
    """What a server is made of."""

    hosts: Hosts
    figures: Figures
    log: Log
    limits: Limits = field(default_factory=Limits)
    keys: Sequence[str] = ()
    pages: bool = True


def app_of(served: Served) -> FastAPI:
    """The application."""

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        await served.hosts.open()
        yield
        await served.hosts.close()
        served.log.close()

    app = FastAPI(title="Fukami", docs_url=None, redoc_url=None, openapi_url=None, lifespan=life)

    async def refused(request: Request, error: Exception) -> Response:
        return told_error(error)

    for kind in (FukamiError, HTTPException):
        app.add_exception_handler(kind, refused)
    app.add_middleware(Headed)
    _about(app, served)
    _asking(app, served)
    return app


def _about(app: FastAPI, served: Served) -> None:
    """What a server says of itself."""

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/readyz")
    async def readyz() -> Response:
        ready = {host.name: host.queue is not None for host in served.hosts}
        return JSONResponse({"ready": all(ready.values()), "runs": ready}, 200 if all(ready.values()) else 503)

    @app.get("/metrics")
    async def metrics(request: Request) -> Response:
        require_key(request, served.keys)
        return Response(served.figures.text(), media_type=CONTENT_TYPE)

    @app.get("/openapi.json")
    async def openapi(request: Request) -> Response:
        require_key(request, served.keys)
        return JSONResponse(described.openapi(list(served.hosts), keys=bool(served.keys)))

    @app.get("/v1/runs")
    async def runs(request: Request) -> Response:
        require_key(request, served.keys)
        return JSONResponse({"runs": [host.described() for host in served.hosts]})

    @app.get("/v1/models")
    async def models(request: Request) -> Response:
        require_key(request, served.keys)
        return JSONResponse(completions.models(list(served.hosts)))

    if served.pages:

        @app.get("/")
        async def index() -> Response:
            return HTMLResponse(page.page([host.described() for host in served.hosts], keys=bool(served.keys)))


def _asking(app: FastAPI, served: Served) -> None:
    """What is asked of a run."""

    @app.post("/v1/runs/{name}/predict")
    async def predict(name: str, request: Request) -> Response:
        return await logged(served, request, name, lambda line: _predicted(served, served.hosts.of(name), request, line))

    @app.post("/predict")
    async def predict_first(request: Request) -> Response:
        first = served.hosts.first
        return await logged(served, request, first.name, lambda line: _predicted(served, first, request, line))

    @app.post("/v1/completions")
    async def complete(request: Request) -> Response:
        return await logged(served, request, "", lambda line: _completed(served, request, line, chat=False))

    @app.post("/v1/chat/completions")
    async def chat(request: Request) -> Response:
        return await logged(served, request, "", lambda line: _completed(served, request, line, chat=True))


class Headed:
    """Puts `HEADERS` on every response."""

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def headed(message: Any) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self.app(scope, receive, headed)


@dataclass
class Line:
    """What is to be logged of a request."""

    run: str
    values: Sequence[Any] = ()
    answers: Sequence[Told] = ()


async def logged(served: Served, request: Request, name: str, answer: Any) -> Response:
    """The response of `answer`, or that to what it raises; either is counted and logged."""
    began, line = time.perf_counter(), Line(name)
    try:
        require_key(request, served.keys)
        response = await answer(line)
    except Exception as error:
        response = told_error(error)
    seconds = time.perf_counter() - began
    known = line.run if any(host.name == line.run for host in served.hosts) else "-"  # whatever is asked for is no label
    served.figures.request(known, response.status_code, seconds)
    told = [one for one in line.answers if one.error is None]
    served.figures.examples(known, len(told), [one.error.code for one in line.answers if one.error is not None])
    about = {"run": known, "path": request.url.path, "status": response.status_code, "ms": round(seconds * 1000, 3)}
    with suppress(OSError, ValueError, RecursionError):  # a log that cannot be written costs nobody an answer
        served.log.request({**about, "examples": len(line.values)}, line.values, line.answers)
    return response


async def _predicted(served: Served, host: Host, request: Request, line: Line) -> Response:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = await served.limits.body_of(request)
    if kind == "multipart/form-data":
        return await _from_form(host, await form_of(request, body), request, line)
    if kind not in ("application/json", ""):
        raise Refused(
            "F-SERVE-TYPE-BODY",
            _("this type of body is not taken"),
            status=415,
            expected="application/json, multipart/form-data",
            got=shortened(kind, 60),
        )
    values, options = inputs_of(parsed(body))
    return await _answered(host, values, options, [_named(value, host) for value in values], line)


async def _from_form(host: Host, parts: list[tuple[str, Any]], request: Request, line: Line) -> Response:
    """Files and texts of a form: each file is an input, or a table of them; of several inputs each part is one."""
    options: dict[str, Any] = {}
    values: list[Any] = []
    names: list[Any] = []
    whole: dict[str, Any] = {}
    for name, part in parts:
        if name == "options":
            told = parsed(part.encode() if isinstance(part, str) else part[1])
            options = told if isinstance(told, dict) else {}
            continue
        if isinstance(part, tuple) and is_table(part[0]):
            return await _from_table(host, part, request, line)
        value = part[1] if isinstance(part, tuple) else _typed(part, host)
        whole[name] = value
        values.append(value)
        names.append(part[0] if isinstance(part, tuple) else part)
    if len(host.hosted.schemas) > 1:
        values, names = [whole], ["+".join(whole)]
    return await _answered(host, values, options, names, line)


def _typed(text: str, host: Host) -> Any:
    """What stands in a field of a form: JSON where the run takes objects or numbers, else the text."""
    types = next(iter(host.hosted.schemas.values())).get("type", "string")
    return text if "string" in ([types] if isinstance(types, str) else types) else parsed(text.encode())


async def _from_table(host: Host, part: tuple[str, bytes], request: Request, line: Line) -> Response:
    from fukami.serve.tables import MEDIA, answered_table, written  # they need torch, which what was exported does not

    queue = host.queue
    assert queue is not None
    ending = "." + request.query_params.get("as", "json")
    found = await queue.alone(lambda: answered_table(host.hosted, *part))
    line.values, line.answers = found.names, found.told
    if ending == ".json":
        if len(found.told) == 1 and found.told[0].error is not None:
            raise found.told[0].error
        return JSONResponse(told_of(found.names, found.told, found.notes))
    content = await asyncio.get_running_loop().run_in_executor(None, lambda: written(found, ending))
    kept = {"content-disposition": f'attachment; filename="answers{ending}"'}
    return Response(content, media_type=MEDIA[ending], headers=kept)


async def _answered(host: Host, values: list[Any], options: dict[str, Any], names: list[Any], line: Line) -> Response:
    if not 0 < len(values) <= MOST_INPUTS:
        raise DataError(
            "F-SERVE-COUNT",
            _("this number of inputs cannot be answered at once"),
            expected=f"1 … {MOST_INPUTS:,}",
            got=str(len(values)),
        )
    queue = host.queue
    assert queue is not None
    line.values = values
    given = await _prepared(values, host)
    line.answers = await queue.answered(given, options)
    if len(line.answers) == 1 and (error := line.answers[0].error) is not None:
        raise error
    return JSONResponse(told_of(names, line.answers))


async def _prepared(values: list[Any], host: Host) -> list[Any]:
    """Raw values; large ones are decoded in a thread, so that others are heard meanwhile."""
    large = sum(len(value) for value in values if isinstance(value, (str, bytes))) > 1 << 16
    if not large:
        return values_of(values, host.hosted.schemas)
    return await asyncio.get_running_loop().run_in_executor(None, lambda: values_of(values, host.hosted.schemas))


def _named(value: Any, host: Host) -> Any:
    """How an answer names its input: the input itself, where it is no file."""
    if len(host.hosted.schemas) > 1:
        return None
    ((name, schema),) = host.hosted.schemas.items()
    if "contentEncoding" in schema:
        return name
    if isinstance(value, dict) and name in value and name not in schema.get("properties", {}):
        return value[name]
    return value


def told_of(names: Sequence[Any], told: Sequence[Told], notes: Sequence[str] = ()) -> dict[str, Any]:
    """What is answered, as `predict --json` prints it; what is doubtful stands beside it."""
    predictions = [
        {"input": name, **one.answer} if one.error is None else {"input": _shown(name), "error": one.error.as_dict()}
        for name, one in zip(names, told, strict=True)
    ]
    odd = [f"[{place}] {one.note}" if len(told) > 1 else one.note for place, one in enumerate(told) if one.note]
    said = [*notes, *odd[:100]]
    return plain({"predictions": predictions, **({"notes": said} if said else {})})


def _shown(name: Any) -> Any:
    """What was wrong as it can be written: not whole where it is no text, or too deep."""
    try:
        return shortened(name).encode("utf-8", "replace").decode()
    except RecursionError:
        return None


async def _completed(served: Served, request: Request, line: Line, *, chat: bool) -> Response:
    asked = completions.asked(parsed(await served.limits.body_of(request)), chat=chat)
    host = served.hosts.of(asked.run) if asked.run else served.hosts.first
    line.run, line.values = host.name, [asked.text]
    queue = host.queue
    assert queue is not None
    if not host.hosted.writes:
        raise Refused("F-SERVE-TEXT", _("the answers of this run are no texts that are written"), status=404, where=host.name)
    options = completions.options_of(asked, host.hosted)
    (value,) = values_of([asked.text], host.hosted.schemas)
    if isinstance(value, FukamiError):
        raise value
    if asked.stream:
        parts = completions.Stream(queue, lambda: host.hosted.streamed(value, options))
        first = await parts.first()  # what is wrong shows before a status is sent
        return StreamingResponse(completions.events(asked, host.name, first, parts), media_type="text/event-stream")
    (told,) = line.answers = await queue.answered([value], options)
    if told.error is not None:
        raise told.error
    return JSONResponse(completions.whole(asked, host.name, told.answer["text"]))


def told_error(error: Exception) -> Response:
    """The response to what went wrong: 4xx for a mistake of whoever asked, with its reason; 5xx for one of ours, without."""
    if isinstance(error, FukamiError):
        status = getattr(error, "status", 503 if isinstance(error, RunError) else _STATUS.get(error.code, 422))
        headers = {"retry-after": "1"} if status in (429, 503) else {"www-authenticate": "Bearer"} if status == 401 else {}
        return JSONResponse({"error": error.as_dict()}, status, headers=headers)
    if isinstance(error, HTTPException):
        return JSONResponse({"error": {"code": f"F-HTTP-{error.status_code}", "what": str(error.detail)}}, error.status_code)
    print("".join(traceback.format_exception(error)), file=sys.stderr, flush=True)
    told = {"code": "F-BUG", "what": _("this is a mistake in Fukami, not in what was asked")}
    return JSONResponse({"error": told}, 500)


_STATUS = {
    "F-SERVE-JSON": 400,
    "F-SERVE-BODY": 400,
    "F-INPUT-NESTED": 400,
    "F-SERVE-RUN": 404,
    "F-SERVE-LARGE": 413,
    "F-SERVE-ROWS": 413,
}
"""Refusals that HTTP has a status for; for others it is 422."""
