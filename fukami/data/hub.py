"""`hub:owner/name`: a dataset of the Hugging Face hub that consists of tables or folders. Its scripts are never run."""

import re
from functools import partial
from pathlib import Path

from fukami.core import hub
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
    from huggingface_hub.errors import RepositoryNotFoundError

    wanted = {"repo_type": "dataset", "allow_patterns": [*_TABLES, *_OTHERS], "etag_timeout": _TIMEOUT_S}
    try:
        return hub.fetched(partial(snapshot_download, name, **wanted), seconds=_TIMEOUT_S)
    except hub.NotHereError as error:
        if isinstance(error.__cause__, RepositoryNotFoundError):
            raise DataError(
                "F-HUB-MISSING",
                _("the hub has no such dataset, or it is not public"),
                where=f"hub:{name}",
                fix=_("look at the spelling"),
            ) from None
        raise DataError(
            "F-HUB-OFFLINE",
            _("the hub cannot be reached"),
            where=f"hub:{name}",
            expected=_("a connection, or a copy in the hub's cache"),
            got=str(error),
            fix=_("download the dataset elsewhere and name its folder"),
        ) from None
