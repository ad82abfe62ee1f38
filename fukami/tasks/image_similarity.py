"""One picture in, a vector out: pictures of the same person, product or place are near each other, also of those never seen.

Use it to find photos like one, to tell whether two show the same, to group copies and series. Data: a folder for each identity,
a table of pictures and identities, or pairs of pictures that show the same or not. Unless the data names its parts, those that
are judged on hold identities that the training never saw: the usual protocol of retrieval and of face verification.
"""

from fukami.core.cards import TaskCard
from fukami.fields.embedding.field import Embedding
from fukami.fields.image.field import Image
from fukami.tasks.contract import Task
from fukami.tasks.joining import alike_by_vectors

CARD = TaskCard(
    name="image-similarity",
    summary="one picture in, a vector out in which pictures of the same person, product or place are near",
    inputs=("image",),
    targets=("embedding",),
    needs="vector",
    headline="recall_at_1",
    also=("recall_at_5", "verification_auc", "equal_error_rate", "tar_at_far"),
    baselines=("plain_vectors", "untrained"),
    recipe="similarity/pictures",
    most_judged=10_000,
)


def contract() -> Task:
    """The task over fields that have learned nothing yet."""
    return alike_by_vectors(CARD, Image(name="image"), Embedding(name="identity"))
