"""Seeding the draws that layers make on their own (dropout), on the device that computes.

`torch.manual_seed` seeds every kind of device there could be, and keeps a traceback for each that has not been used yet: half a
millisecond a call, which is more than a step of a small network takes.
"""

import torch


def seed_draws(seed: int, device: torch.device) -> None:
    """Makes what layers draw next, on the processor and on `device`, follow from `seed`.

    >>> seed_draws(3, torch.device("cpu")); first = torch.rand(2)
    >>> bool((torch.manual_seed(3) and torch.rand(2) == first).all())
    True
    """
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        number = torch.cuda.current_device() if device.index is None else device.index
        torch.cuda.default_generators[number].manual_seed(seed)
    elif device.type != "cpu":
        torch.manual_seed(seed)
