"""Recurrent layers in a form that a tracer can follow for any number of tokens.

PyTorch's own loop over tokens is unrolled when it is traced, for the length of the example and no other. Before tracing, each
`nn.RNN`, `nn.LSTM` and `nn.GRU` of a network is therefore replaced by `Loop`, which has the same weights and answers and leaves
the loop over tokens to a `Sweep`: ONNX has operators for it (`onnx_sweep`), torch.export has `scan` (`scan_sweep`).

Shapes: L tokens, B batch, E features in, H width of the state, G rows of the gates' weights (H times 1, 3 or 4).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

CELLS = {nn.RNN: "rnn", nn.GRU: "gru", nn.LSTM: "lstm"}
_ORDERS = {"rnn": (0,), "gru": (1, 0, 2), "lstm": (0, 3, 1, 2)}
"""The place in PyTorch of each gate in ONNX's order: z r n there, r z n here; i o f c there, i f c o here."""

State = tuple[torch.Tensor, torch.Tensor]
"""`h_BH` and `c_BH`; the latter counts for LSTM alone."""
Sweep = Callable[[str, torch.Tensor, list[torch.Tensor], State], tuple[torch.Tensor, State]]
"""`(cell, x_LBE, [w_GE, r_GH, b_G, b_G], state)` → `(h_LBH, last state)`: one layer in one direction."""


class Loop(nn.Module):
    """A layer of `nn.RNN`, `nn.LSTM` or `nn.GRU`, with its arguments, answers and weights; sequences of one length only."""

    def __init__(self, layer: nn.RNNBase, sweep: Sweep):
        super().__init__()
        if layer.proj_size:
            raise TypeError("nn.LSTM with proj_size")
        relu = getattr(layer, "nonlinearity", "tanh") == "relu"
        self.cell = "relu" if relu else CELLS[type(layer)]
        self.sweep, self.layer = sweep, layer
        self.directions = 2 if layer.bidirectional else 1

    def forward(self, x: torch.Tensor, hx: Any = None) -> tuple[torch.Tensor, Any]:
        if not isinstance(x, torch.Tensor) or x.ndim != 3:
            raise TypeError("nn.RNN, nn.LSTM or nn.GRU called with a packed or single sequence")
        x_LBE = x.transpose(0, 1) if self.layer.batch_first else x
        given = (hx if isinstance(hx, tuple) else (hx, None)) if hx is not None else (None, None)
        lasts: list[State] = []
        for depth in range(self.layer.num_layers):
            found = [self._one(x_LBE, depth, direction, given, lasts) for direction in range(self.directions)]
            x_LBE = torch.cat(found, dim=2) if len(found) > 1 else found[0]
        h, c = (torch.stack([state[part] for state in lasts]) for part in (0, 1))
        out = x_LBE.transpose(0, 1) if self.layer.batch_first else x_LBE
        return out, (h, c) if self.cell == "lstm" else h

    def _one(self, x_LBE: torch.Tensor, depth: int, direction: int, given: tuple[Any, Any], lasts: list[State]) -> torch.Tensor:
        suffix = f"_l{depth}" + ("_reverse" if direction else "")
        weights = [getattr(self.layer, f"weight_{part}{suffix}") for part in ("ih", "hh")]
        rows = weights[0].shape[0]
        biases = [getattr(self.layer, f"bias_{part}{suffix}", x_LBE.new_zeros(rows)) for part in ("ih", "hh")]
        shape, at = (x_LBE.shape[1], weights[1].shape[1]), depth * self.directions + direction
        # two tensors, as torch.export takes a tensor that is given twice for one
        h_BH, c_BH = (x_LBE.new_zeros(shape) if part is None else part[at] for part in given)
        state = (h_BH, c_BH)
        h_LBH, last = self.sweep(self.cell, x_LBE.flip(0) if direction else x_LBE, [*weights, *biases], state)
        lasts.append(last)
        return h_LBH.flip(0) if direction else h_LBH


def with_loops(network: nn.Module, sweep: Sweep) -> nn.Module:
    """`network` with its recurrent layers replaced, in place."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) in CELLS and not isinstance(parent, Loop):
                setattr(parent, name, Loop(child, sweep))  # type: ignore[arg-type]
    return network


# -- ONNX ------------------------------------------------------------------------------------------------------------------
@torch.library.custom_op("fukami::recurrent", mutates_args=())
def recurrent(
    x_LBE: torch.Tensor, w: torch.Tensor, r: torch.Tensor, b: torch.Tensor, h: torch.Tensor, c: torch.Tensor, cell: str
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """ONNX's RNN, GRU or LSTM as an operator that is traced as one node; it is never computed here."""
    raise NotImplementedError("fukami::recurrent is traced, not computed")


@recurrent.register_fake
def _(x_LBE, w, r, b, h, c, cell):
    L, B, H = x_LBE.shape[0], x_LBE.shape[1], r.shape[2]
    return x_LBE.new_empty((L, B, H)), x_LBE.new_empty((B, H)), x_LBE.new_empty((B, H))


def onnx_sweep(cell: str, x_LBE: torch.Tensor, weights: list[torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
    """One node of ONNX, with the gates in its order."""
    order = _ORDERS.get(cell, (0,))

    def ordered(part: torch.Tensor) -> torch.Tensor:
        gates = part.chunk(len(order))
        return torch.cat([gates[place] for place in order]).unsqueeze(0)

    w, r, *biases = map(ordered, weights)
    h_LBH, h_BH, c_BH = recurrent(x_LBE, w, r, torch.cat(biases, dim=1), state[0], state[1], cell)
    return h_LBH, (h_BH, c_BH)


def translations() -> dict[Any, Any]:
    """How torch.onnx writes `fukami::recurrent`."""
    from onnxscript import opset18

    op: Any = opset18

    def translated(x: Any, w: Any, r: Any, b: Any, h: Any, c: Any, cell: str) -> tuple[Any, Any, Any]:
        size, first = r.shape[2], op.Constant(value_ints=[0])
        h = op.Unsqueeze(h, first)
        if cell == "lstm":
            y, last, inner = op.LSTM(x, w, r, b, None, h, op.Unsqueeze(c, first), hidden_size=size)
        elif cell == "gru":
            (y, last), inner = op.GRU(x, w, r, b, None, h, hidden_size=size, linear_before_reset=1), h
        else:
            named = ["Relu" if cell == "relu" else "Tanh"]
            (y, last), inner = op.RNN(x, w, r, b, None, h, hidden_size=size, activations=named), h
        return op.Squeeze(y, op.Constant(value_ints=[1])), op.Squeeze(last, first), op.Squeeze(inner, first)

    return {torch.ops.fukami.recurrent.default: translated}


# -- torch.export ----------------------------------------------------------------------------------------------------------
def scan_sweep(cell: str, x_LBE: torch.Tensor, weights: list[torch.Tensor], state: State) -> tuple[torch.Tensor, State]:
    """A loop over tokens that torch.export keeps as a loop."""
    from torch._higher_order_ops.scan import scan

    w, r, b, d = weights
    x_LBG = torch.nn.functional.linear(x_LBE, w, b)

    def step(carry: list[torch.Tensor], x_BG: torch.Tensor) -> tuple[list[torch.Tensor], torch.Tensor]:
        h, c = stepped(cell, x_BG, torch.nn.functional.linear(carry[0], r, d), carry[0], carry[1])
        return [h, c.clone()], h.clone()

    (h_BH, c_BH), h_LBH = scan(step, [state[0], state[1]], x_LBG)
    return h_LBH, (h_BH, c_BH)


def stepped(cell: str, x_BG: torch.Tensor, g_BG: torch.Tensor, h_BH: torch.Tensor, c_BH: torch.Tensor) -> State:
    """The state after one token; `x_BG` and `g_BG` are the gates of input and state before they are joined."""
    if cell == "gru":
        (xr, xz, xn), (hr, hz, hn) = x_BG.chunk(3, 1), g_BG.chunk(3, 1)
        keep = torch.sigmoid(xz + hz)
        new = torch.tanh(xn + torch.sigmoid(xr + hr) * hn)
        return keep * h_BH + (1 - keep) * new, c_BH
    if cell == "lstm":
        i, f, g, o = (x_BG + g_BG).chunk(4, 1)
        c_BH = torch.sigmoid(f) * c_BH + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(c_BH), c_BH
    return torch.relu(x_BG + g_BG) if cell == "relu" else torch.tanh(x_BG + g_BG), c_BH
