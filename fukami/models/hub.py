"""Files of the Hugging Face Hub: from the local cache, else over a connection that is there, else not, and quickly.

`HF_HUB_OFFLINE=1` is respected; `HF_ENDPOINT` and proxies are those of the hub's own library.
"""

import os
import threading
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

from fukami.core.language import _


class NotHereError(Exception):
    """A file is neither in the local cache nor to be had; the text says why, translated."""


def fetch(repository: str, filename: str, *, seconds: float = 5.0) -> Path:
    """The local path of a file of the hub, downloaded where needed.

    Args:
        repository: `owner/name`.
        filename: inside the repository.
        seconds: how long to wait for a sign of a connection.

    Raises:
        NotHereError: not cached, and there is no connection or the hub does not have it.
    """
    from huggingface_hub import hf_hub_download, try_to_load_from_cache

    cached = try_to_load_from_cache(repository, filename)
    if isinstance(cached, str):
        return Path(cached)
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise NotHereError(_("HF_HUB_OFFLINE is set and there is no local copy"))
    if not online(seconds):
        raise NotHereError(_("there is no connection to the Hugging Face Hub and no local copy"))
    try:
        return Path(hf_hub_download(repository, filename))
    except (OSError, ValueError) as error:  # the hub's errors are OSErrors or ValueErrors: missing, private, broken off
        raise NotHereError(str(error).strip().splitlines()[0]) from error


@cache
def online(seconds: float = 5.0) -> bool:
    """Whether the hub answers within `seconds`. Asked once; a name server that hangs does not hold us up."""
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
