"""Byte-pair encoding of one word (Sennrich et al. 2016)."""

from itertools import pairwise


def joined(pieces, told):
    """The numbers of pieces after neighbours were joined, the pair that was learned first before all others."""
    while pairs := [pair for pair in pairwise(pieces) if " ".join(pair) in told["merges"]]:
        first, old, pieces = min(pairs, key=lambda pair: told["merges"][" ".join(pair)]), pieces, []
        for piece in old:
            if pieces and (pieces[-1], piece) == first:
                pieces[-1] += piece
            else:
                pieces.append(piece)
    return [told["vocabulary"].get(piece, told["unknown"]) for piece in pieces]
