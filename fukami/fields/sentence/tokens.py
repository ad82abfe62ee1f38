"""Pieces of texts that are to be written: byte-pair encoding over bytes, which knows no unknown token and loses nothing.

A word begins with its blank, the first one as well, so that it is the same piece wherever it stands. Case, width and accents
stay as they are: what is written is compared with what people wrote. Kept as the JSON of the `tokenizers` library.
"""

from collections.abc import Iterable, Sequence

from tokenizers import pre_tokenizers

from fukami.fields.text.tokenization import LONGEST, SPECIAL, is_unspaced, learn_bytes, load

LONGEST_PIECE = 64
"""Letters that a piece has at most."""


def learned(texts: Iterable[str], vocabulary_size: int) -> str:
    """The JSON of a tokenizer learned from `texts`, with at least a piece for each byte.

    >>> told = learned(["a cat", "a cat"], 300)
    >>> written(told, [load(told).tokenizer.encode("a [PAD] 猫 cat").ids])
    ['a [PAD] 猫 cat']
    """
    least = len(SPECIAL) + len(pre_tokenizers.ByteLevel.alphabet())
    cut = (text.strip()[:LONGEST] for text in texts)
    return learn_bytes(
        cut, blank_first=True, vocab_size=max(vocabulary_size, least), min_frequency=2, max_token_length=LONGEST_PIECE
    )


def written(told: str, rows: Sequence[Sequence[int]]) -> list[str]:
    """The texts that rows of tokens stand for; bytes that are no character become U+FFFD."""
    return [text.strip() for text in load(told).tokenizer.decode_batch([list(row) for row in rows])]


def spelled(told: str, ids: Sequence[int]) -> list[str]:
    """Each token as a person reads it."""
    return load(told).tokenizer.decode_batch([[number] for number in ids])


def division(texts: Sequence[str]) -> str:
    """How words lie in texts: `blanks` between them, as usual; `divided`, where blanks are put between words of a script that
    has none (corpora of Japanese often come so); `none`.

    >>> [division([text]) for text in ("I am a cat .", "吾輩 は 猫 で あ る 。", "吾輩は猫である。")]
    ['blanks', 'divided', 'none']
    """
    if not is_unspaced(texts):
        return "blanks"
    letters = sum(len(text) for text in texts)
    blanks = sum(text.strip().count(" ") for text in texts)
    return "divided" if blanks > 0.15 * letters else "none"
