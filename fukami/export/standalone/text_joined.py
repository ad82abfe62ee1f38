"""Byte-pair encoding of one word."""

from itertools import pairwise


def joined(pieces, told):
    """The numbers of pieces after neighbours were joined, the pair that was learned first before all others."""
    if "ranks" not in told:  # kept for the next word
        told["ranks"] = {tuple(pair): rank for rank, pair in enumerate(told["merges"])}
        told["numbers"] = {token: number for number, token in enumerate(told["vocabulary"])}
    while len(pieces) > 1:
        ranks = [told["ranks"].get(pair, 1e9) for pair in pairwise(pieces)]
        at = min(range(len(ranks)), key=ranks.__getitem__)
        if ranks[at] == 1e9:
            break
        pieces[at : at + 2] = [pieces[at] + pieces[at + 1]]
    return [told["numbers"].get(piece, told["unknown"]) for piece in pieces]
