"""Any module of the user's own, passed from Python, as a network.

A module whose answer for two examples has shape (2, K), with K the number of outputs that the task needs, is taken as a whole
network: its answers are the raw outputs (logits; for a number, the standardised value). A module with an attribute
`num_features`, or whose answer has another width, is taken as an encoder and gets a linear head. Where a library answers with
an object that has `.logits`, those count.

How it is called follows from its `forward`:

    pictures   forward(x_BCHW)
    texts      forward(ids_BL, lengths_B), or forward(ids_BL) where it has one argument
    rows       forward(numbers_BN, categories_BM), or forward(x_BD) where it has one: the numbers, then each category one-hot

Shapes: B batch, K outputs, D features.
"""

import inspect
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.specs import ImageSpec, RowSpec, Spec, TokenSpec
from fukami.fields.contract import Cells, Tokens
from fukami.layers.heads import LinearHead
from fukami.models.contract import Network


def wrap(module: nn.Module, spec: Spec, num_outputs: int) -> Network:
    """`module` as a network of `num_outputs` outputs for inputs of `spec`.

    Raises:
        UsageError: F-MODULE-CALL where it cannot be called with such inputs, F-MODULE-OUTPUT where its answer has not two axes.

    >>> net = wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), ImageSpec(1, 8, 8), 10)
    >>> net({"image": torch.zeros(5, 1, 8, 8)}).shape
    torch.Size([5, 1, 10])
    """
    encoder = Wrapped(module, spec)
    found = encoder.probe()
    encoder.num_features = found.shape[1]
    if found.shape[1] == num_outputs and not hasattr(module, "num_features"):
        return Network(encoder, Outputs())
    return Network(encoder, LinearHead(encoder.num_features, num_outputs))


class Outputs(nn.Module):
    """The head of a whole network: `outputs_BK` → `outputs_B1K`."""

    def forward(self, outputs_BK: torch.Tensor) -> torch.Tensor:
        return outputs_BK.unsqueeze(1)


class Wrapped(nn.Module):
    """Calls the user's module in its own way; gives `(B, D)`."""

    def __init__(self, module: nn.Module, spec: Spec):
        super().__init__()
        self.module, self.spec = module, spec
        self.num_arguments = _num_arguments(module)
        self.num_features = 0

    def forward(self, batch: Any) -> torch.Tensor:
        found = self.module(*self._arguments(batch))
        found = getattr(found, "logits", found)
        return found.unsqueeze(1) if isinstance(found, torch.Tensor) and found.ndim == 1 else found

    def _arguments(self, batch: Any) -> tuple[Any, ...]:
        if self.num_arguments >= 2 and isinstance(batch, (Tokens, Cells)):
            return tuple(batch)
        if isinstance(batch, Tokens):
            return (batch.ids,)
        if not isinstance(batch, Cells):
            return (batch,)
        assert isinstance(self.spec, RowSpec)
        codes = [F.one_hot(c, n).float() for c, n in zip(batch.categories.T, self.spec.cardinalities, strict=True)]
        return (torch.cat([batch.numbers, *codes], dim=1),)

    def probe(self) -> torch.Tensor:
        """The answer for two empty examples; it also completes lazy layers."""
        parameter = next(self.parameters(), None)
        device = "cpu" if parameter is None else parameter.device
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                found = self(_empty(self.spec, device))
        except (TypeError, ValueError, RuntimeError, IndexError, AssertionError) as error:
            raise UsageError(
                "F-MODULE-CALL",
                _("the module cannot be called with this task's inputs"),
                where=type(self.module).__name__,
                expected=_call(self.spec),
                got=f"{type(error).__name__}: {error}",
            ) from error
        finally:
            self.train(training)
        if not isinstance(found, torch.Tensor) or found.ndim != 2 or len(found) != 2:
            got = str(tuple(found.shape)) if isinstance(found, torch.Tensor) else type(found).__name__
            raise UsageError(
                "F-MODULE-OUTPUT",
                _("the module's answer has not the shape (examples, outputs)"),
                where=type(self.module).__name__,
                expected=_("a tensor of shape (2, K) for two examples"),
                got=got,
            )
        return found

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The module's own `layer_groups`, or one group."""
        own = getattr(self.module, "layer_groups", None)
        return own() if own else [list(self.module.parameters())]  # type: ignore[operator]


def _num_arguments(module: nn.Module) -> int:
    """Positional arguments that `forward` cannot do without; nested containers take one."""
    parameters = inspect.signature(module.forward).parameters.values()
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = sum(p.default is p.empty for p in plain)
    return needed if needed else 1


def _empty(spec: Spec, device: Any) -> Any:
    if isinstance(spec, ImageSpec):
        return torch.zeros(2, spec.channels, spec.height, spec.width, device=device)
    if isinstance(spec, TokenSpec):
        length = min(8, spec.max_tokens)
        ids = torch.full((2, length), min(spec.pad + 1, spec.vocabulary_size - 1), device=device)
        return Tokens(ids, torch.full((2,), length, device=device))
    categories = torch.zeros(2, len(spec.cardinalities), dtype=torch.int64, device=device)
    return Cells(torch.zeros(2, spec.num_numbers, device=device), categories)


def _call(spec: Spec) -> str:
    if isinstance(spec, ImageSpec):
        return f"forward(x) with x of shape (B, {spec.channels}, {spec.height}, {spec.width})"
    if isinstance(spec, TokenSpec):
        return f"forward(ids) or forward(ids, lengths) with ids (B, L) below {spec.vocabulary_size}"
    width = spec.num_numbers + sum(spec.cardinalities)
    return f"forward(x) with x (B, {width}), or forward(numbers, categories)"
