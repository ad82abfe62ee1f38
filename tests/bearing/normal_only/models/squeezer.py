"""Numbers through a narrow place and back; what comes back wrong is odd. B batch, N numbers."""

from torch import nn

from fukami.core.cards import ModelCard

CARD = ModelCard(name="squeezer", summary="narrow autoencoder", takes=("row",), gives=("odd",), options={"width": 2})


class Squeezer(nn.Module):
    def __init__(self, numbers, width):
        super().__init__()
        self.through = nn.Sequential(nn.Linear(numbers, width), nn.Tanh(), nn.Linear(width, numbers))

    def forward(self, cells):
        """How far each row comes back from itself (B)."""
        return (self.through(cells.numbers) - cells.numbers).square().mean(1)

    def losses(self, inputs, targets, rng):
        (cells,) = inputs.values()
        error_B = self(cells)
        for odd_B in targets.values():  # what is known to be odd is not learned from
            error_B = error_B * (odd_B.nan_to_num(0.0) < 0.5)
        return {"error": error_B}

    def answers(self, inputs, rng, options):
        (cells,) = inputs.values()
        return self(cells)


def build(spec, *, gives="odd", target=None, width=2):
    return Squeezer(spec.num_numbers, width)
