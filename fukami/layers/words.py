"""Words as vectors, from looks at them and from their letters. B batch, L words, F looks, C letters, D features."""

from collections.abc import Sequence

import torch
from torch import nn


def table(size: int, width: int) -> nn.Embedding:
    """A vector for each of `size` values, nothing for padding, which is 0."""
    made = nn.Embedding(size, width, padding_idx=0)
    nn.init.normal_(made.weight, std=0.3)
    with torch.no_grad():
        made.weight[0] = 0
    return made


def tables(sizes: Sequence[int], word: int, look: int) -> tuple[nn.ModuleList, int]:
    """One for the word itself, of `word` features, and one for each other look at it, of at most `look`; and all features."""
    widths = [word, *(min(look, size) for size in sizes[1:])]
    return nn.ModuleList(table(size, wide) for size, wide in zip(sizes, widths, strict=True)), sum(widths)


class Letters(nn.Module):
    """Words by their letters: the strongest of what a convolution over three letters finds."""

    def __init__(self, number: int, width: int, found: int):
        super().__init__()
        self.table = table(number, width)
        self.conv = nn.Conv1d(width, found, 3, padding=1)

    def forward(self, letters_BLC: torch.Tensor) -> torch.Tensor:
        """`letters_BLC`, 0 after a word's end → `(B, L, found)`."""
        batch, length, longest = letters_BLC.shape
        letters_WC = letters_BLC.reshape(batch * length, longest)
        found_WDC = self.conv(self.table(letters_WC).transpose(1, 2))
        # a padded word has no letter: it finds nothing rather than minus infinity
        empty_W1C = (letters_WC == 0).unsqueeze(1)
        return found_WDC.relu().masked_fill(empty_W1C, 0).amax(2).reshape(batch, length, -1)
