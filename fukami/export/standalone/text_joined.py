"""Byte-pair encoding of one word (Sennrich et al. 2016)."""

from itertools import pairwise


def numbers(word, told):
    """The numbers of a word's pieces: neighbours are joined everywhere, the pair that was learned first before others."""
    pieces, merges = f" {'  '.join(word)} ", told["merges"]  # a space on either side of each piece
    while known := [pair for pair in map("  ".join, pairwise(pieces[1:-1].split("  "))) if pair in merges]:
        first = min(known, key=merges.__getitem__)
        pieces = pieces.replace(f" {first} ", f" {first.replace('  ', '')} ")
    return [told["vocabulary"].get(piece, told["unknown"]) for piece in pieces[1:-1].split("  ")]
