"""The Hugging Face Hub: from its local cache, else over a connection that is there, else not, and quickly.

`HF_HUB_OFFLINE=1` is respected; `HF_ENDPOINT` and proxies are those of the hub's own library.
"""

import os
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from fukami.core.language import _


class NotHereError(Exception):
    """What was asked for is neither in the local cache nor to be had; the text says why, translated.

    Where the hub answered, or broke off, its own library's error is the cause.
    """


def fetch(repository: str, filename: str, *, seconds: float = 5.0) -> Path:
    """The local path of a file of the hub, downloaded where needed; `filename` is inside `repository`, which is `owner/name`.

    Raises:
        NotHereError: not cached, and there is no connection within `seconds` or the hub does not have it.
    """
    from huggingface_hub import hf_hub_download

    return fetched(partial(hf_hub_download, repository, filename), seconds=seconds)


def fetched(ask: Callable[..., str], *, seconds: float = 5.0) -> Path:
    """What a function of the hub's library finds in the local cache (`ask(local_files_only=True)`), else what it downloads.

    Raises:
        NotHereError: not cached, and there is no connection within `seconds` or the hub does not have it.
    """
    try:
        return Path(ask(local_files_only=True))
    except (OSError, ValueError):
        pass  # not cached
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise NotHereError(_("HF_HUB_OFFLINE is set and there is no local copy"))
    if not online(seconds):
        raise NotHereError(_("there is no connection to the Hugging Face Hub and no local copy"))
    try:
        return Path(ask())
    except (OSError, ValueError) as error:  # the hub's errors, httpx's and the disk's: missing, private, broken off
        raise NotHereError(str(error).strip().splitlines()[0]) from error


@cache
def online(seconds: float = 5.0) -> bool:
    """Whether the hub answers within `seconds`. Asked once; a name server that hangs does not hold us up.

    A proxy for everything is one that the hub's library knows how to use, and this does not: it is taken at its word.
    """
    if any(os.environ.get(proxy) for proxy in ("ALL_PROXY", "all_proxy")):
        return True
    address = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    answered = threading.Event()

    def ask() -> None:
        try:
            urllib.request.urlopen(urllib.request.Request(address, method="HEAD"), timeout=seconds).close()
            answered.set()
        except urllib.error.HTTPError:
            answered.set()  # an answer, if not a friendly one
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds)
    return answered.is_set()
