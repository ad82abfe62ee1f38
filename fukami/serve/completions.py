"""Texts that are written, as clients of OpenAI ask for them: `/v1/completions` and `/v1/chat/completions`, whole or as they are
written (server-sent events).

A chat is what was said last: runs that were not trained on talks do not know of speakers.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, NamedTuple

from fukami.core.errors import DataError, FukamiError
from fukami.core.given import shortened
from fukami.core.language import _
from fukami.serve.batching import Queue
from fukami.serve.hosted import Hosted

_OPTIONS = ("max_tokens", "temperature", "top_p", "top_k")
_ALSO = {"max_completion_tokens": "max_tokens"}


class Asked(NamedTuple):
    """What a client asks for. `options` are those of the task that it names; `run` is empty where it names none."""

    text: str
    run: str
    stream: bool
    chat: bool
    options: dict[str, Any]


def asked(told: Any, *, chat: bool) -> Asked:
    """What a body asks for. Raises `DataError` F-SERVE-COMPLETION."""
    if not isinstance(told, dict):
        raise _refused(told, "{…}")
    text = _said(told.get("messages")) if chat else told.get("prompt")
    if isinstance(text, list) and len(text) == 1:
        text = text[0]
    if not isinstance(text, str):
        raise _refused(text, '{"messages": [{"role": "user", "content": "…"}]}' if chat else '{"prompt": "…"}')
    if told.get("n", 1) not in (1, None):
        raise _refused(told["n"], '{"n": 1}')
    options = {_ALSO.get(name, name): told[name] for name in (*_OPTIONS, *_ALSO) if told.get(name) is not None}
    for name, value in options.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _refused(value, f'{{"{name}": 1}}')
    run = told.get("model") or ""
    return Asked(text, run if isinstance(run, str) else str(run), bool(told.get("stream")), chat, options)


def _said(messages: Any) -> Any:
    """What was said last."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list):
        return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    return content


def _refused(got: Any, expected: str) -> DataError:
    what = _("this cannot be asked for")
    return DataError("F-SERVE-COMPLETION", what, expected=expected, got=shortened(got, 80))


def options_of(asked: Asked, hosted: Hosted) -> dict[str, Any]:
    """Those of the options that the task of the run has: clients send some unasked."""
    return {name: value for name, value in asked.options.items() if name in hosted.options}


def models(hosts: Sequence[Any]) -> dict[str, Any]:
    """The runs, as clients list models."""
    return {"object": "list", "data": [{"id": host.name, "object": "model", "owned_by": "fukami"} for host in hosts]}


def whole(asked: Asked, run: str, text: str) -> dict[str, Any]:
    """A text that is written."""
    choice = {"message": {"role": "assistant", "content": text}} if asked.chat else {"text": text, "logprobs": None}
    kind = "chat.completion" if asked.chat else "text_completion"
    return _about(asked, run, kind) | {"choices": [{"index": 0, **choice, "finish_reason": "stop"}]}


async def events(asked: Asked, run: str, first: str | None, parts: "Stream") -> AsyncIterator[str]:
    """Server-sent events: a part of the text each, then that it ends. A mistake on the way is an event too."""
    about = _about(asked, run, "chat.completion.chunk" if asked.chat else "text_completion")

    def event(text: str, reason: str | None) -> str:
        piece = {"delta": {"content": text} if reason is None else {}} if asked.chat else {"text": text, "logprobs": None}
        told = about | {"choices": [{"index": 0, **piece, "finish_reason": reason}]}
        return f"data: {json.dumps(told, ensure_ascii=False)}\n\n"

    try:
        while first is not None:
            yield event(first, None)
            first = await parts.first()
        yield event("", "stop")
    except FukamiError as error:
        yield f"data: {json.dumps({'error': error.as_dict()}, ensure_ascii=False)}\n\n"
    finally:
        parts.leave()
    yield "data: [DONE]\n\n"


def _about(asked: Asked, run: str, kind: str) -> dict[str, Any]:
    name = f"{'chatcmpl' if asked.chat else 'cmpl'}-{uuid.uuid4().hex}"
    return {"id": name, "object": kind, "created": int(time.time()), "model": run}


class Stream:
    """Parts of a text that a model's own thread makes one by one, so that others are answered between two of them."""

    def __init__(self, queue: Queue, begin: Callable[[], Iterator[str]]):
        self._queue, self._begin = queue, begin
        self._parts: Iterator[str] | None = None
        queue.require_room()
        queue.in_hand += 1
        self._left = False

    async def first(self) -> str | None:
        """The next part; None at the end."""
        try:
            return await asyncio.wait_for(self._queue.in_thread(self._next), self._queue.bounds.seconds)
        except BaseException:
            self.leave()
            raise

    def _next(self) -> str | None:
        if self._parts is None:
            self._parts = self._begin()
        return next(self._parts, None)

    def leave(self) -> None:
        """Says that nobody waits for more."""
        if not self._left:
            self._left = True
            self._queue.in_hand -= 1
