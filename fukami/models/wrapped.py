"""Any module of the user's own, passed from Python, as a network.

A module answers two examples in shape (2, K), with K the number of outputs that the task needs: they are the raw outputs
(logits; for a number, the standardised value). A module with an attribute `num_features` is taken as an encoder and gets a
linear head; one that answers in another width without it is refused, since nobody can say whether classes or a layer are
missing. Where a library answers with an object that has `.logits`, those count.

How it is called follows from its `forward`:

    pictures   forward(x_BCHW)
    texts      forward(ids_BL, lengths_B), or forward(ids_BL) where it has one argument
    rows       forward(numbers_BN, categories_BM), or forward(x_BD) where it has one: the numbers, then each category one-hot
    several    forward(first, second), what each would be given where it has one argument, by the names of the inputs where the
               arguments are called so, else in their order; or forward(inputs), `{name: batch}`, where it has one argument

Shapes: B batch, K outputs, D features.
"""

import inspect
from typing import Any

import torch
from torch import nn

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.specs import Spec, Specs
from fukami.fields.registry import input_class
from fukami.layers.heads import LinearHead
from fukami.models.contract import Network


def wrap(module: nn.Module, spec: Specs, num_outputs: int, *, kept: bool = False) -> Network:
    """`module` as a network of `num_outputs` outputs for inputs of `spec`, of several by name.

    `kept`: a run holds its weights, which say whether a head stands on it.

    Raises:
        UsageError: F-MODULE-CALL where it cannot be called with such inputs, F-MODULE-OUTPUT where its answer has not two axes,
            F-MODULE-WIDTH where it has not as many outputs as are needed and says nowhere that they are features.

    >>> from fukami.core.specs import ImageSpec
    >>> net = wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), ImageSpec(1, 8, 8), 10)
    >>> net({"image": torch.zeros(5, 1, 8, 8)}).shape
    torch.Size([5, 1, 10])
    """
    encoder = Wrapped(module, spec)
    found = encoder.probe()
    encoder.num_features = found.shape[1]
    is_encoder = hasattr(module, "num_features")
    if found.shape[1] == num_outputs and not is_encoder:
        return Network(encoder, Outputs())
    if not is_encoder and not kept:
        raise UsageError(
            "F-MODULE-WIDTH",
            _("the module has not as many outputs as the target"),
            where=type(module).__name__,
            expected=_("{n} outputs").format(n=num_outputs),
            got=_("{n} outputs").format(n=found.shape[1]),
            fix=_(
                "end it with {n} outputs; or, where these are features, say num_features = {features} in it: a linear layer is "
                "then put on top"
            ).format(n=num_outputs, features=found.shape[1]),
        )
    return Network(encoder, LinearHead(encoder.num_features, num_outputs))


class Outputs(nn.Module):
    """The head of a whole network: `outputs_BK` → `outputs_B1K`."""

    def forward(self, outputs_BK: torch.Tensor) -> torch.Tensor:
        return outputs_BK.unsqueeze(1)


class Wrapped(nn.Module):
    """Calls the user's module in its own way; gives `(B, D)`."""

    def __init__(self, module: nn.Module, spec: Specs):
        super().__init__()
        self.module = module
        self.given = _Several(spec) if isinstance(spec, dict) else _Only(spec)
        self.names = _names(module)
        self.num_features = 0

    def forward(self, batch: Any) -> torch.Tensor:
        found = self.module(*self.given.arguments(batch, self.names))
        found = getattr(found, "logits", found)
        return found.unsqueeze(1) if isinstance(found, torch.Tensor) and found.ndim == 1 else found

    def probe(self) -> torch.Tensor:
        """The answer for two empty examples; it also completes lazy layers."""
        parameter = next(self.parameters(), None)
        device = "cpu" if parameter is None else parameter.device
        training = self.training
        self.eval()
        try:
            with torch.no_grad():
                found = self(self.given.blank(2, device))
        except (TypeError, ValueError, RuntimeError, IndexError, AssertionError) as error:
            raise UsageError(
                "F-MODULE-CALL",
                _("the module cannot be called with this task's inputs"),
                where=type(self.module).__name__,
                expected=self.given.call(),
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


class _Only:
    """The one input of a task, as a module takes it."""

    def __init__(self, spec: Spec):
        self.spec, self.field = spec, input_class(spec.kind)

    def arguments(self, batch: Any, names: list[str]) -> tuple[Any, ...]:
        return self.field.arguments(batch, self.spec, max(1, len(names)))

    def blank(self, count: int, device: Any) -> Any:
        return self.field.blank(self.spec, count, device=device)

    def call(self) -> str:
        return self.field.call(self.spec)


class _Several:
    """Several inputs by name."""

    def __init__(self, specs: dict[str, Spec]):
        self.each = {name: _Only(spec) for name, spec in specs.items()}

    def arguments(self, batch: dict[str, Any], names: list[str]) -> tuple[Any, ...]:
        """Everything by name for one argument; else one for each input, in the order in which the arguments are called so."""
        if len(names) <= 1:
            return (batch,)
        order = names if set(names) == set(self.each) else list(self.each)
        if any(name in self.each and order.index(name) != place for place, name in enumerate(names)):
            raise TypeError(f"arguments are {', '.join(names)}, inputs {', '.join(self.each)}: some would be exchanged")
        return tuple(self.each[name].arguments(batch[name], [name])[0] for name in order)

    def blank(self, count: int, device: Any) -> dict[str, Any]:
        return {name: one.blank(count, device) for name, one in self.each.items()}

    def call(self) -> str:
        lines = (f"{name} as in {one.call()}" for name, one in self.each.items())
        return f"forward({', '.join(self.each)}), or forward(inputs) of {{name: batch}}; {'; '.join(lines)}"


def _names(module: nn.Module) -> list[str]:
    """Positional arguments that `forward` cannot do without; nested containers take one, which has no name."""
    parameters = inspect.signature(module.forward).parameters.values()
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return [p.name for p in plain if p.default is p.empty]
