"""Models that find the passage of a text that answers a question: what they learn by, and how long texts are read.

Every word of a text gets two scores, as the first and as the last word of the answer; beside them "there is none" scores 0, so
that scores of several windows of a text compare (Clark and Gardner 2018 share a normalisation for that; here none is what all
have in common). In training a long text is seen through a window around a right answer, and through others that hold mostly
none. B batch, L words, N windows of a text, R = B · N windows, W words of a window, K right answers at most.
"""

from typing import Any

import torch
from torch import nn

from fukami.fields.question.spec import Asked
from fukami.fields.words.spec import Words
from fukami.layers import windows
from fukami.layers.pooling import valid

NOBODY = -1e4
"""The score of what is no word."""
OTHERS = 2
"""Further windows of a long text that a step learns from."""


class Extracting(nn.Module):
    """A whole model of answers that stand in a text. Whoever inherits from it has `score`.

    Args:
        asked: words of a question at most.
        window: words of a text that are read at once.
    """

    def __init__(self, asked: int, window: int):
        super().__init__()
        self.asked, self.window = asked, window

    def score(self, context: Words, question: Words) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores `(R, W)` of each word as the first and as the last of the answer; of what is no word anything."""
        raise NotImplementedError

    def forward(self, both: Asked) -> dict[str, torch.Tensor]:
        """Scores `start` and `end` of all words of the text, in float32 (B, L): as many places as both have together."""
        context, question = both.text(), both.question(self.asked)
        length = context.looks.shape[1]
        number, wide, step = windows.sizes(length, self.window)
        starts_BN = (step * torch.arange(number, device=context.lengths.device)).expand(context.lengths.shape[0], -1)
        parts, asked, _real_RW = _parted(context, question, starts_BN, wide)
        valid_BL = valid(context.lengths, length)
        found = {}
        for name, score_RW in zip(("start", "end"), self.score(parts, asked), strict=True):
            score_BL = windows.joined(score_RW.float(), context.lengths, length, step, number)
            found[name] = score_BL.masked_fill(~valid_BL, NOBODY)
        return found

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        """What `Extract.answers` finds the likeliest passage by."""
        (both,) = inputs.values()
        return self(both)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How surprised the model is by right answers (B): by any of those that a window holds, or that it holds none."""
        (both,), (told,) = inputs.values(), targets.values()
        context, question = both.text(), both.question(self.asked)
        first_BK, last_BK = told["first"], told["last"]
        starts_BN, wide = self._seen(context, first_BK[:, 0], last_BK[:, 0], rng)
        number = starts_BN.shape[1]
        parts, asked, real_RW = _parted(context, question, starts_BN, wide)
        moved = [place_BK.unsqueeze(1) - starts_BN.unsqueeze(2) for place_BK in (first_BK, last_BK)]
        lengths_R11 = parts.lengths.reshape(-1, number, 1)
        inside_BNK = (first_BK >= 0).unsqueeze(1) & (moved[0] >= 0) & (moved[1] < lengths_R11)
        surprise_RK: Any = 0.0
        none_R: Any = 0.0
        for score_RW, place_BNK in zip(self.score(parts, asked), moved, strict=True):
            score_RW = score_RW.float().masked_fill(~real_RW, NOBODY)
            whole_R = torch.cat([score_RW, torch.zeros_like(score_RW[:, :1])], 1).logsumexp(1)
            place_RK = place_BNK.flatten(0, 1).clamp(0, wide - 1)
            surprise_RK = surprise_RK + score_RW.gather(1, place_RK) - whole_R.unsqueeze(1)
            none_R = none_R - whole_R
        inside_RK = inside_BNK.flatten(0, 1)
        some_R = surprise_RK.masked_fill(~inside_RK, NOBODY).logsumexp(1)
        said_R = torch.where(inside_RK.any(1), some_R, none_R)
        return {"surprise": -said_R.reshape(-1, number).mean(1)}

    def _seen(
        self, context: Words, first_B: torch.Tensor, last_B: torch.Tensor, rng: torch.Generator
    ) -> tuple[torch.Tensor, int]:
        """Where the windows of a step begin (B, N): one around the first right answer, then others anywhere."""
        length = context.looks.shape[1]
        wide = min(length, self.window)
        if length == wide:
            return torch.zeros_like(first_B)[:, None], wide
        free_B = (context.lengths - wide).clamp(min=0)
        least_B, most_B = (last_B - wide + 1).clamp(min=0), torch.minimum(first_B.clamp(min=0), free_B)
        least_B = torch.where(first_B < 0, 0, torch.minimum(least_B, most_B))
        most_B = torch.where(first_B < 0, free_B, most_B)
        chance_BN = torch.rand(len(first_B), 1 + OTHERS, generator=rng, device=rng.device).to(free_B.device)
        around_B1 = least_B[:, None] + (chance_BN[:, :1] * (most_B - least_B + 1)[:, None]).long()
        others_BN = (chance_BN[:, 1:] * (free_B + 1)[:, None]).long()
        return torch.cat([around_B1, others_BN], 1), wide


def _parted(context: Words, question: Words, starts_BN: torch.Tensor, wide: int) -> tuple[Words, Words, torch.Tensor]:
    """Windows as texts of their own, each with its question; and which of their words are real."""
    length, number = context.looks.shape[1], starts_BN.shape[1]
    at_BX = windows.places(starts_BN, wide, length)
    lengths_R = (context.lengths[:, None] - starts_BN).clamp(1, wide).flatten()
    parts = Words(windows.cut(context.looks, at_BX, wide), windows.cut(context.letters, at_BX, wide), lengths_R)
    real_RW = valid(lengths_R, wide)
    looks_RWF = parts.looks * real_RW.unsqueeze(2)
    letters_RWC = parts.letters * real_RW.unsqueeze(2)
    asked = Words(*(part.repeat_interleave(number, 0) for part in question))
    return Words(looks_RWF, letters_RWC, lengths_R), asked, real_RW
