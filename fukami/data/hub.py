"""`hub:owner/name`: a dataset of the Hugging Face hub that consists of tables or folders. Its scripts are never run."""

import os
import re
import socket
from pathlib import Path

from fukami.core.errors import DataError, UsageError
from fukami.core.language import _

_TABLES = ("*.parquet", "*.csv", "*.tsv", "*.jsonl", "*.json", "*.csv.gz", "*.jsonl.gz", "*.tsv.gz")
_OTHERS = ("*.zip", "*.jpg", "*.jpeg", "*.png", "*.txt")
_NAME = re.compile(r"^[\w.-]+/[\w.-]+$")
_TIMEOUT_S = 5.0


def fetched(name: str) -> Path:
    """The folder of a dataset of the hub, downloaded where the hub's own cache lacks it.

    Raises `UsageError` for a name that cannot be one, `DataError` without a connection or for an unknown name.
    """
    if not _NAME.match(name):
        raise UsageError("F-HUB-NAME", _("this is no name of the hub"), expected="hub:owner/name", got=f"hub:{name}")
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, repo_type="dataset", allow_patterns=[*_TABLES, *_OTHERS], local_files_only=True))
    except (LocalEntryNotFoundError, OSError):
        _require_connection(name)
    try:
        folder = snapshot_download(name, repo_type="dataset", allow_patterns=[*_TABLES, *_OTHERS], etag_timeout=_TIMEOUT_S)
    except RepositoryNotFoundError:
        raise DataError(
            "F-HUB-MISSING",
            _("the hub has no such dataset, or it is not public"),
            where=f"hub:{name}",
            fix=_("look at the spelling"),
        ) from None
    except (OSError, ValueError) as error:  # the hub's errors, httpx's and the disk's are all of these
        raise _offline(name, str(error).splitlines()[0]) from None
    return Path(folder)


def _require_connection(name: str) -> None:
    """Fails within seconds: the hub's client by itself retries for long."""
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in ("1", "true", "yes", "on"):
        raise _offline(name, "HF_HUB_OFFLINE=1")
    if any(os.environ.get(proxy) for proxy in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HF_ENDPOINT")):
        return  # the way to the hub is not a direct one; its client knows it
    try:
        socket.create_connection(("huggingface.co", 443), timeout=_TIMEOUT_S).close()
    except OSError as error:
        raise _offline(name, str(error)) from None


def _offline(name: str, got: str) -> DataError:
    return DataError(
        "F-HUB-OFFLINE",
        _("the hub cannot be reached"),
        where=f"hub:{name}",
        expected=_("a connection, or a copy in the hub's cache"),
        got=got,
        fix=_("download the dataset elsewhere and name its folder"),
    )
