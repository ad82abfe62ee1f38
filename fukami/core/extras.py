"""Libraries that only some verbs need: where one is missing, the command that installs it is told."""

import importlib
from importlib.util import find_spec
from types import ModuleType

from fukami.core.errors import UsageError
from fukami.core.language import _


def needed(module: str, *, extra: str) -> ModuleType:
    """Imports `module`, which `pip install 'fukami[extra]'` brings.

    >>> needed("json", extra="export").__name__
    'json'

    Raises:
        UsageError: F-EXTRA-MISSING, with the command, where it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != module.partition(".")[0]:
            raise  # it is installed, and broken: its own words say how
        raise missing(module.partition(".")[0], extra) from None


def missing(library: str, extra: str) -> UsageError:
    """The error that names the command which installs `library`."""
    return UsageError(
        "F-EXTRA-MISSING",
        _("this needs {library}, which is not installed").format(library=library),
        expected=library,
        fix=f"pip install 'fukami[{extra}]'",
    )


LIBRARIES = {
    "export": ("onnx", "onnxscript", "onnxruntime"),
    "compress": ("torch_pruning", "onnx", "onnxscript", "onnxruntime"),
    "edge": ("executorch",),
    "rl": ("gymnasium",),
    "serve": ("fastapi", "uvicorn", "prometheus_client", "python_multipart"),
}
"""What an extra brings, as `import` calls it."""


def require(extra: str) -> None:
    """Raises `UsageError` F-EXTRA-MISSING where a library of the extra is not installed; none is imported.

    >>> require("")
    """
    for library in LIBRARIES.get(extra, ()):
        if find_spec(library) is None:
            raise missing(library, extra)
