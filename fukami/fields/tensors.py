"""A field's batch as named tensors, which is what programs outside know: they take tensors, not batches.

A batch that is one tensor keeps its field's name (`image`), one of several gets a name for each part (`text_ids`,
`text_lengths`; `row_numbers`, `row_categories`).
"""

from collections.abc import Callable
from typing import Any

import torch


def named_tensors(inputs: dict[str, Any]) -> dict[str, torch.Tensor]:
    """Input name → batch, as tensors by name.

    >>> from fukami.fields.contract import Tokens
    >>> list(named_tensors({"text": Tokens(torch.ones(2, 3), torch.ones(2))}))
    ['text_ids', 'text_lengths']
    """
    found: dict[str, torch.Tensor] = {}
    for name, batch in inputs.items():
        if isinstance(batch, torch.Tensor):
            found[name] = batch
        else:
            found |= {f"{name}_{part}": tensor for part, tensor in batch._asdict().items()}
    return found


def batches(tensors: dict[str, Any], like: dict[str, Any]) -> dict[str, Any]:
    """The opposite of `named_tensors`, from arrays as well; `like` shows how the batches are built.

    >>> from fukami.fields.contract import Tokens
    >>> batches({"text_ids": [[1, 2]], "text_lengths": [2]}, {"text": Tokens(torch.ones(2, 3), torch.ones(2))})
    {'text': Tokens(ids=tensor([[1, 2]]), lengths=tensor([2]))}
    """

    def tensor(name: str) -> torch.Tensor:
        return torch.as_tensor(tensors[name])

    return {
        name: tensor(name)
        if isinstance(batch, torch.Tensor)
        else type(batch)(*(tensor(f"{name}_{part}") for part in batch._fields))
        for name, batch in like.items()
    }


def map_tensors(batch: Any, change: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """A field's batch with every tensor of it changed.

    >>> map_tensors(torch.ones(2), lambda x: x[:1]).shape
    torch.Size([1])
    """
    return change(batch) if isinstance(batch, torch.Tensor) else type(batch)(*map(change, batch))
