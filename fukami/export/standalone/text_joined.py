"""Byte-pair encoding of one word (Sennrich et al. 2016)."""

from itertools import pairwise


def numbers(word, told):
    """The numbers of a word's pieces: neighbours are joined, the pair that was learned first before all others."""
    pieces, merges = list(word), told["merges"]
    while known := {place: merges[pair] for place, pair in enumerate(map(" ".join, pairwise(pieces))) if pair in merges}:
        first = min(known, key=known.__getitem__)
        pieces[first : first + 2] = [pieces[first] + pieces[first + 1]]
    return [told["vocabulary"].get(piece, told["unknown"]) for piece in pieces]
