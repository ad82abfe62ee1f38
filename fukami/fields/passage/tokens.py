"""Tokenizers that keep a text as it is: characters, pieces over bytes, or what stands between spaces.

Case, spaces and line ends are tokens like any other, so what a model writes can be read. They are kept as the JSON of the
`tokenizers` library.
"""

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from fukami.fields.text.tokenization import SPECIAL, is_unspaced, learn_bytes, load

LEVELS = {"character": 1, "subword": 4, "word": 6}
"""What a token may be → about how many characters it has."""
SMALL = 5_000_000
"""Characters up to which single ones are what is learned best: pieces of words need more text than that."""
FEW = 256
"""Up to so many different characters every one is learned, however rare it is."""
_PATTERNS = {"character": "\n|.", "word": r"\n|[^\s]+"}


def level_for(texts: Sequence[str]) -> str:
    """What a token is taken to be where nobody says.

    >>> level_for(["To be, or not to be"]), level_for(["word " * 2_000_000])
    ('character', 'subword')
    """
    return "character" if sum(map(len, texts)) < SMALL or is_unspaced(texts[:1000]) else "subword"


def learned(texts: Iterable[str], *, level: str, vocabulary_size: int, min_count: int) -> str:
    """The JSON of a tokenizer learned from `texts`.

    >>> told = learned(["a b\\nb c"], level="word", vocabulary_size=9, min_count=1)
    >>> load(told).tokenizer.encode("b  a\\nz").tokens
    ['b', 'a', '\\n', '[UNK]']
    """
    if level == "subword":
        return learn_bytes(texts, blank_first=False, vocab_size=vocabulary_size, min_frequency=max(2, min_count))
    tokenizer = Tokenizer(models.WordLevel(unk_token=SPECIAL["unk"]))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(_PATTERNS[level]), "removed", invert=True)  # type: ignore[assignment]
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC()])  # pyright: ignore[reportAttributeAccessIssue]
    special = list(SPECIAL.values())
    trainer = trainers.WordLevelTrainer(
        vocab_size=vocabulary_size, min_frequency=min_count, special_tokens=special, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


def marked(told: str) -> str:
    """The same tokenizer, which puts [CLS] before a text and [SEP] behind it, and reads [MASK] as a gap, as BERT's does.

    >>> told = marked(learned(["a b"], level="word", vocabulary_size=9, min_count=1))
    >>> load(told).tokenizer.encode("a [MASK]").tokens
    ['[CLS]', 'a', '[MASK]', '[SEP]']
    """
    tokenizer = Tokenizer.from_str(told)
    around = [(SPECIAL[role], tokenizer.token_to_id(SPECIAL[role])) for role in ("cls", "sep")]
    template = f"{SPECIAL['cls']} $A {SPECIAL['sep']}"
    pair = f"{template} $B:1 {SPECIAL['sep']}:1"
    tokenizer.post_processor = processors.TemplateProcessing(template, pair, around)  # type: ignore[assignment]
    found = json.loads(tokenizer.to_str())
    for token in found["added_tokens"]:
        # special tokens that people write are read as text (`tokenization.load`), and gaps are written by people
        token["special"] = token["content"] != SPECIAL["mask"]
    return json.dumps(found, ensure_ascii=False)


def written(told: str, level: str, ids: Sequence[int]) -> str:
    """The text that tokens stand for.

    >>> told = learned(["a b\\nb c"], level="word", vocabulary_size=9, min_count=1)
    >>> written(told, "word", load(told).tokenizer.encode("b  a\\nb").ids)
    'b a\\nb'
    """
    tokenizer = load(told).tokenizer
    if level == "subword":
        return tokenizer.decode(list(ids), skip_special_tokens=True)
    pieces = _pieces(told)
    if level == "character":
        return "".join(pieces[number] for number in ids)
    return " ".join(pieces[number] for number in ids).replace(" \n", "\n").replace("\n ", "\n")


def spelled(told: str, level: str, ids: Sequence[int]) -> list[str]:
    """Each token as a person reads it.

    >>> spelled(learned(["ab"], level="character", vocabulary_size=9, min_count=1), "character", [5, 6])
    ['a', 'b']
    """
    if level == "subword":
        return [load(told).tokenizer.decode([number]) for number in ids]
    pieces = _pieces(told)
    return [pieces[number] for number in ids]


@lru_cache(maxsize=8)
def _pieces(told: str) -> list[str]:
    """The tokens by their numbers; those that stand for no text are empty, the unknown one is a sign for it."""
    vocabulary = load(told).tokenizer.get_vocab(with_added_tokens=True)
    found = sorted(vocabulary, key=lambda piece: vocabulary[piece])
    return ["\ufffd" if piece == SPECIAL["unk"] else "" if piece in SPECIAL.values() else piece for piece in found]
