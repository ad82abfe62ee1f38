"""What a run's own `run.json` refuses, asked before torch is loaded: a label, a method or an input that there is not."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from fukami.core.cards import card, cards
from fukami.core.errors import DataError, UsageError, nearest, quoted, unknown
from fukami.core.given import exists, shortened
from fukami.core.language import _

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet", ".xlsx", ".xlsm", ".xlsb", ".xls", ".ods", ".ts")
WRITTEN = (".csv", ".tsv", ".xlsx", ".jsonl", ".parquet")
"""Forms in which answers are written as a table."""
NOT_WRITTEN = (".txt", ".html", ".feather", ".arrow", ".md", ".zip", ".gz", ".png", ".jpg")
PACKED = (".gz", ".bz2", ".zst", ".xz")
Told = dict[str, Any]
"""What `run.json` holds."""


def is_table(name: str) -> bool:
    """Whether a file of this name holds many inputs.

    >>> is_table("people.CSV.gz"), is_table("cat.jpg")
    (True, False)
    """
    lowered = name.lower()
    for ending in PACKED:
        lowered = lowered.removesuffix(ending)
    return lowered.endswith(TABLES)


def require_inputs(told: Told, inputs: Iterable[Any]) -> None:
    """Raises `DataError` F-INPUT-MISSING where all that is given are names of files of the run's kind, and none is there."""
    listed = list(inputs)
    missing = missing_inputs(told, listed)
    if missing and len(missing) == len(listed):
        raise missing_input(missing[0])


def missing_inputs(told: Told, inputs: Iterable[Any]) -> list[str]:
    """Those of the inputs that are named as files of the run's kind, and are none."""
    endings = [ending for field in _fields(told, "inputs") for ending in card("fields", field["kind"]).extensions]
    missing = []
    for value in inputs:
        if not isinstance(value, (str, Path)) or len(str(value).split()) != 1 or len(str(value)) > 4096:
            continue
        path = Path(value)
        if (is_table(path.name) or path.suffix.lower() in endings) and not exists(path):
            missing.append(str(value))
    return missing


def missing_input(name: str) -> DataError:
    """The error for an input that is named as a file and is not there."""
    path = Path(name)
    try:
        close = nearest(path.name, [entry.name for entry in path.parent.iterdir()])
    except (OSError, ValueError):
        close = []
    return DataError(
        "F-INPUT-MISSING",
        _("there is no such file"),
        where=shortened(name),
        expected=_("a file that exists"),
        fix=_("did you mean {names}?").format(names=", ".join(close))
        if close
        else _("look at the spelling; relative paths start from {folder}").format(folder=Path.cwd()),
    )


def require_out(out: str | Path | None, inputs: Iterable[Any] = ()) -> None:
    """Raises `UsageError` where answers cannot be written to `out`: a form that is not written, or an input itself."""
    if out is None:
        return
    if Path(out).suffix.lower() in (*TABLES, *NOT_WRITTEN) and Path(out).suffix.lower() not in WRITTEN:
        raise UsageError(
            "F-OUT-KIND",
            _("answers are not written in this form"),
            where=str(out),
            expected=_("{names}, or a folder for pictures").format(names=", ".join(WRITTEN)),
            got=Path(out).suffix,
            fix=f"--out {quoted(str(Path(out).with_suffix('.csv')))}",
        )
    same = [value for value in inputs if isinstance(value, (str, Path)) and exists(value) and exists(out)]
    if any(Path(value).is_file() and Path(value).samefile(out) for value in same):
        raise UsageError(
            "F-OUT-INPUT", _("the answers would take the place of what they answer"), where=str(out), got=f"--out {out}"
        )


def require_meaning(task: str, verb: str) -> None:
    """Raises `UsageError` F-VERB-WITHOUT where the task says that a verb has no meaning for it."""
    reason = card("tasks", task).without.get(verb)
    if reason:
        raise UsageError("F-VERB-WITHOUT", _("{verb} has no meaning here").format(verb=verb), where=task, expected=_(reason))


def require_label(told: Told, label: str) -> None:
    """Raises `UsageError` F-EXPLAIN-LABEL where a label is asked for that the run does not know."""
    labels = [name for field in _fields(told, "targets") for name in field["state"].get("classes", ())]
    if not label or label in labels:
        return
    if not labels:
        what = _("the answers of the run have no labels")
        raise UsageError("F-EXPLAIN-LABEL", what, got=label, fix=_("leave out --of"))
    raise unknown(_("label"), label, labels, code="F-EXPLAIN-LABEL")


def require_method(told: Told, method: str) -> None:
    """Raises `UsageError` where there is no such method, or F-EXPLAIN-KIND where it does not explain the run's inputs."""
    if method == "auto":
        return
    kinds = [field["kind"] for field in _fields(told, "inputs")]
    kind = "+".join(kinds)
    offers = card("fields", kind).offers if len(kinds) == 1 else ("units",)  # several are weighed part by part
    if card("explain/methods", method).asks in offers:
        return
    suited = [name for name, found in cards("explain/methods").items() if found.asks in offers]
    raise UsageError(
        "F-EXPLAIN-KIND",
        _("{method} does not explain inputs of kind `{kind}`").format(method=method, kind=kind),
        expected=_("one of {names}").format(names=", ".join(suited)),
        got=method,
    )


def _fields(told: Told, side: str) -> list[Told]:
    """What the run's input fields or target fields learned: they stand as the task has them, inputs before targets."""
    fields, count = list(told["fields"].values()), len(card("tasks", told["task"]).inputs)
    return fields[:count] if side == "inputs" else fields[count:]
