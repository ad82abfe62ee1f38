"""Recurrent encoder and decoder with attention: Bahdanau et al. 2014, in the form that Luong et al. 2015 gave it.

The encoder reads both ways. The decoder has two layers of cells, the second of which sees what the first one's states attend
to, as in Wu et al. 2016: what was attended to before is remembered there, so that nothing has to be fed back and all steps of a
training are computed at once. The table of target tokens is shared with the answer (Press and Wolf 2016).

Where source and target have the same pieces one table serves both, and what is attended to may be copied: a gate decides for
each token between writing and copying (See et al. 2017, arXiv:1704.04368).

Shapes: B batch, S source tokens, L target tokens, T of them that are no padding, V vocabulary, D width, E embedding.
"""

from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import masked_mean
from fukami.layers.recurrent import CELLS, BothWays
from fukami.layers.translating import Tensors, Translator

CARD = ModelCard(
    name="seq2seq",
    summary="recurrent encoder and decoder with attention; quick where there is no GPU",
    takes=("text",),
    gives=("sentence",),
    sizes={
        "tiny": {"embedding": 64, "width": 64},
        "small": {"embedding": 128, "width": 192},
        "base": {"embedding": 256, "width": 384},
        "large": {"embedding": 512, "width": 512},
    },
    size="small",
    options={"embedding": 128, "width": 192, "dropout": 0.1, "smoothing": 0.1, "copying": True},
    parameters={"text": {"tiny": 2_165_696, "small": 4_920_832, "base": 11_435_392, "large": 22_833_280}},
    small={"embedding": 32, "width": 32},
    learning={"learning_rate": 4e-3, "weight_decay": 0.0, "clip_norm": 20.0},
    source="Bahdanau et al. 2014, arXiv:1409.0473; Luong et al. 2015, arXiv:1508.04025; cells of torch",
    exempt={"pruning": "what recurrent layers keep cannot be followed"},
)

STD = 0.5
"""Deviation of both tables at first. With a tenth, states hardly differ and attention finds nothing for hundreds of steps: 300
steps of pairs from a small grammar ended at 4.1 nats a sentence, with this one at 0.65."""
TINY = 1e-20


def build(
    spec: TokenSpec,
    *,
    gives: str = "sentence",
    target: TokenSpec,
    embedding: int = 128,
    width: int = 192,
    dropout: float = 0.1,
    smoothing: float = 0.1,
    copying: bool = True,
) -> nn.Module:
    """See `Seq2Seq`."""
    sizes = {"embedding": embedding, "width": width}
    return Seq2Seq(spec, target, **sizes, dropout=dropout, smoothing=smoothing, copying=copying)


class Seq2Seq(Translator):
    """Tables of `embedding` features and states of `width`, half of them in each direction of the encoder. Copies only where
    the target shares the source's pieces."""

    varying: ClassVar[dict[str, dict[int, str]]] = {name: {1: "source"} for name in ("states", "keys", "valid", "ids")}

    def __init__(
        self,
        spec: TokenSpec,
        target: TokenSpec,
        *,
        embedding: int,
        width: int,
        dropout: float,
        smoothing: float,
        copying: bool,
    ):
        super().__init__(target, smoothing)
        self.shared, self.copies, self.embedding = target.shared, target.shared and copying, embedding
        self.source = Embedding(spec, embedding, dropout=dropout, std=STD)
        self.reader = BothWays("gru", embedding, width // 2, 1, dropout)
        self.bridge, self.keys = nn.Linear(width, 2 * width), nn.Linear(width, width, bias=False)
        if not self.shared:
            self.tokens = nn.Embedding(target.vocabulary_size, embedding)
            nn.init.normal_(self.tokens.weight, std=STD)
        self.first = CELLS["gru"](embedding, width, batch_first=True)
        self.second = CELLS["gru"](2 * width, width, batch_first=True)
        self.join, self.bias = nn.Linear(2 * width, embedding), nn.Parameter(torch.zeros(target.vocabulary_size))
        self.dropout, self.num_features = nn.Dropout(dropout), width
        if self.copies:
            self.gate = nn.Linear(embedding + width, 1)

    @property
    def table(self) -> torch.Tensor:
        """That of target tokens (V, E). Where it is the source's, explanations still follow the source alone: nobody asks the
        module."""
        return (self.source.table if self.shared else self.tokens).weight

    def forward(self, source: Tokens) -> torch.Tensor:
        """`h_BD`: what is remembered of each source on the whole, by which texts can be compared."""
        memory = self.read(source)
        return masked_mean(memory["states"], memory["valid"])

    def read(self, source: Tokens) -> Tensors:
        """`states` and `keys` (B, S, D), and which of them are no padding."""
        x_BSD, valid_BS = self.source(source)
        states_BSD = self.reader.read(x_BSD, valid_BS)
        memory = {"states": states_BSD, "keys": self.keys(states_BSD), "valid": valid_BS}
        return memory | {"ids": source.ids} if self.copies else memory

    def start(self, memory: Tensors) -> Tensors:
        """The states of both layers (B, D), from the mean of the source's."""
        both_BD = torch.tanh(self.bridge(masked_mean(memory["states"], memory["valid"])))
        return dict(zip(("first", "second"), both_BD.chunk(2, dim=1), strict=True))

    def heard(self, before_BL: torch.Tensor, memory: Tensors) -> torch.Tensor:
        return self._through(before_BL, memory, self.start(memory))[0]

    def step(self, last_B: torch.Tensor, memory: Tensors, state: Tensors) -> tuple[torch.Tensor, Tensors]:
        h_BLD, state = self._through(last_B[:, None], memory, state)
        return h_BLD[:, 0], state

    def _through(self, ids_BL: torch.Tensor, memory: Tensors, state: Tensors) -> tuple[torch.Tensor, Any]:
        first_BLD, first_1BD = self.first(
            self.dropout(F.embedding(ids_BL, self.table)), state["first"].unsqueeze(0).contiguous()
        )
        seen_BLD = self._attended(first_BLD, memory) @ memory["states"]
        attended_BLD = self.dropout(torch.cat([first_BLD, seen_BLD], dim=2))
        second_BLD, second_1BD = self.second(attended_BLD, state["second"].unsqueeze(0).contiguous())
        h_BLE = self.dropout(torch.tanh(self.join(torch.cat([second_BLD, seen_BLD], dim=2))))
        # what was asked for goes along, since what is copied is what was attended to
        h_BLD = torch.cat([h_BLE, first_BLD], dim=2) if self.copies else h_BLE
        return h_BLD, {"first": first_1BD[0], "second": second_1BD[0]}

    def _attended(self, asking_BLD: torch.Tensor, memory: Tensors) -> torch.Tensor:
        """Each source token's share (B, L, S) of what is attended to."""
        score_BLS = asking_BLD @ memory["keys"].transpose(1, 2) / self.num_features**0.5
        return score_BLS.masked_fill(~memory["valid"][:, None], -torch.inf).softmax(2)

    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        return F.linear(h_TD[:, : self.embedding], self.table, self.bias)

    def surprise(
        self, h_BLD: torch.Tensor, memory: Tensors, wanted_BL: torch.Tensor, real_BL: torch.Tensor, smoothing: float
    ) -> torch.Tensor:
        """Nats of tokens that may be written or copied; what is smoothed is the writing."""
        if not self.copies:
            return super().surprise(h_BLD, memory, wanted_BL, real_BL, smoothing)
        share_BLS = self._attended(h_BLD[:, :, self.embedding :], memory).float()
        copied_BL = share_BLS.masked_fill(memory["ids"][:, None] != wanted_BL[:, :, None], 0).sum(2)
        h_TD, copied_T = h_BLD[real_BL], copied_BL[real_BL].clamp(min=TINY).log()
        written_TV, gate_T = self.logits(h_TD).float().log_softmax(1), self.gate(h_TD).float()[:, 0]
        written_T = written_TV.gather(1, wanted_BL[real_BL][:, None])[:, 0]
        nats_T = -torch.logaddexp(written_T + F.logsigmoid(gate_T), copied_T + F.logsigmoid(-gate_T))
        return (1 - smoothing) * nats_T - smoothing * written_TV.mean(1)

    def chances(self, h_TD: torch.Tensor, memory: Tensors) -> torch.Tensor:
        written_TV = super().chances(h_TD, memory)
        if not self.copies:
            return written_TV
        share_TS = self._attended(h_TD[:, None, self.embedding :], memory)[:, 0].float()
        copied_TV = torch.zeros_like(written_TV).scatter_add(1, memory["ids"], share_TS)
        gate_T1 = torch.sigmoid(self.gate(h_TD).float())
        both_TV = gate_T1 * written_TV.exp() + (1 - gate_T1) * copied_TV
        return both_TV.log().masked_fill(written_TV == -torch.inf, -torch.inf)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Both tables, the encoder, the decoder."""
        tables = [*self.source.parameters(), *([] if self.shared else self.tokens.parameters())]
        reading = [*self.reader.parameters(), *self.bridge.parameters(), *self.keys.parameters()]
        writing = [*self.first.parameters(), *self.second.parameters(), *self.join.parameters(), self.bias]
        return [tables, reading, [*writing, *(self.gate.parameters() if self.copies else ())]]
