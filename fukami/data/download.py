"""One file from its public address: resumed where it broke off, checked, and in place only when it is whole.

A checksum that nobody could verify beforehand is taken on first use and kept beside the file, so that a later change of the
public file is noticed.
"""

import hashlib
import http.client
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.data.cache import cache_folder

TIMEOUT_S = 5.0
"""Without a connection the answer comes within this many seconds for each address."""
_BLOCK = 1 << 18
_FAILURES = (urllib.error.URLError, http.client.HTTPException, TimeoutError, ConnectionError, ssl.SSLError, OSError)


def kept(dataset: str, name: str) -> Path:
    """Where a file of a dataset is kept once it was downloaded."""
    return cache_folder() / "datasets" / dataset / name


def fetch(dataset: str, name: str, told: dict[str, Any]) -> Path:
    """The file `name` of a dataset in the cache, downloaded if it is not there.

    `told` holds `urls` (tried in order), and where known `sha256` or `md5`, and `bytes`. Raises `DataError` without a
    connection, or where the content is not what it was.
    """
    target = kept(dataset, name)
    if target.is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{name}.part")
    errors = []
    for url in told["urls"]:
        try:
            _download(url, partial, name)
        except _FAILURES as error:
            errors.append(f"{url}: {getattr(error, 'reason', None) or error}")
            continue
        _check(partial, target, told, url)
        partial.replace(target)
        return target
    raise DataError(
        "F-DOWNLOAD",
        _("{name} could not be downloaded").format(name=name),
        where=str(target.parent),
        expected=_("a connection, or the file in FUKAMI_DATA/{dataset}").format(dataset=dataset),
        got="; ".join(errors),
        fix=_("download it elsewhere, put it into a folder FOLDER/{dataset}, and set FUKAMI_DATA=FOLDER").format(
            dataset=dataset
        ),
    )


def _download(url: str, partial: Path, name: str) -> None:
    """Appends to what an interrupted download left, where the server can continue; else starts anew."""
    have = partial.stat().st_size if partial.is_file() else 0
    request = urllib.request.Request(url, headers={"User-Agent": "fukami", **({"Range": f"bytes={have}-"} if have else {})})
    try:
        response = urllib.request.urlopen(request, timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:  # 416: nothing is left to send, or the rest does not fit
            raise
        partial.unlink()
        return _download(url, partial, name)
    with response:
        continued = response.status == 206
        length = response.headers.get("Content-Length")
        total = int(length) + (have if continued else 0) if length else 0
        with partial.open("ab" if continued else "wb") as out, _Progress(name, have if continued else 0, total) as progress:
            while block := response.read(_BLOCK):
                out.write(block)
                progress.add(len(block))
    if total and partial.stat().st_size != total:
        raise ConnectionError(
            _("the connection broke off after {n} of {total} bytes").format(n=partial.stat().st_size, total=total)
        )
    return None


def _check(partial: Path, target: Path, told: dict[str, Any], url: str) -> None:
    """Compares with the known checksum, or with the one that was taken on first use. A wrong file is removed."""
    pins_file = target.parent / "checksums.json"
    pins = json.loads(pins_file.read_text("utf-8")) if pins_file.is_file() else {}
    how = "md5" if told.get("md5") and not told.get("sha256") else "sha256"
    expected = told.get(how) or pins.get(target.name)
    with partial.open("rb") as file:
        got = hashlib.file_digest(file, how).hexdigest()
    if expected and got != expected:
        partial.unlink()
        raise DataError(
            "F-DOWNLOAD-CHECKSUM",
            _("the file is not the one that was published, so it was not kept"),
            where=url,
            expected=f"{how} {expected}",
            got=f"{how} {got}",
            fix=_("try again; if it stays so, the public file has changed: report it"),
        )
    if not expected:
        pins[target.name] = got
        temporary = pins_file.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(pins, indent=1) + "\n", "utf-8")
        temporary.replace(pins_file)


class _Progress:
    """Bytes so far on standard error: a moving line on a terminal, one line at the end elsewhere."""

    def __init__(self, name: str, done: int, total: int):
        self.name, self.done, self.total = name, done, total
        self.shown = 0.0

    def __enter__(self) -> "_Progress":
        return self

    def add(self, count: int) -> None:
        self.done += count
        if sys.stderr.isatty() and time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            share = f" {100 * self.done // self.total} %" if self.total else ""
            print(f"\r{self.name}  {self.done / 1e6:.1f} MB{share}", end="", file=sys.stderr, flush=True)

    def __exit__(self, *_error: object) -> None:
        start = "\r" if sys.stderr.isatty() else ""
        print(f"{start}{self.name}  {self.done / 1e6:.1f} MB", file=sys.stderr)
