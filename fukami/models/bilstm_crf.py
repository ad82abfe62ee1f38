"""Tags of a sequence by an LSTM that reads both ways and a conditional random field: Lample et al. 2016, Ma and Hovy 2016.

Each word is its own vector, those of its shape, beginning and end, and what a convolution finds in its letters (Ma and Hovy).
What differs: those looks at a word besides its letters, which stand in for the pretrained vectors of both papers; where words
are single characters, the pairs and threes that they stand in (Zhang and Yang 2018 use pairs); transitions that the scheme of
tags forbids are barred rather than learned; one dropout before and after the LSTM.

Figures from scratch: see `recipes/tagging.py`. Shapes: B batch, L words, F looks, C letters, E features of a word, K tags.
"""

from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.fields.tags.chain import Chained
from fukami.fields.words.spec import WordSpec
from fukami.layers.crf import Crf
from fukami.layers.pooling import valid
from fukami.layers.recurrent import BothWays
from fukami.layers.words import Letters, tables

CARD = ModelCard(
    name="bilstm-crf",
    summary="words, their shapes and their letters, read both ways, and tags that are scored together",
    takes=("words",),
    gives=("tags",),
    sizes={
        "tiny": {"embedding": 32, "look": 16, "letter_width": 16, "width": 32},
        "base": {"embedding": 100, "look": 32, "letter_width": 50, "width": 128},
    },
    size="base",
    parameters={"words": {"tiny": 838_116, "base": 2_765_052}},
    small={"embedding": 16, "look": 8, "letter": 8, "letter_width": 8, "width": 16, "dropout": 0.0},
    options={"embedding": 100, "look": 32, "letter": 25, "letter_width": 50, "width": 128, "depth": 1, "dropout": 0.5},
    learning={"learning_rate": 3e-3, "weight_decay": 0.01},
    source="Lample et al. 2016, arXiv:1603.01360; Ma and Hovy 2016, arXiv:1603.01354; cells of torch",
)


class BiLstmCrf(nn.Module):
    """A whole model of tags.

    Args:
        spec: how many values each look at a word has, and how many letters there are.
        target: which tags may stand first, last, and after one another (`Tags.target_spec`).
        embedding, look: features of a word itself, and of each other look at it.
        letter, letter_width: features of a letter, and of what is found in all letters of a word.
        width, depth: of the LSTM's states in each direction, and its layers.
        dropout: share of the numbers dropped in training, before the LSTM and after each of its layers.
    """

    def __init__(
        self,
        spec: WordSpec,
        target: dict[str, Any],
        *,
        embedding: int,
        look: int,
        letter: int,
        letter_width: int,
        width: int,
        depth: int,
        dropout: float,
    ):
        super().__init__()
        self.looks, wide = tables(spec.sizes, embedding, look)
        self.letters = Letters(spec.letters, letter, letter_width) if spec.letters else None
        self.dropout = nn.Dropout(dropout)
        self.reader = BothWays("lstm", wide + (letter_width if spec.letters else 0), width, depth, dropout)
        self.emit = nn.Linear(2 * width, len(target["starts"]))
        self.crf = Crf(target["starts"], target["ends"], target["follows"])

    def read(self, words: Any) -> torch.Tensor:
        """`Words(looks_BLF, letters_BLC, lengths_B)` → what the LSTM says of each word (B, L, 2 · width)."""
        parts = [table(words.looks[:, :, f]) for f, table in enumerate(self.looks)]
        if self.letters is not None:
            parts.append(self.letters(words.letters))
        x_BLE = self.dropout(torch.cat(parts, dim=2))
        return self.reader.read(x_BLE, valid(words.lengths, x_BLE.shape[1]))

    def forward(self, words: Any) -> Chained:
        """What tags are found by: emissions, and the scores of tags beside one another."""
        start_K, end_K, transitions_KK = self.crf.scores()
        emissions_BLK = self.emissions(words)
        size = emissions_BLK.shape[0]
        every = start_K.expand(size, -1), end_K.expand(size, -1), transitions_KK.expand(size, -1, -1)
        return Chained(emissions_BLK, words.lengths, *every)

    def emissions(self, words: Any) -> torch.Tensor:
        """Scores of each tag at each word (B, L, K), in float32."""
        return self.emit(self.read(words)).float()

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How surprised the model is by the right tags of each sentence (B), all words together."""
        (words,), (marks,) = inputs.values(), targets.values()
        tags = marks["tags"]
        tags_BL = words.looks.new_zeros(words.looks.shape[:2])
        tags_BL[valid(words.lengths, tags_BL.shape[1])] = tags.columns["tag"]
        emissions_BLK = self.emissions(words)
        with torch.autocast(tags_BL.device.type, enabled=False):  # sums over a sentence need the digits
            return {"surprise": -self.crf.log_likelihood(emissions_BLK, tags_BL, words.lengths)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Chained:
        """What `Tags.answers` finds the likeliest tags by."""
        (words,) = inputs.values()
        return self(words)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Words and letters, then each layer of the LSTM, then the tags."""
        first = [*self.looks.parameters(), *(self.letters.parameters() if self.letters is not None else ())]
        return [first, *self.reader.layer_groups(), [*self.emit.parameters(), *self.crf.parameters()]]


def build(
    spec: WordSpec,
    *,
    gives: str = "tags",
    target: dict[str, Any],
    embedding: int = 100,
    look: int = 32,
    letter: int = 25,
    letter_width: int = 50,
    width: int = 128,
    depth: int = 1,
    dropout: float = 0.5,
) -> nn.Module:
    """See `BiLstmCrf`."""
    return BiLstmCrf(
        spec,
        target,
        embedding=embedding,
        look=look,
        letter=letter,
        letter_width=letter_width,
        width=width,
        depth=depth,
        dropout=dropout,
    )
