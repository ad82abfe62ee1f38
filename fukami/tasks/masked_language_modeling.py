"""A text in, the words that were hidden from it out: what encoders are pretrained by (Devlin et al. 2019).

Use it where there is much text and few examples with an answer: a network that has learned to find hidden words is a better
start for classifying texts of that kind. `--set pretrained=RUN` of another task takes its weights and its tokenizer.

What is learned from is hidden anew in every step: of 100 tokens 15 are to be found, of which 12 are masked, 1.5 exchanged and
1.5 left as they are. What is judged is always the same: about 15 of 100 tokens, all masked.
"""

from fukami.core.cards import TaskCard
from fukami.core.lazily import nn, torch
from fukami.fields.masked.field import Masked
from fukami.fields.passage.divide import divided
from fukami.fields.passage.field import Passage
from fukami.objectives.contract import Batch
from fukami.tasks.compose import by_whole_models
from fukami.tasks.contract import Task

CARD = TaskCard(
    name="masked-language-modeling",
    summary="a text with gaps in, the words in them out; a pretrained encoder for other tasks",
    inputs=("passage",),
    targets=("masked",),
    needs="masked",
    headline="masked_accuracy",
    also=("masked_loss",),
    baselines=("unigram",),
    recipe="passages/masked",
    validates="loss",
    exempt={"overfitted": "what is judged are other tokens than those that were hidden in learning"},
    without={
        "export": "it is a beginning for other tasks; its `model/` opens in transformers, and what is fine-tuned from it leaves"
    },
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return by_whole_models(
        CARD,
        (Passage(name="text", options=Passage.Options(context=128, marked=True)),),
        Masked(name="masked"),
        same={"masked": "text"},
        assess=_assessed,
        examples=divided,
    )


def _assessed(task: Task, network: nn.Module, batch: Batch, rng: torch.Generator):
    """How likely the network finds hidden words of texts that are there."""
    inputs, targets = ({name: batch[name] for name in names} for names in (task.inputs, task.targets))
    return task.target.answers(network.encoder.scores(inputs, targets))  # type: ignore[union-attr]
