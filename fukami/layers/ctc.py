"""Connectionist temporal classification (Graves et al. 2006): letters are learned without knowing when they are said.

B batch, T steps, K letters and the one that is nothing, which is 0; D features.
"""

from abc import abstractmethod
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from fukami.fields.audio.spec import Waves


class Heard(NamedTuple):
    """What letters are found by: `log_BTK`, how many steps each recording has, and how many seconds a step lasts (B)."""

    log: torch.Tensor
    lengths: torch.Tensor
    seconds: torch.Tensor


class Timed(NamedTuple):
    """What was heard, and when the network was asked, on the clock of `perf_counter`."""

    heard: Heard
    began: float


class Listener(nn.Module):
    """A whole model of letters: `encoded` finds features of steps, of which letters are told.

    Args:
        letters: how many there are.
        width: D.
        step_s: seconds from one step to the next.
    """

    def __init__(self, letters: int, width: int, step_s: float):
        super().__init__()
        self.says = nn.Linear(width, letters + 1)
        self.step_s = step_s

    @abstractmethod
    def encoded(self, waves: Waves) -> tuple[torch.Tensor, torch.Tensor]:
        """`x_BTD`, and how many steps are real (B)."""

    def forward(self, waves: Waves) -> Heard:
        x_BTD, lengths_B = self.encoded(waves)
        log_BTK = self.says(x_BTD).float().log_softmax(2)
        return Heard(log_BTK, lengths_B, lengths_B.float() * 0 + self.step_s)

    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        """How surprised the model is by the right letters (B), for each of them: texts count by their letters' mean."""
        (waves,), (letters,) = inputs.values(), targets.values()
        heard = self(waves)
        return {"surprise": surprise(heard, letters.ids, letters.lengths)}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> Timed:
        """What the target decodes."""
        (waves,), began = inputs.values(), perf_counter()
        return Timed(self(waves), began)


def surprise(heard: Heard, ids_BL: torch.Tensor, counts_B: torch.Tensor) -> torch.Tensor:
    """-log of how likely each text is, by its number of letters (B); 0 of one that its recording is too short for.

    >>> log_BTK = torch.tensor([[[0.2, 0.8], [0.6, 0.4]]]).log()
    >>> found = surprise(Heard(log_BTK, torch.tensor([2]), torch.zeros(1)), torch.tensor([[1]]), torch.tensor([1]))
    >>> round(float((-found).exp()), 4)  # a-, -a and aa
    0.88
    """
    with torch.autocast(heard.log.device.type, enabled=False):
        log_TBK = heard.log.transpose(0, 1)
        found_B = F.ctc_loss(log_TBK, ids_BL, heard.lengths, counts_B, reduction="none", zero_infinity=True)
    return found_B / counts_B.clamp(min=1)
