"""What the names of files say of them, by a pattern that the user gives: `--set label_from='{label}_{speaker}_{index}'`.

Each `{name}` becomes a column, `*` stands for anything, and all else for itself. The name is that of the file without its
ending; a pattern with a `/` is compared with as many folders above it.
"""

import re
from collections.abc import Sequence
from pathlib import PurePath

import numpy as np
import pyarrow as pa

from fukami.core.errors import DataError, UsageError
from fukami.core.language import _, _n
from fukami.core.problems import Problem

LABELS = ("label", "class", "target")
"""Names in a pattern that stand for what is to be predicted."""
_PIECES = re.compile(r"\{([^{}]*)\}|(\*)|([^{}*]+)|(.)")


def target_of(pattern: str) -> str:
    """The name in a pattern that stands for the label: its only one, or one of `LABELS`. Raises `UsageError`.

    >>> target_of("{digit}_*"), target_of("{label}_{speaker}")
    ('digit', 'label')
    """
    names = [found[0] for found in _PIECES.findall(pattern) if found[0]]
    known = [name for name in names if name in LABELS]
    broken = any(found[3] for found in _PIECES.findall(pattern)) or len(set(names)) < len(names)
    chosen = known if known else names if len(names) == 1 else []
    if len(chosen) != 1 or broken or not all(name.isidentifier() for name in names):
        raise UsageError(
            "F-NAMES-PATTERN",
            _("the pattern does not say which part of a file's name is the label"),
            where="label_from",
            expected=_("a pattern such as {example}").format(example="{label}_{speaker}_*"),
            got=pattern,
            fix="--set label_from='{label}_*'",
        )
    return chosen[0]


def told_by(paths: Sequence[str], pattern: str) -> tuple[dict[str, pa.Array], np.ndarray, list[Problem]]:
    """Columns of what the names say, which of the paths fit the pattern (bool), and what is to be told of the others.

    >>> columns, fits, _told = told_by(["0_ann_3.wav", "1_bob_4.wav"], "{label}_{speaker}_*")
    >>> columns["speaker"].to_pylist(), fits.tolist()
    (['ann', 'bob'], [True, True])
    """
    target_of(pattern)
    names = [found[0] for found in _PIECES.findall(pattern) if found[0]]
    parts = [f"(?P<{name}>[^/]+?)" if name else "[^/]*" if star else re.escape(text) for name, star, text, _ in _found(pattern)]
    form, depth = re.compile("".join(parts)), pattern.count("/") + 1
    read = ["/".join((*PurePath(path).parts[-depth:-1], PurePath(path).stem)) for path in paths]
    matches = [form.fullmatch(name) for name in read]
    fits = np.array([match is not None for match in matches], bool)
    if not fits.any():
        raise DataError(
            "F-NAMES-MATCH",
            _("no file has a name of the form that the pattern says"),
            where=", ".join(paths[:3]),
            expected=pattern,
            got=read[0] if read else "",
            fix=_("compare the pattern with the names, without their endings"),
        )
    problems, others = [], [path for path, fit in zip(paths, fits, strict=True) if not fit]
    if others:
        what = _n(
            "the name of {n} file does not fit the pattern; it was left out",
            "the names of {n} files do not fit the pattern; they were left out",
            len(others),
        )
        where = ", ".join(others[:3]) + (", …" if len(others) > 3 else "")
        told = {"what": what, "where": where, "expected": pattern, "fix": _("rename them, or move them away")}
        problems.append(Problem(code="F-NAMES-MATCH", severity="warning", count=len(others), **told))
    kept = [match for match in matches if match is not None]
    return {name: pa.array([match[name] for match in kept], pa.string()) for name in names}, fits, problems


def _found(pattern: str) -> list[tuple[str, str, str, str]]:
    return _PIECES.findall(pattern)
