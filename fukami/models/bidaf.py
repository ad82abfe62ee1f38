"""Bidirectional attention flow: which words of a text answer a question. Seo et al. 2017.

Words are their own vectors, those of their looks, and what a convolution finds in their letters; a highway mixes them, an LSTM
reads text and question, attention goes from the text to the question and back, and two more LSTMs read what came of it.
What differs, so that a few thousand questions are enough to learn from: words of the text that stand in the question too are
seen as such, also where training knew neither, alone and in runs (Chen et al. 2017, DrQA, see single words); beside it, how
much of what the question asks stands near; LSTMs share their weights for text and question; there is a score for none.

Shapes: B batch, L words of the text, Q words of the question, D features.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.fields.question.spec import AskedSpec
from fukami.fields.words.spec import Words
from fukami.layers.extracting import Extracting
from fukami.layers.pooling import valid
from fukami.layers.recurrent import BothWays
from fukami.layers.words import Letters, tables

CARD = ModelCard(
    name="bidaf",
    summary="words of a text and of a question that attend to each other, read both ways; learns from little",
    takes=("question",),
    gives=("extract",),
    sizes={
        "tiny": {"embedding": 32, "look": 16, "letter_width": 16, "width": 32},
        "base": {"embedding": 64, "look": 16, "letter_width": 24, "width": 48},
    },
    size="base",
    small={"embedding": 16, "look": 8, "letter": 8, "letter_width": 8, "width": 8, "dropout": 0.0},
    options={
        "embedding": 64,
        "look": 16,
        "letter": 16,
        "letter_width": 24,
        "width": 48,
        "depth": 1,
        "dropout": 0.3,
        "window": 384,
    },
    learning={"learning_rate": 2e-3, "weight_decay": 0.01},
    source="Seo et al. 2017, arXiv:1611.01603; cells of torch",
)

RUNS = 4
"""Words in a row that are looked for in the question as a run, at most."""
NEAR = (5, 15, 45)
"""Words on either side within which what the question asks may stand."""


class Highway(nn.Module):
    """Two layers that pass on what they do not change (Srivastava et al. 2015)."""

    def __init__(self, width: int):
        super().__init__()
        self.changes = nn.ModuleList(nn.Linear(width, width) for _layer in range(2))
        self.gates = nn.ModuleList(nn.Linear(width, width) for _layer in range(2))

    def forward(self, x_BLD: torch.Tensor) -> torch.Tensor:
        for change, gate in zip(self.changes, self.gates, strict=True):
            x_BLD = torch.lerp(x_BLD, change(x_BLD).relu(), torch.sigmoid(gate(x_BLD)))
        return x_BLD


class BiDaf(Extracting):
    """A whole model of answers in a text.

    Args:
        spec: how many values each look at a word has, and how many letters there are.
        embedding, look: features of a word itself, and of each other look at it.
        letter, letter_width: features of a letter, and of what is found in all letters of a word.
        width, depth: of the LSTMs' states in each direction, and layers of the one that reads what attention found.
        dropout: share of the numbers dropped in training.
        window: words of a text that are read at once.
    """

    def __init__(
        self,
        spec: AskedSpec,
        *,
        embedding: int,
        look: int,
        letter: int,
        letter_width: int,
        width: int,
        depth: int,
        dropout: float,
        window: int,
    ):
        super().__init__(spec.asked, window)
        self.looks, wide = tables(spec.sizes, embedding, look)
        self.letters = Letters(spec.letters, letter, letter_width) if spec.letters else None
        self.dropout = nn.Dropout(dropout)
        self.squeeze = nn.Linear(wide + (letter_width if spec.letters else 0), 2 * width)
        self.highway = Highway(2 * width)
        self.reader = BothWays("lstm", 2 * width, width, 1, dropout)
        self.alike = nn.Linear(6 * width, 1, bias=False)  # a constant would change no softmax
        self.asks = nn.Linear(2 * width, 2)
        self.seen = RUNS + 2 * len(NEAR)
        self.flow = BothWays("lstm", 8 * width + self.seen, width, depth, dropout)
        self.behind = BothWays("lstm", 2 * width, width, 1, dropout)
        self.first = nn.Linear(10 * width + self.seen, 1)
        self.last = nn.Linear(10 * width + self.seen, 1)

    def embed(self, words: Words) -> torch.Tensor:
        parts = [table(words.looks[:, :, f]) for f, table in enumerate(self.looks)]
        if self.letters is not None:
            parts.append(self.letters(words.letters))
        return self.highway(self.squeeze(self.dropout(torch.cat(parts, dim=2))))

    def score(self, context: Words, question: Words) -> tuple[torch.Tensor, torch.Tensor]:
        real_BL, asked_BQ = (valid(words.lengths, words.looks.shape[1]) for words in (context, question))
        h_BLD = self.reader.read(self.embed(context), real_BL)
        u_BQD = self.reader.read(self.embed(question), asked_BQ)
        flow_BLD = self.attend(h_BLD, u_BQD, real_BL, asked_BQ)
        seen_BLF = self.look_up(context, question, u_BQD, real_BL, asked_BQ)
        g_BLD = torch.cat([flow_BLD, seen_BLF], 2)
        m_BLD = self.flow.read(self.dropout(g_BLD), real_BL)
        n_BLD = self.behind.read(m_BLD, real_BL)
        scored = ((self.first, m_BLD), (self.last, n_BLD))
        start, end = (head(torch.cat([g_BLD, x_BLD], 2)).squeeze(2) for head, x_BLD in scored)
        return start, end

    def attend(self, h_BLD: torch.Tensor, u_BQD: torch.Tensor, real_BL: torch.Tensor, asked_BQ: torch.Tensor) -> torch.Tensor:
        """The text beside what of the question each word means, and beside what of the text the question means (B, L, 4 D)."""
        text_D, asked_D, both_D = self.alike.weight[0].chunk(3)
        alike_BLQ = (h_BLD @ text_D)[:, :, None] + (u_BQD @ asked_D)[:, None] + (h_BLD * both_D) @ u_BQD.transpose(1, 2)
        alike_BLQ = alike_BLQ.masked_fill(~asked_BQ[:, None], -1e4)
        meant_BLD = alike_BLQ.softmax(2) @ u_BQD
        important_BL = alike_BLQ.amax(2).masked_fill(~real_BL, -1e4).softmax(1)
        h_B1D = important_BL.unsqueeze(1) @ h_BLD
        return torch.cat([h_BLD, meant_BLD, h_BLD * meant_BLD, h_BLD * h_B1D], 2)

    def look_up(
        self, context: Words, question: Words, u_BQD: torch.Tensor, real_BL: torch.Tensor, asked_BQ: torch.Tensor
    ) -> torch.Tensor:
        """Which words of the text stand in the question (B, L, RUNS), in runs of one and more, and how much of the question
        stands near each (B, L, 2 · NEAR), of single words and of pairs."""
        same_BLQ = same(context, question) & real_BL[:, :, None] & asked_BQ[:, None]
        runs = in_runs(same_BLQ, RUNS)
        found = [covered(run_BLQ.any(2), n + 1) for n, run_BLQ in enumerate(runs)]
        share_BQ2 = torch.sigmoid(self.asks(u_BQD)) * asked_BQ[:, :, None]
        share_BQ2 = share_BQ2 / share_BQ2.sum(1, keepdim=True).clamp(min=1e-6)
        for number, run_BLQ in enumerate(runs[:2]):
            run_BQL = run_BLQ.transpose(1, 2).to(u_BQD.dtype)
            for reach in NEAR:
                near_BQL = F.max_pool1d(run_BQL, 2 * reach + 1, 1, reach)
                found.append((near_BQL * share_BQ2[:, :, number, None]).sum(1))
        return torch.stack([one.to(u_BQD.dtype) for one in found], 2)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Words and letters, what reads both, what attends, what answers."""
        letters = self.letters.parameters() if self.letters is not None else ()
        words = [*self.looks.parameters(), *letters, *self.squeeze.parameters(), *self.highway.parameters()]
        attends = [*self.alike.parameters(), *self.asks.parameters(), *self.flow.parameters()]
        answers = [p for part in (self.behind, self.first, self.last) for p in part.parameters()]
        return [words, list(self.reader.parameters()), attends, answers]


def same(context: Words, question: Words) -> torch.Tensor:
    """Which words are the same (B, L, Q): known ones by their number, others by their letters."""
    form_BL, form_BQ = context.looks[:, :, 0], question.looks[:, :, 0]
    same_BLQ = (form_BL[:, :, None] == form_BQ[:, None]) & (form_BL > 1)[:, :, None]
    if context.letters.shape[2]:
        spelt_BLQ = (context.letters[:, :, None] == question.letters[:, None]).all(3)
        same_BLQ = same_BLQ | (spelt_BLQ & (context.letters > 1).any(2)[:, :, None])
    return same_BLQ


def in_runs(same_BLQ: torch.Tensor, most: int) -> list[torch.Tensor]:
    """Where runs of 1, 2, … `most` words begin that both have (B, L, Q)."""
    runs = [same_BLQ]
    for n in range(1, most):
        runs.append(runs[-1] & F.pad(same_BLQ, (0, n, 0, n))[:, n:, n:])
    return runs


def covered(begins_BL: torch.Tensor, size: int) -> torch.Tensor:
    """Words that lie in a run of `size`, of those that begin one."""
    found_BL = begins_BL
    for back in range(1, size):
        found_BL = found_BL | F.pad(begins_BL, (back, 0))[:, : begins_BL.shape[1]]
    return found_BL


def build(
    spec: AskedSpec,
    *,
    gives: str = "extract",
    target: Any = None,
    embedding: int = 64,
    look: int = 16,
    letter: int = 16,
    letter_width: int = 24,
    width: int = 48,
    depth: int = 1,
    dropout: float = 0.3,
    window: int = 384,
) -> nn.Module:
    """See `BiDaf`."""
    return BiDaf(
        spec,
        embedding=embedding,
        look=look,
        letter=letter,
        letter_width=letter_width,
        width=width,
        depth=depth,
        dropout=dropout,
        window=window,
    )
