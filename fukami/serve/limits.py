"""What is refused before it is understood: bodies that are too large or too slow, and whoever has no key."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from fukami.core.language import _
from fukami.serve.batching import Refused

MOST_FILES = 256


@dataclass
class Limits:
    """How much is read of a request, and of all together, at a time."""

    body: int = 100 << 20
    all_bodies: int = 512 << 20
    seconds: float = 30.0
    _held: int = field(default=0, repr=False)

    async def body_of(self, request: Request) -> bytes:
        """The whole body. Raises `Refused`: 413 too large, 408 too slow, 415 packed, 429 too much at once."""
        if request.headers.get("content-encoding", "identity") != "identity":
            raise Refused("F-SERVE-PACKED", _("packed bodies are not taken"), status=415, fix=_("send it as it is"))
        if (told := request.headers.get("content-length", "0")).isdecimal() and int(told) > self.body:
            raise self._large()
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.seconds):
                async for part in request.stream():
                    size += len(part)
                    self._held += len(part)
                    if size > self.body:
                        raise self._large()
                    if self._held > self.all_bodies:
                        raise Refused("F-SERVE-BUSY", _("more is asked than can be answered"), status=429)
                    parts.append(part)
        except TimeoutError:
            raise Refused("F-SERVE-SLOW-BODY", _("the body comes too slowly"), status=408) from None
        finally:
            self._held -= size
        return b"".join(parts)

    def _large(self) -> Refused:
        return Refused(
            "F-SERVE-LARGE-BODY",
            _("the body is too large"),
            status=413,
            expected=f"≤ {self.body >> 20} MiB",
            fix=_("ask about fewer inputs at a time"),
        )


async def form_of(request: Request, body: bytes) -> list[tuple[str, str | tuple[str, bytes]]]:
    """The parts of a body of multipart/form-data, in order: name and text, or name and a file with its own name.

    Raises:
        Refused: F-SERVE-FORM, 400.
    """

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers, stream(), max_files=MOST_FILES, max_fields=MOST_FILES, max_part_size=max(1, len(body))
    )
    try:
        form = await parser.parse()
    except (MultiPartException, KeyError, ValueError) as error:
        raise Refused("F-SERVE-FORM", _("the form cannot be read"), status=400, got=str(error)[:200]) from None
    found: list[tuple[str, str | tuple[str, bytes]]] = []
    for name, part in form.multi_items():
        found.append((name, (part.filename or "", await part.read()) if isinstance(part, UploadFile) else part))
    await form.close()
    return found


def require_key(request: Request, keys: Sequence[str]) -> None:
    """Raises `Refused` 401 where keys are asked for and the request has none of them."""
    if not keys:
        return
    bearer = request.headers.get("authorization", "").partition(" ")
    given = bearer[2].strip() if bearer[0].lower() == "bearer" else request.headers.get("x-api-key", "")
    if not sum(
        hmac.compare_digest(given.encode("latin-1", "replace"), key.encode()) for key in keys
    ):  # all are compared, whichever it is
        raise Refused("F-SERVE-KEY", _("a key is needed"), status=401, expected="Authorization: Bearer KEY")
