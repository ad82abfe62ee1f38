"""The number that an explanation explains, asked for changed copies of one example.

It comes in two units. `value` is what people read: the test of an explanation looks at it. `margin` is what attributions
explain: where a network is wholly sure, a probability does not move whatever single part is taken away, but its log-odds do.

Where the target has scores, it is one of them: a class's probability, a value in deviations. For every other kind of answer it
is how likely the network finds the answer that it gave: the loss of the answer, negated. P copies.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from fukami.core.errors import UsageError, unknown
from fukami.core.language import N_, _
from fukami.fields.scored import Scored
from fukami.predictor import Predictor

Given = Callable[[Any], dict[str, Any]]
LIKELIHOOD = N_("log-likelihood of the answer")


@dataclass(frozen=True)
class Question:
    """What is explained.

    Attributes:
        value: a batch of copies → (P,), as people read it.
        margin: the same in the unit of attributions; it can be differentiated through `predictor.network`.
        of: the label in question; None where there is none.
        unit: of `margin`, in a word.
        scale: how much one unit of `margin` is in the target's own; None where it has none.
        directed: whether more of it speaks for the answer; not so of a number, which is what it is.
    """

    value: Callable[[Any], torch.Tensor]
    margin: Callable[[Any], torch.Tensor]
    of: str | None
    unit: str
    scale: float | None = None
    directed: bool = True


def question_of(predictor: Predictor, given: Given, answers: Any, of: str = "") -> Question:
    """What is explained of the answer to one example; `given` makes the network's inputs of a batch of changed copies.

    `of` is the label whose score is explained; the answered one where it is empty. Raises `UsageError` F-EXPLAIN-LABEL.
    """
    target = predictor.task.target
    if isinstance(target, Scored):
        return _score(predictor, target, given, answers, of)
    if of:
        raise UsageError(
            "F-EXPLAIN-LABEL",
            _("answers of the kind `{kind}` have no labels to choose from").format(kind=target.kind),
            got=of,
            fix=_("leave out --of"),
        )

    def arranged(batch: Any) -> dict[str, Any]:
        return {name: predictor.plan.arranged(own) for name, own in given(batch).items()}

    def likelihood(batch: Any) -> torch.Tensor:
        return predictor.likelihood(arranged(batch), answers)

    def undisturbed(batch: Any) -> torch.Tensor:
        with torch.no_grad():
            return likelihood(batch)

    return Question(undisturbed, likelihood, None, LIKELIHOOD)


def _score(predictor: Predictor, target: Scored, given: Given, scores: torch.Tensor, of: str) -> Question:
    labels = target.labels()
    if of and of not in labels:
        raise unknown(_("label"), of, labels, code="F-EXPLAIN-LABEL")
    index = labels.index(of) if of else int(target.likeliest(scores)[0]) if labels else 0

    def value(batch: Any) -> torch.Tensor:
        comparable = target.comparable(predictor.answers(given(batch)))
        return comparable.reshape(len(comparable), -1)[:, index]

    def margin(batch: Any) -> torch.Tensor:
        inputs = {name: predictor.plan.arranged(own) for name, own in given(batch).items()}
        return target.margin(predictor.task.judged(predictor.network(inputs)).float(), index)

    label = labels[index] if labels else None
    return Question(value, margin, label, target.margin_unit, target.margin_scale, directed=label is not None)
