"""What an evaluation tells besides metrics, one file per kind of target; a kind without a file has metrics only."""

import importlib
from pathlib import Path

from fukami.evaluate.details.contract import Details


def of_kind(kind: str) -> type[Details]:
    """The class that collects details for targets of that kind."""
    if not (Path(__file__).parent / f"{kind}.py").exists():
        return Details
    return importlib.import_module(f"fukami.evaluate.details.{kind}").CollectedDetails
