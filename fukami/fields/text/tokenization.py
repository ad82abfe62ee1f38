"""Learning a tokenizer from texts, and loading one: words, characters, or pieces of words (byte-pair encoding).

A tokenizer is kept as the JSON of the `tokenizers` library, so that it opens in transformers as well. The same texts give the
same tokenizer. (Unigram would suit Japanese too, but its training in `tokenizers` differs from run to run.)
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from fukami.core.errors import DataError
from fukami.core.language import _

SPECIAL = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "mask": "[MASK]"}
"""Special tokens in the order of their ids 0 … 4."""
_NAMES = {
    "pad": ("[PAD]", "<pad>", "<|pad|>", "<|endoftext|>"),
    "unk": ("[UNK]", "<unk>", "<|endoftext|>"),
    "cls": ("[CLS]", "<s>", "<cls>"),
    "sep": ("[SEP]", "</s>", "<sep>"),
    "mask": ("[MASK]", "<mask>"),
}
# don't, ca n't and it 's stay whole; every other sign stands alone
_WORDS = r"\w+(?:['’]\w+)*|'(?:s|re|ve|d|m|ll)\b|[^\w\s]"
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f]"
)
LONGEST = 20_000
"""Characters of a text that a tokenizer learns from."""


class Loaded(NamedTuple):
    """A tokenizer ready to encode, and the ids of its special tokens by role (pad, unk, cls, sep, mask)."""

    tokenizer: Tokenizer
    special: dict[str, int]


def is_unspaced(texts: Iterable[str]) -> bool:
    """Whether most letters belong to scripts written without spaces between words: Japanese, Chinese, Thai, …

    >>> is_unspaced(["朝食がおいしいホテル"]), is_unspaced(["a fine hotel"])
    (True, False)
    """
    letters = unspaced = 0
    for text in texts:
        text = text[:1000]
        letters += sum(map(str.isalpha, text))
        unspaced += len(_UNSPACED.findall(text))
    return unspaced > 0.3 * max(1, letters)


def learn_tokenizer(texts: Sequence[str], *, level: str, vocabulary_size: int, min_count: int, lowercase: bool) -> str:
    """The JSON of a tokenizer learned from `texts`. `level` is "word", "character" or "subword".

    >>> loaded = load(learn_tokenizer(["a b b", "b c"], level="word", vocabulary_size=7, min_count=1, lowercase=True))
    >>> loaded.tokenizer.encode("B a z").tokens, loaded.special["unk"]
    (['b', 'a', '[UNK]'], 1)
    """
    special = list(SPECIAL.values())
    sizes = {"vocab_size": vocabulary_size, "special_tokens": special, "show_progress": False}
    if level == "subword":
        tokenizer = Tokenizer(models.BPE(unk_token=SPECIAL["unk"]))
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"\w+|[^\w\s]"), "removed", invert=True)
        trainer = trainers.BpeTrainer(min_frequency=max(2, min_count), max_token_length=16, limit_alphabet=6000, **sizes)
    else:
        tokenizer = Tokenizer(models.WordLevel(unk_token=SPECIAL["unk"]))
        pattern, keep = (_WORDS, True) if level == "word" else (r"\s+", False)
        split = pre_tokenizers.Split(Regex(pattern), "removed", invert=keep)
        characters = pre_tokenizers.Split(Regex("."), "isolated")
        tokenizer.pre_tokenizer = split if level == "word" else pre_tokenizers.Sequence([split, characters])
        trainer = trainers.WordLevelTrainer(min_frequency=min_count, **sizes)
    steps = [normalizers.NFKC(), *([normalizers.Lowercase()] if lowercase else [])]
    tokenizer.normalizer = normalizers.Sequence(steps)  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.train_from_iterator((text[:LONGEST] for text in texts), trainer)
    return tokenizer.to_str()


def learn_bytes(texts: Iterable[str], *, blank_first: bool, **sizes: Any) -> str:
    """The JSON of byte-pair encoding over bytes, which knows no unknown token and loses nothing: for texts that are written.

    `blank_first` has the first word begin with a blank as all others do; `sizes` are the trainer's.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=blank_first)  # type: ignore[assignment]
    tokenizer.decoder = decoders.ByteLevel()  # type: ignore[assignment]
    alphabet, special = pre_tokenizers.ByteLevel.alphabet(), list(SPECIAL.values())
    trainer = trainers.BpeTrainer(special_tokens=special, initial_alphabet=alphabet, show_progress=False, **sizes)
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer.to_str()


@lru_cache(maxsize=16)
def load(told: str, max_tokens: int = 0) -> Loaded:
    """The tokenizer of its JSON, which cuts at `max_tokens` (0: nowhere). A special token written out in a text stays text."""
    tokenizer = Tokenizer.from_str(told)
    tokenizer.encode_special_tokens = True
    tokenizer.no_padding()
    if max_tokens:
        tokenizer.enable_truncation(max_tokens)
    else:
        tokenizer.no_truncation()
    vocabulary = tokenizer.get_vocab(with_added_tokens=True)
    found = {role: [vocabulary[n] for n in names if n in vocabulary] for role, names in _NAMES.items()}
    special = {role: ids[0] for role, ids in found.items() if ids}
    return Loaded(tokenizer, {"pad": 0, "unk": special.get("pad", 0), **special})


def read_tokenizer(folder: str) -> str:
    """The JSON of the tokenizer in a checkpoint's folder (`tokenizer.json`, or a BERT `vocab.txt`). Raises `DataError`."""
    path = Path(folder).expanduser()
    file = path if path.is_file() else path / "tokenizer.json"
    try:
        if not file.exists() and (path / "vocab.txt").exists():
            return _from_vocabulary(path)
        told = file.read_text("utf-8")
        Tokenizer.from_str(told)
    except Exception as error:  # the library raises bare Exception for JSON that it cannot read
        raise DataError(
            "F-TEXT-TOKENIZER",
            _("the tokenizer cannot be read"),
            where=str(file),
            expected="tokenizer.json",
            got=str(error).splitlines()[0][:200],
            fix=_("name a folder that transformers has saved a fast tokenizer to"),
        ) from None
    return told


def _from_vocabulary(folder: Path) -> str:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    return loaded.backend_tokenizer.to_str()


def has_text(text: str) -> bool:
    """Whether anything but spaces and control characters is there.

    >>> [has_text(t) for t in ("a", " \\n", "\\x00\\ufeff", "！")]
    [True, False, False, True]
    """
    return any(not (c.isspace() or unicodedata.category(c) in ("Cc", "Cf")) for c in text)
