"""Tokens of a text: what an explanation of it weighs, how they are taken away, and the text with its tokens coloured.

A token is taken away by leaving it out: a shorter text is something that every network has seen, a mask often is not. Where an
answer lies on the tokens (tags, a passage), that would move the text away under it: then the token becomes an unknown one.
Shapes: P patterns, U units, L tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import numpy as np

from fukami.core.lazily import nn, torch
from fukami.fields.contract import Tokens
from fukami.fields.lettering import Piece, drawn
from fukami.fields.text.tokenization import load
from fukami.fields.units import Portrait, Units, Way, css, signed, strength

_LISTED = 8
"""Tokens that a terminal shows."""


def units_of(text: str, state: dict[str, Any], most: int) -> Units:
    """One unit for each token that stands for letters of `text`; those that a tokenizer puts around it are none.

    `state` is the field's; `most` characters of the text are read, as `encode` does.
    """
    text = text[:most]
    found = load(state["tokenizer"], state["max_tokens"]).tokenizer.encode(text)
    spans = [span if span[1] > span[0] else None for span in found.offsets] or [None]
    of_L, names, told = np.full(len(spans), -1), [], []
    for place, span in enumerate(spans):
        if span is None:
            continue
        of_L[place] = len(names)
        names.append(text[span[0] : span[1]].strip() or text[span[0] : span[1]])
        told.append({"span": list(span)})
    return Units(tuple(names), of_L, tuple(told), {"text": text})


def without(tokens: Tokens, units: Units, gone_PU: np.ndarray, empty: int, pad: int) -> Tokens:
    """The one text of the batch, without the tokens of each pattern. Where nothing is left there is one token `empty`, and one
    for each of them where the others keep their places.

    >>> units = Units(("a", "b", "c"), np.array([0, 1, 2]))
    >>> found = without(Tokens(torch.tensor([[5, 6, 7]]), torch.tensor([3])), units, np.eye(3, dtype=bool)[:2], 1, 0)
    >>> found.ids.tolist(), found.lengths.tolist()
    ([[6, 7], [5, 7]], [2, 2])
    >>> placed = Units(units.names, units.of, placed=True)
    >>> without(Tokens(torch.tensor([[5, 6, 7]]), torch.tensor([3])), placed, np.eye(3, dtype=bool)[:2], 1, 0).ids.tolist()
    [[1, 6, 7], [5, 1, 7]]
    """
    ids_L = tokens.ids[0, : len(units.of)].cpu().numpy()
    kept_PL = np.ones((len(gone_PU), len(ids_L)), bool)
    kept_PL[:, units.of >= 0] = ~gone_PU[:, units.of[units.of >= 0]]
    device = tokens.ids.device
    if units.placed:
        ids_PL = np.where(kept_PL, ids_L, empty)
        return Tokens(torch.from_numpy(ids_PL).to(device), tokens.lengths.expand(len(gone_PU)))
    lengths_P = kept_PL.sum(1)
    first = np.argsort(~kept_PL, axis=1, kind="stable")[:, : max(1, lengths_P.max(initial=1))]
    ids_PL = np.where(np.arange(first.shape[1]) < lengths_P[:, None], ids_L[first], pad)
    ids_PL[lengths_P == 0, 0] = empty
    return Tokens(torch.from_numpy(ids_PL).to(device), torch.from_numpy(np.maximum(lengths_P, 1)).to(device))


def way(tokens: Tokens, units: Units, network: nn.Module, state: dict[str, Any]) -> Way | None:
    """From the text whose tokens are padding (masked, where the tokenizer is a pretrained one), by the layer with as many
    vectors as the vocabulary has tokens; None where the network shows no such layer. `state` is the field's.
    """
    layers = (module for module in network.modules() if isinstance(module, nn.Embedding))
    layer = next((one for one in layers if one.num_embeddings >= state["vocabulary_size"]), None)
    if layer is None:
        return None
    special = state["special"]
    empty = special.get("mask", special["pad"]) if state["level"] == "pretrained" else special["pad"]
    replaced_L = torch.from_numpy(units.of >= 0).to(tokens.ids.device)
    return Way(Tokens(torch.where(replaced_L, empty, tokens.ids), tokens.lengths), axis=2, layer=layer)


def portrait(units: Units, weights_U: np.ndarray) -> Portrait:
    """The text with each token on its colour; what was cut off after the last token is left out."""
    shares = strength(weights_U)
    text = units.layout["text"]

    def html() -> str:
        def marked(part: str, share: float, weight: float) -> str:
            tone = f'background:{css(share, opacity=0.7)};border-radius:3px" title="{signed(weight)}'
            return f'<span style="{tone}">{escape(part)}</span>'

        return f'<p style="line-height:1.9">{_joined(text, units, shares, weights_U, marked, escape)}</p>'

    def png() -> bytes:
        pieces: list[Piece] = []
        at = 0
        for told, share in zip(units.told, shares, strict=True):
            start, stop = told["span"]
            pieces += [Piece(word) for word in _words(text[at:start])]
            pieces.append(Piece(text[start:stop], float(share)))
            at = stop
        return drawn([pieces])

    order = np.argsort(-np.abs(weights_U), kind="stable")[:_LISTED]
    lines = tuple(f"{signed(float(weights_U[u]))}  {units.names[u]}" for u in order)
    return Portrait(html(), png, lines)


def _words(text: str) -> list[str]:
    return [" " if part.isspace() else part for part in ([text] if text else [])]


def _joined(
    text: str,
    units: Units,
    shares: np.ndarray,
    weights_U: np.ndarray,
    marked: Callable[[str, float, float], str],
    plain: Callable[[str], str],
) -> str:
    """The text with `marked` tokens and `plain` letters between them."""
    out, at = [], 0
    for told, share, weight in zip(units.told, shares, weights_U, strict=True):
        start, stop = told["span"]
        out += [plain(text[at:start]), marked(text[max(at, start) : stop], float(share), float(weight))]
        at = max(at, stop)
    return "".join(out)
