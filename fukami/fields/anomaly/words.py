"""Which labels mean normal: said by the user, or told by words that people use; nothing is guessed where neither tells."""

import re
from collections.abc import Collection, Sequence

from fukami.fields.labels import label_of

NORMAL = frozenset(
    (
        *("normal", "good", "ok", "okay", "regular", "inlier", "nominal", "benign", "healthy", "clean", "pass", "passed"),
        *("none", "normal.", "正常", "良品", "良", "合格", "異常なし", "なし"),
    )
)
"""Labels that mean normal wherever they stand."""
NO, YES = frozenset(("0", "false", "no", "n", "negative")), frozenset(("1", "true", "yes", "y", "positive"))
"""Truth values: yes is an anomaly, unless the column asks whether something is normal."""
ASKS_NORMAL = frozenset(
    ("normal", "is_normal", "ok", "is_ok", "good", "is_good", "inlier", "is_inlier", "passed", "正常", "良品", "合格")
)
"""Names of columns in which yes means normal."""


def normal_of(labels: Sequence[str], name: str, asked: str) -> list[str]:
    """Those of `labels` that mean normal, in a column called `name`; `asked` are the user's, divided by commas. None where
    nothing tells.

    >>> normal_of(["good", "scratch"], "class", ""), normal_of(["0", "1"], "fraud", ""), normal_of(["-1", "1"], "y", "")
    (['good'], ['0'], ['1'])
    >>> normal_of(["no", "yes"], "is_normal", ""), normal_of(["cat", "dog"], "class", ""), normal_of(["cat", "dog"], "x", "dog")
    (['yes'], [], ['dog'])
    """
    if wanted := wanted_of(asked):
        return [label for label in labels if label in wanted]
    folded = {label: label.casefold() for label in labels}
    found = [label for label, word in folded.items() if word in NORMAL]
    if found:
        return found
    if set(labels) <= {"-1", "1"} and "-1" in labels:  # as scikit-learn has it
        return [label for label in labels if label == "1"]
    truths = YES if re.sub(r"[\s-]+", "_", name.strip().lower()) in ASKS_NORMAL else NO
    if set(folded.values()) <= NO | YES:
        return [label for label, word in folded.items() if word in truths]
    return [label for label, word in folded.items() if word in NO] if "0" in labels else []


def alike(labels: Sequence[str], known: Sequence[str]) -> list[str]:
    """Those of `labels` that are one of `known`, or mean the same: other data may write 0 for no, and ok for good.

    >>> alike(["ok", "no", "0", "cat"], ["good"]), alike(["ok", "false", "1"], ["0"])
    (['ok'], ['false'])
    """
    groups = [group for group in (NORMAL, NO, YES) if any(one.casefold() in group for one in known)]
    return [label for label in labels if label in known or any(label.casefold() in group for group in groups)]


def wanted_of(asked: str) -> Collection[str]:
    """The labels that the user named, as cells have them.

    >>> sorted(wanted_of("T-shirt/top, 1.0"))
    ['1', 'T-shirt/top']
    """
    return {found for part in asked.split(",") if (found := label_of(part)) is not None}
