"""Labels in the validation or test part that the training part never shows."""

from collections.abc import Iterator

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import _, _n, joined
from fukami.core.problems import Problem
from fukami.data.evidence import Evidence


def check(evidence: Evidence) -> Iterator[Problem]:
    """An error, as no model can give an answer that it was never told of."""
    if evidence.split is None:
        return
    mend = _("add training examples of these labels, correct their spelling, or remove them")
    rest = np.concatenate([evidence.split.valid, evidence.split.test])
    for name, field in evidence.targets.items():
        columns = evidence.columns[name]
        try:
            learned = field.learn([column.take(evidence.split.train) for column in columns])
        except DataError:
            continue  # too little to learn from: the field's own check says so
        cells = [column.take(rest) for column in columns]
        strange = rest[field.usable(cells) & ~learned.usable(cells)]  # one that may be missing is not unknown where it is
        if len(strange):
            odd = learned.check([column.take(strange) for column in columns])
            own = next((problem for problem in odd if problem.code.endswith("-UNKNOWN")), None)
            yield Problem(
                code="F-TARGET-UNKNOWN",
                severity="error",
                what=_n(
                    "{n} example of the validation or test part has a label that no training example has",
                    "{n} examples of the validation or test part have a label that no training example has",
                    len(strange),
                ),
                where=", ".join(evidence.place(int(row)) for row in strange[:3]) + (", …" if len(strange) > 3 else ""),
                expected=_("every label in the training part"),
                got=own.got if own else "",
                fix=joined("; ", [own.fix, mend]) if own and own.fix else mend,
                count=len(strange),
            )
