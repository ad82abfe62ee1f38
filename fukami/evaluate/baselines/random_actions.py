"""Actions drawn by chance, each as likely as any other."""

from typing import Any

from fukami.core.cards import BaselineCard
from fukami.core.seeds import generator
from fukami.evaluate.baselines.contract import Answers, Examples, InputColumns
from fukami.fields import batch as trees

CARD = BaselineCard(name="random_actions", summary="random actions", of=("episode",), needs="play")


def fit(examples: Examples) -> Answers:
    ((name, environment),) = examples.inputs.items()
    field: Any = environment

    def answer(columns: InputColumns) -> Any:
        rng, count = generator(examples.seed, "random actions"), field.world.num_actions
        seeds = field.encode(columns[name])["seed"]
        return trees.arrays(examples.target.answers(field.play(seeds, lambda seen_BN: rng.integers(count, size=len(seen_BN)))))

    return answer
