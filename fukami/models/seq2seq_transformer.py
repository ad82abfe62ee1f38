"""Transformer that reads one text and writes another: Vaswani et al. 2017.

Norms lie before each part rather than behind it (Xiong et al. 2020), which needs no long warm-up; waves tell the places; the
table of target tokens is shared with the answer. Keys and values of what was written are kept, so that a step reads one token.

Shapes: B batch, S source tokens, L target tokens, P tokens written before, N heads, E width of a head, D width.
"""

from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.dropout import dropout as dropped
from fukami.layers.embedding import Embedding
from fukami.layers.pooling import masked_mean
from fukami.layers.translating import Tensors, Translator
from fukami.models.transformer import Block, positions

CARD = ModelCard(
    name="seq2seq-transformer",
    summary="transformer that reads one text and writes another; for more data and a GPU",
    takes=("text",),
    gives=("sentence",),
    sizes={
        "tiny": {"width": 64, "depth": 1, "heads": 2},
        "small": {"width": 192, "depth": 2, "heads": 4},
        "base": {"width": 256, "depth": 4, "heads": 4},
        "large": {"width": 512, "depth": 6, "heads": 8},
    },
    size="small",
    options={"width": 192, "depth": 2, "heads": 4, "dropout": 0.1, "smoothing": 0.1},
    parameters={"text": {"tiny": 2_180_992, "small": 8_237_440, "base": 15_581_824, "large": 60_540_544}},
    small={"width": 32, "depth": 1, "heads": 2},
    learning={"learning_rate": 2e-3, "weight_decay": 0.01, "clip_norm": 20.0},
    source="Vaswani et al. 2017, arXiv:1706.03762; Xiong et al. 2020, arXiv:2002.04745",
)


def build(
    spec: TokenSpec,
    *,
    gives: str = "sentence",
    target: TokenSpec,
    width: int = 192,
    depth: int = 2,
    heads: int = 4,
    dropout: float = 0.1,
    smoothing: float = 0.1,
) -> nn.Module:
    """See `Seq2SeqTransformer`; `width` is a multiple of `2 · heads`."""
    return Seq2SeqTransformer(spec, target, width=width, depth=depth, heads=heads, dropout=dropout, smoothing=smoothing)


class Writing(nn.Module):
    """x + attention(norm(x)), then the same over the source, then x + dense(norm(x)) with four times the width inside."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _part in range(3))
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.ask, self.seen = nn.Linear(width, width), nn.Linear(width, width)
        self.wider, self.narrower = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(
        self, x_BLD: torch.Tensor, past_B2NPE: torch.Tensor | None, cross_B2NSE: torch.Tensor, attend_B11S: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The states, and keys and values of all tokens so far."""
        q, k, v = (self._apart(part) for part in self.qkv(self.norms[0](x_BLD)).chunk(3, dim=2))
        kept_B2NPE = torch.stack([k, v], dim=1)
        if past_B2NPE is not None:
            kept_B2NPE = torch.cat([past_B2NPE, kept_B2NPE], dim=3)
        share = self.dropout if self.training else 0.0
        mixed = F.scaled_dot_product_attention(
            q, kept_B2NPE[:, 0], kept_B2NPE[:, 1], is_causal=past_B2NPE is None, dropout_p=share
        )
        x_BLD = x_BLD + self._dropped(self.out(mixed.transpose(1, 2).flatten(2)))
        q = self._apart(self.ask(self.norms[1](x_BLD)))
        mixed = F.scaled_dot_product_attention(q, cross_B2NSE[:, 0], cross_B2NSE[:, 1], attn_mask=attend_B11S, dropout_p=share)
        x_BLD = x_BLD + self._dropped(self.seen(mixed.transpose(1, 2).flatten(2)))
        inner_BLH = F.gelu(self.wider(self.norms[2](x_BLD)))
        return x_BLD + self._dropped(self.narrower(self._dropped(inner_BLH))), kept_B2NPE

    def _apart(self, part_BLD: torch.Tensor) -> torch.Tensor:
        return part_BLD.unflatten(2, (self.heads, -1)).transpose(1, 2)

    def _dropped(self, x: torch.Tensor) -> torch.Tensor:
        return dropped(x, self.dropout, self.training)


class Seq2SeqTransformer(Translator):
    """`depth` blocks that read and as many that write."""

    varying: ClassVar[dict[str, dict[int, str]]] = {"cross": {4: "source"}, "valid": {1: "source"}, "past": {4: "past"}}

    def __init__(
        self,
        spec: TokenSpec,
        target: TokenSpec,
        *,
        width: int,
        depth: int,
        heads: int,
        dropout: float,
        smoothing: float,
    ):
        super().__init__(target, smoothing)
        self.heads, self.dropout, self.num_features = heads, dropout, width
        self.source = Embedding(spec, width, dropout=dropout)
        self.reading = nn.ModuleList(Block(width, heads, dropout) for _number in range(depth))
        self.read_norm, self.cross = nn.LayerNorm(width), nn.Linear(width, 2 * width * depth)
        self.tokens = nn.Embedding(target.vocabulary_size, width)
        nn.init.normal_(self.tokens.weight, std=0.1)
        self.writing = nn.ModuleList(Writing(width, heads, dropout) for _number in range(depth))
        self.write_norm, self.bias = nn.LayerNorm(width), nn.Parameter(torch.zeros(target.vocabulary_size))
        # 0.1: the deviation of the tables
        self.register_buffer("places", 0.1 * positions(target.max_tokens + 1, width), persistent=False)

    def forward(self, source: Tokens) -> torch.Tensor:
        """`h_BD`: what is remembered of each source on the whole, by which texts can be compared."""
        return masked_mean(*self._states(source))

    def _states(self, source: Tokens) -> tuple[torch.Tensor, torch.Tensor]:
        x_BSD, valid_BS = self.source(source)
        x_BSD = x_BSD + 0.1 * positions(x_BSD.shape[1], x_BSD.shape[2]).to(x_BSD)
        for block in self.reading:
            x_BSD = block(x_BSD, valid_BS[:, None, None, :])
        return self.read_norm(x_BSD), valid_BS

    def read(self, source: Tokens) -> Tensors:
        """`cross` (B, depth, 2, N, S, E): keys and values of the source for each block, and which of them are no padding."""
        states_BSD, valid_BS = self._states(source)
        cross = self.cross(states_BSD).unflatten(2, (len(self.writing), 2, self.heads, -1))
        return {"cross": cross.permute(0, 2, 3, 4, 1, 5), "valid": valid_BS}

    def start(self, memory: Tensors) -> Tensors:
        """`past` (B, depth, 2, N, 0, E): nothing is written yet."""
        return {"past": memory["cross"][:, :, :, :, :0]}

    def heard(self, before_BL: torch.Tensor, memory: Tensors) -> torch.Tensor:
        return self._through(before_BL, memory, None)[0]

    def step(self, last_B: torch.Tensor, memory: Tensors, state: Tensors) -> tuple[torch.Tensor, Tensors]:
        h_BLD, past = self._through(last_B[:, None], memory, state["past"])
        return h_BLD[:, 0], {"past": past}

    def _through(self, ids_BL: torch.Tensor, memory: Tensors, past: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        start = 0 if past is None else past.shape[4]
        places: Any = self.places
        x_BLD = dropped(self.tokens(ids_BL) + places[start : start + ids_BL.shape[1]], self.dropout, self.training)
        kept = []
        for number, block in enumerate(self.writing):
            before = None if past is None else past[:, number]
            x_BLD, own = block(x_BLD, before, memory["cross"][:, number], memory["valid"][:, None, None, :])
            kept.append(own)
        return self.write_norm(x_BLD), torch.stack(kept, dim=1)

    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        return F.linear(h_TD, self.tokens.weight, self.bias)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Both tables, then each block that reads, then each that writes."""
        groups = [[*self.source.parameters(), *self.tokens.parameters()]]
        groups += [list(block.parameters()) for block in (*self.reading, *self.writing)]
        groups[len(self.reading)] += [*self.read_norm.parameters(), *self.cross.parameters()]
        groups[-1] += [*self.write_norm.parameters(), self.bias]
        return groups
