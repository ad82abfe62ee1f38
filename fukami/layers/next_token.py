"""Whole models of texts that foretell each token from those before it: what they learn by, how they judge, how they write.

A family brings `hidden`: states for tokens, and what it remembers of them. B batch, L tokens, T tokens that are no padding,
V vocabulary, D width.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens
from fukami.layers.drawing import drawn

LOGITS = 1 << 25
"""Numbers of tokens times vocabulary that are computed at a time where nothing is learned."""


class NextToken(nn.Module):
    """What families share. `room` is how many tokens a family sees at once; 0 where it remembers any number."""

    room = 0
    num_features: int

    def __init__(self, spec: TokenSpec):
        super().__init__()
        self.begin, self.pad, self.context = dict(spec.special)["cls"], spec.pad, spec.max_tokens

    @abstractmethod
    def hidden(self, ids_BL: torch.Tensor, memory: Any = None) -> tuple[torch.Tensor, Any]:
        """States `h_BLD` of tokens that follow those of `memory`, and the memory of all of them."""

    @abstractmethod
    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        """`logits_TV` of what comes next."""

    def forward(self, tokens: Tokens) -> torch.Tensor:
        """`h_BD`: what it knows at the end of each text, by which texts can be compared."""
        ids_BL, lengths_B = tokens
        seen_BL = torch.cat([ids_BL.new_full((len(ids_BL), 1), self.begin), ids_BL], dim=1)
        return self._whole(seen_BL)[torch.arange(len(ids_BL), device=ids_BL.device), lengths_B]

    # -- learning and judging ----------------------------------------------------------------------------------------
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """Nats of each example's tokens. Of passages they are divided by how long one usually is, so that every token counts
        alike; of what follows an input they are summed: the negated log-likelihood."""
        (target,) = targets.values()
        nats_BL, _right = self.surprise(next(iter(inputs.values())), target, right=False)
        per = 1.0 if bool(target["follows"].any()) else float(self.context)
        return {"nats": nats_BL.sum(1) / per}

    def scores(self, inputs: dict[str, Any], targets: dict[str, Any]) -> dict[str, torch.Tensor]:
        """`nats_BL` and `right_BL` (whether a token was the likeliest one) of the targets, and their `lengths_B`."""
        (target,) = targets.values()
        nats_BL, right_BL = self.surprise(next(iter(inputs.values())), target)
        return {"nats": nats_BL, "right": right_BL, "lengths": target["ids"].lengths}

    def surprise(self, given: Tokens, target: dict[str, Any], *, right: bool = True) -> tuple[torch.Tensor, torch.Tensor]:
        """`nats_BL` float32 and `right_BL` bool of the target's tokens; padding has 0 and False."""
        ids_BL, lengths_B = target["ids"]
        if bool(target["follows"].any()):
            return self._after(given, target["ids"])
        before_BL = torch.cat([ids_BL.new_full((len(ids_BL), 1), self.begin), ids_BL[:, :-1]], dim=1)
        real_BL = torch.arange(ids_BL.shape[1], device=ids_BL.device) < lengths_B[:, None]
        h_TD = self._whole(before_BL)[real_BL]
        nats_T, right_T = self._judged(h_TD, ids_BL[real_BL], right)
        nats_BL = torch.zeros(ids_BL.shape, device=ids_BL.device).masked_scatter(real_BL, nats_T)
        return nats_BL, torch.zeros_like(real_BL).masked_scatter(real_BL, right_T)

    def _after(self, given: Tokens, wanted: Tokens) -> tuple[torch.Tensor, torch.Tensor]:
        """The same of tokens that follow an input: both stand in one sequence, whose padding comes last."""
        shape, device = wanted.ids.shape, wanted.ids.device
        place_BL = given.lengths[:, None] + torch.arange(shape[1], device=device)
        whole_BS = wanted.ids.new_full((shape[0], 1 + given.ids.shape[1] + shape[1]), self.pad)
        whole_BS[:, 0] = self.begin
        whole_BS[:, 1 : 1 + given.ids.shape[1]] = given.ids
        whole_BS.scatter_(1, 1 + place_BL, wanted.ids)
        h_BLD = self._whole(whole_BS).gather(1, place_BL[:, :, None].expand(-1, -1, self.num_features))
        nats_T, right_T = self._judged(h_BLD.flatten(0, 1), wanted.ids.flatten(), True)
        real_BL = torch.arange(shape[1], device=device) < wanted.lengths[:, None]
        return nats_T.view(shape) * real_BL, right_T.view(shape) & real_BL

    def _whole(self, ids_BL: torch.Tensor) -> torch.Tensor:
        """States of tokens of any number: where there are more than a family sees at once, each has at least half of that
        before it."""
        room = self.room
        if not room or ids_BL.shape[1] <= room:
            return self.hidden(ids_BL)[0]
        parts, half = [self.hidden(ids_BL[:, :room])[0]], room // 2
        for start in range(half, ids_BL.shape[1] - half, room - half):
            parts.append(self.hidden(ids_BL[:, start : start + room])[0][:, half:])
        return torch.cat(parts, dim=1)

    def _judged(self, h_TD: torch.Tensor, ids_T: torch.Tensor, right: bool) -> tuple[torch.Tensor, torch.Tensor]:
        size = len(h_TD) if torch.is_grad_enabled() else max(1, LOGITS // self.vocabulary_size)
        nats, hits = [], []
        for start in range(0, max(1, len(h_TD)), max(1, size)):
            logits_TV, wanted_T = self.logits(h_TD[start : start + size]).float(), ids_T[start : start + size]
            nats.append(F.cross_entropy(logits_TV, wanted_T, reduction="none"))
            hits.append(logits_TV.argmax(1) == wanted_T if right else torch.zeros_like(wanted_T, dtype=torch.bool))
        return torch.cat(nats), torch.cat(hits)

    @property
    def vocabulary_size(self) -> int:
        raise NotImplementedError

    # -- writing -----------------------------------------------------------------------------------------------------
    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        """`ids_BL` that go on from the inputs, and `lengths_B`. The same input gives the same text, whatever stands beside it
        in a batch, since each draws from a seed of its own."""
        given: Tokens = next(iter(inputs.values()))
        most, device = options.max_tokens, given.ids.device
        out = given.ids.new_zeros(len(given.ids), most)
        lengths = given.lengths.tolist()
        for count in sorted(set(lengths)):
            rows = [row for row, length in enumerate(lengths) if length == count]
            ids_BL = given.ids[rows, :count]
            chance_BT = torch.stack([_chances(rng.initial_seed(), row, most) for row in ids_BL]).to(device)
            written = list(self._written(ids_BL, chance_BT, options))
            out[rows] = torch.stack(written, dim=1) if written else out[rows]
        return {"ids": out, "lengths": torch.full_like(given.lengths, most)}

    def writing(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Iterator[int]:
        """The same for one input, token by token, as they are written."""
        given: Tokens = next(iter(inputs.values()))
        ids_BL = given.ids[:1, : int(given.lengths[0])]
        chance_BT = _chances(rng.initial_seed(), ids_BL[0], options.max_tokens)[None].to(ids_BL.device)
        for next_B in self._written(ids_BL, chance_BT, options):
            yield int(next_B[0])

    def _written(self, ids_BL: torch.Tensor, chance_BT: torch.Tensor, options: Any) -> Iterator[torch.Tensor]:
        """One token of each text after the other. Past what is seen at once, the later half of it is read anew."""
        seen_BL = torch.cat([ids_BL.new_full((len(ids_BL), 1), self.begin), ids_BL], dim=1)
        if self.room:
            seen_BL = seen_BL[:, -self.room :]
        h_BLD, memory = self.hidden(seen_BL)
        for at in range(chance_BT.shape[1]):
            next_B = drawn(self._allowed(self.logits(h_BLD[:, -1]).float()), chance_BT[:, at], options)
            yield next_B
            seen_BL = torch.cat([seen_BL, next_B[:, None]], dim=1)
            if self.room and seen_BL.shape[1] > self.room:
                seen_BL = seen_BL[:, -max(1, self.room // 2) :]
                h_BLD, memory = self.hidden(seen_BL)
            else:
                h_BLD, memory = self.hidden(next_B[:, None], memory)

    def _allowed(self, logits_BV: torch.Tensor) -> torch.Tensor:
        """Without padding and the like, which stand for no text."""
        logits_BV[:, : self.begin + 1] = -torch.inf
        return logits_BV


def _chances(seed: int, ids_L: torch.Tensor, most: int) -> torch.Tensor:
    """Uniform numbers for one text, from the seed and what it says."""
    told = hashlib.blake2b(ids_L.cpu().numpy().tobytes(), digest_size=7, key=str(seed).encode()).digest()
    return torch.rand(most, generator=torch.Generator().manual_seed(int.from_bytes(told, "big")))
