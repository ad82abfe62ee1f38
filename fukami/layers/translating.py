"""Whole models that read one text and write another: how they learn, and how they look for what to write.

A family brings `read` (what is remembered of the source), `heard` (states for every token of a text that is there) and `step`
(the state for one token more). B batch, K beams, S source tokens, L target tokens, T of them that are no padding, V vocabulary,
D width.
"""

from abc import abstractmethod
from typing import Any, ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.specs import TokenSpec
from fukami.fields.contract import Tokens

Tensors = dict[str, torch.Tensor]
"""Tensors by name, whose first axis is the example."""


class Translator(nn.Module):
    """What families share. `smoothing` is the share of each token's target that the other tokens get in training."""

    varying: ClassVar[dict[str, dict[int, str]]]
    """Of what `read`, `start` and `step` give, by name, the axes whose size varies besides the first, each with a name."""
    num_features: int

    def __init__(self, target: TokenSpec, smoothing: float):
        super().__init__()
        special = dict(target.special)
        self.begin, self.end, self.pad, self.most = special["cls"], special["sep"], target.pad, target.max_tokens
        self.unwritten = sorted({self.pad, *special.values()} - {self.end})
        self.smoothing = smoothing

    @abstractmethod
    def read(self, source: Tokens) -> Tensors:
        """What is remembered of a source while its translation is written."""

    @abstractmethod
    def heard(self, before_BL: torch.Tensor, memory: Tensors) -> torch.Tensor:
        """States `h_BLD`, each after the tokens up to its own."""

    @abstractmethod
    def start(self, memory: Tensors) -> Tensors:
        """What `step` goes on from at first."""

    @abstractmethod
    def step(self, last_B: torch.Tensor, memory: Tensors, state: Tensors) -> tuple[torch.Tensor, Tensors]:
        """The state `h_BD` after one token more, and what the next step goes on from."""

    @abstractmethod
    def logits(self, h_TD: torch.Tensor) -> torch.Tensor:
        """`logits_TV` of what comes next."""

    # -- learning ----------------------------------------------------------------------------------------------------
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> Tensors:
        """Nats of each example's tokens, its end among them: the negated log-likelihood, smoothed in training. What is longer
        than the model writes is cut."""
        (source,), (target,) = inputs.values(), targets.values()
        ids_BL, lengths_B = target.ids[:, : self.most], target.lengths.clamp(max=self.most)
        begin_B1, after_B1 = (ids_BL.new_full((len(ids_BL), 1), number) for number in (self.begin, self.pad))
        wanted_BL = torch.cat([ids_BL, after_B1], dim=1).scatter(1, lengths_B[:, None], self.end)
        # a text that was cut does not end there
        last_B = lengths_B - (target.lengths > self.most).long()
        real_BL = torch.arange(wanted_BL.shape[1], device=ids_BL.device) <= last_B[:, None]
        memory = self.read(source)
        h_BLD = self.heard(torch.cat([begin_B1, ids_BL], dim=1), memory)
        nats_T = self.surprise(h_BLD, memory, wanted_BL, real_BL, self.smoothing if self.training else 0.0)
        return {"nats": torch.zeros(real_BL.shape, device=ids_BL.device).masked_scatter(real_BL, nats_T).sum(1)}

    def surprise(
        self, h_BLD: torch.Tensor, memory: Tensors, wanted_BL: torch.Tensor, real_BL: torch.Tensor, smoothing: float
    ) -> torch.Tensor:
        """Nats of the T tokens that are real."""
        logits_TV = self.logits(h_BLD[real_BL]).float()
        return F.cross_entropy(logits_TV, wanted_BL[real_BL], reduction="none", label_smoothing=smoothing)

    # -- writing -----------------------------------------------------------------------------------------------------
    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Tensors:
        """`ids_BL`, `lengths_B` and `log_likelihood_B` of what was found for each source."""
        (source,) = inputs.values()
        memory = self.read(source)
        return self.search(memory, options.beams, min(options.longest or self.most, self.most), options.length_penalty)

    def chances(self, h_TD: torch.Tensor, memory: Tensors) -> torch.Tensor:
        """Log-likelihoods (T, V) of what comes next, float32; padding and the like are never written. `memory` is that of each
        state's own source."""
        logits_TV = self.logits(h_TD).float()
        never_V = torch.zeros(logits_TV.shape[1], dtype=torch.bool, device=h_TD.device)
        never_V[self.unwritten] = True
        return logits_TV.masked_fill(never_V, -torch.inf).log_softmax(1)

    def search(self, memory: Tensors, beams: int, most: int, penalty: float) -> Tensors:
        """Beam search, all examples and beams at once: of what can be written next the K that are likeliest for their length
        stay, whether they have ended or not (Wu et al. 2016, arXiv:1609.08144, for the penalty)."""
        count, device = len(next(iter(memory.values()))), next(iter(memory.values())).device
        memory = {name: value.repeat_interleave(beams, 0) for name, value in memory.items()}
        state, last = self.start(memory), torch.full((count * beams,), self.begin, device=device)
        ids_BKL = torch.empty(count, beams, 0, dtype=torch.int64, device=device)
        total_BK = torch.full((count, beams), -torch.inf, device=device)
        total_BK[:, 0] = 0
        length_BK = torch.zeros(count, beams, device=device)
        ended_BK = torch.zeros(count, beams, dtype=torch.bool, device=device)
        for _place in range(most):
            h_TD, state = self.step(last, memory, state)
            chance_BKV = self.chances(h_TD, memory).unflatten(0, (count, beams))
            # what has ended stays as it is, with padding behind it
            chance_BKV[ended_BK] = -torch.inf
            chance_BKV[:, :, self.pad].masked_fill_(ended_BK, 0)
            whole_BKV, longer_BK = total_BK[:, :, None] + chance_BKV, length_BK + ~ended_BK
            size = whole_BKV.shape[2]
            best_BK = (whole_BKV / stretch(longer_BK, penalty)[:, :, None]).flatten(1).topk(beams).indices
            from_BK, next_BK = best_BK // size, best_BK % size
            total_BK, length_BK = whole_BKV.flatten(1).gather(1, best_BK), longer_BK.gather(1, from_BK)
            ended_BK = ended_BK.gather(1, from_BK) | (next_BK == self.end)
            ids_BKL = torch.cat([ids_BKL.gather(1, from_BK[:, :, None].expand_as(ids_BKL)), next_BK[:, :, None]], dim=2)
            if bool(ended_BK.all()):
                break
            rows = (torch.arange(count, device=device)[:, None] * beams + from_BK).flatten()
            state, last = {name: value[rows] for name, value in state.items()}, next_BK.flatten()
        best_B = (total_BK / stretch(length_BK, penalty)).argmax(1)
        rows_B = torch.arange(count, device=device)
        ids_BL = ids_BKL[rows_B, best_B]
        written_BL = (ids_BL != self.end) & (ids_BL != self.pad)
        return {
            "ids": ids_BL.masked_fill(~written_BL, self.pad),
            "lengths": written_BL.sum(1),
            "log_likelihood": total_BK[rows_B, best_B],
        }


class Reads(nn.Module):
    """The graph of what is done once for a source: what is remembered of it, and where writing starts."""

    def __init__(self, model: Translator):
        super().__init__()
        self.model = model

    def forward(self, inputs: dict[str, Any]) -> Tensors:
        memory = self.model.read(next(iter(inputs.values())))
        started = self.model.start(memory)
        return {f"memory_{n}": value for n, value in memory.items()} | {f"state_{n}": value for n, value in started.items()}


class Steps(nn.Module):
    """The graph of what is done for each token: `chance` (B, V) of the next one, and the state as `next_…`."""

    def __init__(self, model: Translator):
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensors) -> Tensors:
        memory, state = (_named(inputs, prefix) for prefix in ("memory_", "state_"))
        h_BD, after = self.model.step(inputs["last"], memory, state)
        return {"chance": self.model.chances(h_BD, memory)} | {f"next_{name}": value for name, value in after.items()}


def _named(tensors: Tensors, prefix: str) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}


def stretch(length: torch.Tensor, penalty: float) -> torch.Tensor:
    """By what log-likelihoods of texts of that many tokens are divided, so that longer ones compare: 0 leaves them as they are.

    >>> stretch(torch.tensor([1.0, 7.0]), 1.0).tolist()
    [1.0, 2.0]
    """
    return ((5 + length) / 6) ** penalty
