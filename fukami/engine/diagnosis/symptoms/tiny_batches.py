"""Batches of one or two with batch normalisation: each example is normalised by itself, and evaluated by other statistics.

The evidence is the gap between the loss while training and the loss in evaluation, of the same examples and the same weights.
"""

from torch.nn.modules.batchnorm import _BatchNorm

from fukami.core.cards import SymptomCard
from fukami.core.language import _
from fukami.engine.diagnosis.case import Case
from fukami.engine.diagnosis.contract import Finding, Look

CARD = SymptomCard(
    name="tiny-batches",
    summary="batch normalisation over one or two examples",
    explains=("gradients", "learning-rate", "dead-units", "one-batch", "label-noise", "underfitting", "overfitting"),
)

FEW = 2
GAP = 0.15
"""Difference of what was learned between training and evaluation that batches of two must show; with one it needs no proof."""


def look(case: Case) -> Look:
    network = case.trained or case.learner.network
    norms = sum(isinstance(module, _BatchNorm) for module in network.modules())
    figures = {"batch_size": case.batch_size, "batch_norms": norms}
    if not norms or case.batch_size > FEW:
        return Look(figures)
    rows = case.some(case.sample, 128)
    if case.batch_size > 1:
        training = case.learned(case.loss_of(network, rows, size=case.batch_size, training=True))
        figures |= {"learned_while_training": round(training, 3), "learned_in_evaluation": round(case.progress, 3)}
        if training < case.learned(case.loss_of(network, rows)) + GAP:
            return Look(figures)
    finding = Finding(
        cause=CARD.name,
        code="F-DIAGNOSE-TINY-BATCHES",
        score=0.95 if case.batch_size == 1 else 0.7,
        what=_("batch normalisation with a batch size of {n}: what it learns in training does not hold afterwards").format(
            n=case.batch_size
        ),
        evidence=figures,
        fix=case.mend(batch_size="32", micro_batch="0"),
    )
    return Look(figures, finding)
