"""What tasks about alike examples are: encode, a vector, a loss that compares, parts that share no identity.

One input of any kind joins a target that is a vector: pictures, texts, sounds.
"""

from typing import Any

from torch import nn

from fukami.core.cards import TaskCard
from fukami.fields.contract import InputField
from fukami.fields.embedding.check import FEWEST
from fukami.fields.embedding.field import Embedding
from fukami.fields.labels import labels_of
from fukami.layers.embedding_head import EmbeddingHead
from fukami.objectives.alike import alike
from fukami.tasks.contract import Columns, Task


def alike_by_vectors(card: TaskCard, one: InputField, target: Embedding) -> Task:
    """A task of one input → a vector."""
    return Task(
        card=card,
        inputs={one.name: one},
        targets={target.name: target},
        head=vector_head,
        objective=alike,
        together=by_identity,
    )


def vector_head(task: Task, num_features: int, members: int) -> nn.Module:
    """features_BF → `vector` (B, D) and its nearness to the centres of the learned identities."""
    target = task.target
    assert isinstance(target, Embedding)
    return EmbeddingHead(num_features, target.dimension, target.num_identities)


def by_identity(task: Task, columns: Columns) -> list[Any] | None:
    """The identity of each example; None where there are too few for some to be kept aside."""
    index, names = labels_of(columns[task.target.name][0])
    return [names[k] if k >= 0 else None for k in index.tolist()] if len(names) >= FEWEST else None
