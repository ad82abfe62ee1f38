"""Whole models that find hidden words, as BERT is pretrained: how they learn, how they are judged, and how they fill gaps.

The network is the library's own, so what is saved opens there as it is, and encoders are fine-tuned from it.
B batch, L tokens, T hidden tokens, M gaps, K likeliest tokens, V vocabulary, D width.
"""

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.pooling import masked_mean, valid

SHARE = 0.15
LIKELIEST = 5
"""Tokens that are told of each gap."""


class HiddenWords(nn.Module):
    """A `BertForMaskedLM`, or with `next_sentence` a `BertForPreTraining`. What is longer than its positions is cut."""

    library = "transformers"

    def __init__(self, net: nn.Module, spec: TokenSpec, *, next_sentence: bool):
        super().__init__()
        special = dict(spec.special)
        self.net, self.next_sentence, self.pad = net, next_sentence, spec.pad
        self.begin, self.end, self.mask = special["cls"], special["sep"], special["mask"]
        self.specials, self.size = 1 + max(self.pad, *special.values()), spec.vocabulary_size
        config: Any = net.config
        self.room, self.num_features = int(config.max_position_embeddings), int(config.hidden_size)

    def forward(self, tokens: Tokens) -> torch.Tensor:
        """`h_BD`: the mean over a text's tokens, by which texts can be compared."""
        ids_BL, lengths_B = self._cut(tokens)
        return masked_mean(self._states(ids_BL, lengths_B), valid(lengths_B, ids_BL.shape[1]))

    def _cut(self, tokens: Tokens) -> Tokens:
        ids_BL = tokens.ids if tokens.ids.shape[1] else tokens.ids.new_full((len(tokens.ids), 1), self.pad)
        return Tokens(ids_BL[:, : self.room], tokens.lengths.clamp(min=1, max=self.room))

    def _states(self, ids_BL: torch.Tensor, lengths_B: torch.Tensor, segments_BL: torch.Tensor | None = None) -> torch.Tensor:
        attend_BL = valid(lengths_B, ids_BL.shape[1]).long()
        base: Any = self.net.base_model
        return base(input_ids=ids_BL, attention_mask=attend_BL, token_type_ids=segments_BL).last_hidden_state

    def _logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        predictions: Any = self.net.cls.predictions  # type: ignore[union-attr]
        return predictions(h_TD).float()

    # -- learning ----------------------------------------------------------------------------------------------------
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """Nats of a hidden token, the mean over those of each example, and with `next_sentence` those of whether the second
        half of a text is its own. Of what fills gaps, the sum over them."""
        (given,), (target,) = inputs.values(), targets.values()
        if bool(target["follows"].any()):
            return {"nats": self._of_fills(given, target["ids"])}
        if not self.training:
            nats_BL, _right = self._surprise(target["ids"], target["masked"])
            return {"nats": nats_BL.sum(1) / target["masked"].sum(1).clamp(min=1)}
        tokens = self._cut(target["ids"])
        segments_BL, own_B = None, None
        if self.next_sentence:
            tokens, segments_BL, own_B = self._exchanged(tokens, rng)
        ids_BL, lengths_B = tokens
        chosen_BL = self._chosen(tokens, rng)
        h_BLD = self._states(self._spoiled(ids_BL, chosen_BL, rng), lengths_B, segments_BL)
        nats_T = F.cross_entropy(self._logits(h_BLD[chosen_BL]), ids_BL[chosen_BL], reduction="none")
        nats_B = spread(nats_T, chosen_BL).sum(1) / chosen_BL.sum(1).clamp(min=1)
        if own_B is None:
            return {"nats": nats_B}
        net: Any = self.net
        told_B2 = net.cls.seq_relationship(net.bert.pooler(h_BLD)).float()
        return {"nats": nats_B, "next": F.cross_entropy(told_B2, (~own_B).long(), reduction="none")}

    def _chosen(self, tokens: Tokens, rng: torch.Generator) -> torch.Tensor:
        """Tokens to be found, anew in each step: 15 of 100, and of each text at least one."""
        ids_BL, lengths_B = tokens
        may_BL = valid(lengths_B, ids_BL.shape[1]) & (ids_BL >= self.specials)
        drawn_BL = self._drawn(ids_BL, rng).masked_fill(~may_BL, 2.0)
        return may_BL & ((drawn_BL < SHARE) | (drawn_BL == drawn_BL.amin(1, keepdim=True)))

    def _spoiled(self, ids_BL: torch.Tensor, chosen_BL: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        """Of the chosen ones eight in ten are hidden, one is another token, and one stays."""
        drawn_BL, other_BL = self._drawn(ids_BL, rng), self._drawn(ids_BL, rng)
        other_BL = (self.specials + other_BL * (self.size - self.specials)).long().clamp(max=self.size - 1)
        spoiled_BL = torch.where(chosen_BL & (drawn_BL < 0.9), other_BL, ids_BL)
        return spoiled_BL.masked_fill(chosen_BL & (drawn_BL < 0.8), self.mask)

    def _drawn(self, ids_BL: torch.Tensor, rng: torch.Generator) -> torch.Tensor:
        return torch.rand(ids_BL.shape, generator=rng, device=rng.device).to(ids_BL.device)

    def _exchanged(self, tokens: Tokens, rng: torch.Generator) -> tuple[Tokens, torch.Tensor, torch.Tensor]:
        """Both halves of each text as two, of every second one the later half of another; their segments, and which have their
        own. Texts are divided in the middle, since passages hold several sentences."""
        rows = [row[:length][row[:length] >= self.specials] for row, length in zip(*tokens, strict=True)]
        count = len(rows)
        own_B = torch.rand(count, generator=rng, device=rng.device) < 0.5
        shift_B = torch.randint(1, max(2, count), (count,), generator=rng, device=rng.device)
        after = [at if bool(own_B[at]) or count < 2 else (at + int(shift_B[at])) % count for at in range(count)]
        own_B = torch.tensor([one == at for at, one in enumerate(after)], device=tokens.ids.device)
        begin, end = (tokens.ids.new_tensor([number]) for number in (self.begin, self.end))
        most = (self.room - 3) // 2
        halves = [(row[: len(row) // 2][:most], row[len(row) // 2 :][:most]) for row in rows]
        pairs = [(torch.cat([begin, halves[at][0], end]), torch.cat([halves[b][1], end])) for at, b in enumerate(after)]
        pad = torch.nn.utils.rnn.pad_sequence
        ids_BL = pad([torch.cat(pair) for pair in pairs], batch_first=True, padding_value=self.pad)
        kinds = [torch.cat([torch.zeros_like(a), torch.ones_like(b)]) for a, b in pairs]
        lengths_B = tokens.lengths.new_tensor([len(a) + len(b) for a, b in pairs])
        return Tokens(ids_BL, lengths_B), pad(kinds, batch_first=True), own_B

    # -- judging -----------------------------------------------------------------------------------------------------
    def scores(self, inputs: dict[str, Any], targets: dict[str, Any]) -> dict[str, torch.Tensor]:
        """`nats_BL`, `right_BL` and `masked_BL` of the targets, whose hidden tokens are all masked at once."""
        (target,) = targets.values()
        nats_BL, right_BL = self._surprise(target["ids"], target["masked"])
        return {"nats": nats_BL, "right": right_BL, "masked": target["masked"]}

    def _surprise(self, tokens: Tokens, masked_BL: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Nats and right guesses of hidden tokens, 0 elsewhere. What lies beyond the positions is as hard as it can be."""
        ids_BL, lengths_B = self._cut(tokens)
        chosen_BL = masked_BL[:, : ids_BL.shape[1]]
        if chosen_BL.shape != ids_BL.shape:
            return torch.zeros(masked_BL.shape, device=ids_BL.device), masked_BL
        logits_TV = self._logits(self._states(ids_BL.masked_fill(chosen_BL, self.mask), lengths_B)[chosen_BL])
        wanted_T = ids_BL[chosen_BL]
        beyond = masked_BL.shape[1] - ids_BL.shape[1]
        nats_BL = F.pad(spread(F.cross_entropy(logits_TV, wanted_T, reduction="none"), chosen_BL), (0, beyond))
        right_BL = F.pad(torch.zeros_like(chosen_BL).masked_scatter(chosen_BL, logits_TV.argmax(1) == wanted_T), (0, beyond))
        unseen_BL = masked_BL & (torch.arange(masked_BL.shape[1], device=ids_BL.device) >= ids_BL.shape[1])
        return nats_BL.masked_fill(unseen_BL, float(torch.tensor(self.size).log())), right_BL

    # -- filling gaps ------------------------------------------------------------------------------------------------
    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        """`ids_BL` with gaps filled, `lengths_B`, `gaps_B` (how many), and of each the `likeliest_BMK` and `chances_BMK`. A
        text without a gap is gone on with by one token."""
        (given,) = inputs.values()
        tokens = self._asked(given)
        ids_BL = tokens.ids
        places_BM, gaps_B = self._gaps(tokens)
        chances_BMV = self._chances(tokens, places_BM).exp()
        chances_BMK, likeliest_BMK = chances_BMV.topk(min(LIKELIEST, chances_BMV.shape[2]), dim=2)
        filled_BL = ids_BL.clone()
        filled_BL[ids_BL == self.mask] = likeliest_BMK[:, :, 0][
            torch.arange(places_BM.shape[1], device=ids_BL.device) < gaps_B[:, None]
        ]
        return {"ids": filled_BL, "lengths": tokens.lengths, "gaps": gaps_B, "likeliest": likeliest_BMK, "chances": chances_BMK}

    def _of_fills(self, given: Tokens, wanted: Tokens) -> torch.Tensor:
        """Nats (B,) of tokens in the gaps of a text."""
        tokens = self._asked(given)
        places_BM, _gaps = self._gaps(tokens, wanted.ids.shape[1])
        nats_BM = -self._chances(tokens, places_BM).gather(2, wanted.ids[:, :, None])[:, :, 0]
        return nats_BM.masked_fill(~valid(wanted.lengths, wanted.ids.shape[1]), 0).sum(1)

    def _asked(self, given: Tokens) -> Tokens:
        """The texts, each with a gap: at its end where it has none."""
        ids_BL, lengths_B = self._cut(given)
        lacks_B = ~(ids_BL == self.mask).any(1)
        if not bool(lacks_B.any()):
            return Tokens(ids_BL, lengths_B)
        ids_BL = F.pad(ids_BL, (0, 1), value=self.pad) if ids_BL.shape[1] < self.room else ids_BL
        last_B = lengths_B - 1
        row_B = torch.arange(len(ids_BL), device=ids_BL.device)
        ends_B = ids_BL[row_B, last_B] == self.end
        gap_B = torch.where(ends_B, last_B, lengths_B).clamp(max=ids_BL.shape[1] - 1)
        filled_BL = ids_BL.clone()
        filled_BL[row_B, (gap_B + 1).clamp(max=ids_BL.shape[1] - 1)] = torch.where(
            ends_B, self.end, ids_BL[row_B, (gap_B + 1).clamp(max=ids_BL.shape[1] - 1)]
        )
        filled_BL[row_B, gap_B] = self.mask
        longer_B = (lengths_B + 1).clamp(max=ids_BL.shape[1])
        return Tokens(torch.where(lacks_B[:, None], filled_BL, ids_BL), torch.where(lacks_B, longer_B, lengths_B))

    def _gaps(self, tokens: Tokens, most: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        """Where the gaps of each text are (B, M), in order, then other places; and how many there are."""
        is_gap_BL = tokens.ids == self.mask
        gaps_B = is_gap_BL.sum(1)
        return (~is_gap_BL).long().argsort(dim=1, stable=True)[:, : most or int(gaps_B.max())], gaps_B

    def _chances(self, tokens: Tokens, places_BM: torch.Tensor) -> torch.Tensor:
        """Log-likelihoods (B, M, V) of what stands at these places; special tokens never do."""
        h_BLD = self._states(*tokens)
        logits_BMV = self._logits(h_BLD.gather(1, places_BM[:, :, None].expand(-1, -1, h_BLD.shape[2])))
        logits_BMV[:, :, : self.specials] = -torch.inf
        return logits_BMV.log_softmax(2)

    # -- the library's own checkpoints -------------------------------------------------------------------------------
    def as_library(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """State and configuration as transformers saves them."""
        config: Any = self.net.config
        return dict(self.net.state_dict()), config.to_dict() | {"architectures": [type(self.net).__name__], "dtype": "float32"}

    def from_library(self, state: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """A state as transformers saves it → the model's own, and that of its head, which has none."""
        return {f"net.{name}": tensor for name, tensor in state.items()}, {}

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The embeddings, each block, what follows them."""
        base: Any = self.net.base_model
        groups = [list(base.embeddings.parameters()), *(list(block.parameters()) for block in base.encoder.layer)]
        known = {id(one) for group in groups for one in group}
        return [*groups, [one for one in self.net.parameters() if id(one) not in known]]


def spread(values_T: torch.Tensor, chosen_BL: torch.Tensor) -> torch.Tensor:
    """The values where they belong, 0 elsewhere (float32, B × L)."""
    return torch.zeros(chosen_BL.shape, device=values_T.device).masked_scatter(chosen_BL, values_T)
