"""Tokenizers for programs without Fukami: their JSON as the plain tables that `export/standalone/text_….py` take.

Understood are those that the text field learns (words, characters, byte-pair encoding), BERT's WordPiece, and byte-pair
encoding over bytes (GPT-2, RoBERTa). Others (Unigram, say) are refused by name.

What a letter, a digit or a space is differs between libraries and between versions of Unicode, so patterns are handed on with
the characters written out, as the tokenizer itself tells them apart.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from tokenizers import Regex, pre_tokenizers

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.text.tokenization import has_text, load

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")
_PLANES = ((0, 0xD800), (0xE000, 0x40000), (0xE0000, 0xE0200))
"""Where Unicode has characters that are not for private use; half characters are left out."""
_CHINESE = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2CEAF), (0x2F800, 0x2FA1F))
_BYTE_LEVEL = r"'(?:s|t|re|ve|m|ll|d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def portable(name: str, state: dict[str, Any], characters_per_token: int, *, fixed: bool = False) -> dict[str, Any]:
    """What reads texts: the pieces of code, the vocabulary, and how texts are cut.

    Args:
        name: of the field.
        state: what the field learned.
        characters_per_token: a text is cut to so many for each admitted token.
        fixed: whether every text is padded to the longest that is read.

    Raises:
        UsageError: F-EXPORT-TOKENIZER where the tokenizer is of another kind.
    """
    told = json.loads(state["tokenizer"])
    before, after = _around(state["tokenizer"])
    vocabulary = load(state["tokenizer"]).tokenizer.get_vocab(with_added_tokens=True)
    found = _words(told) or _wordpiece(told, vocabulary) or _bytes(told)
    if found is None:
        raise UsageError(
            "F-EXPORT-TOKENIZER",
            _("a program of its own cannot cut texts as this tokenizer does"),
            expected=_("a tokenizer that was learned here, BERT's, or byte-pair encoding over bytes"),
            got=_kinds(told),
        )
    most = state["max_tokens"]
    return {
        "kind": "text",
        "name": name,
        "example": "A text.",
        "extensions": [".txt"],
        **found,
        "refused": _refused(),
        "longest": most * characters_per_token,
        "least_tokens": most if fixed else 1,
        "most_tokens": most - len(before) - len(after),
        "before": before,
        "after": after,
        "padding": state["special"]["pad"],
        "unknown": state["special"]["unk"],
        "vocabulary": dict(sorted(vocabulary.items(), key=lambda item: item[1])),
    }


def _around(tokenizer: str) -> tuple[list[int], list[int]]:
    """The numbers of tokens that are put before and after every text."""
    opened = load(tokenizer).tokenizer
    whole, bare = (opened.encode("a", add_special_tokens=added).ids for added in (True, False))
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []


def odd_texts(folder: Path) -> list[Any]:
    """Texts that training texts hardly are, one of them in a file; empty ones have to be refused."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "text.txt"
    file.write_text("\ufeffa text in a file\n", "utf-8")
    said = (
        "A FINE FILM",
        "Café, naïve cafe\u0301",
        "NA",
        "don't  's it's ’s",
        "ＡＢＣ １２３ ①² ½",
        "東京でとても美味しい。",
        "😀 a_b\t\x00c",
    )
    unusual = ["word " * 5000, "x" * 3000, "[MASK] <s> </s> [UNK]", str(file), 7]
    return [*said, *unusual, str(folder / "none.txt"), None, [], "", " \n\u200b"]


# -- kinds of tokenizers ---------------------------------------------------------------------------------------------------
def _words(told: dict[str, Any]) -> dict[str, Any] | None:
    """Tokenizers of `tokenization.learn_tokenizer`."""
    model, pattern = told["model"], _pattern(told.get("pre_tokenizer") or {})
    steps = [part["type"] for part in (told.get("normalizer") or {}).get("normalizers", ())]
    if pattern is None or steps[:1] not in [[form] for form in _FORMS] or steps[1:] not in ([], ["Lowercase"]):
        return None
    cut = {"form": steps[0], "lower": len(steps) > 1, "pattern": pattern}
    if model["type"] == "WordLevel":
        return {"code": ["text_normal", "text_words", "text"], **cut}
    if model["type"] != "BPE":
        return None
    return {"code": ["text_normal", "text_joined", "text"], **cut, "merges": _merges(model)}


def _pattern(cut: dict[str, Any]) -> str | None:
    """The regular expression of words, where the tokenizer has one that can be written out."""
    splits = cut.get("pretokenizers", [cut])
    if any(split.get("type") != "Split" for split in splits):
        return None
    if len(splits) == 2 and splits[1]["pattern"] == {"Regex": "."}:  # characters between spaces
        return written_out(r"\S")
    if len(splits) != 1 or not splits[0]["invert"] or splits[0]["behavior"] != "Removed":
        return None
    pattern = splits[0]["pattern"].get("Regex", "")
    known = {*re.findall(r"\\.", pattern)} <= {r"\w", r"\s", r"\b"} and re.compile(pattern).groups == 0
    return written_out(pattern) if known else None


def _merges(model: dict[str, Any]) -> dict[str, int]:
    """Both pieces of each pair, with two spaces between, and when it was learned."""
    pairs = (pair.split(" ") if isinstance(pair, str) else pair for pair in model["merges"])
    return {"  ".join(pair): rank for rank, pair in enumerate(pairs)}


def _wordpiece(told: dict[str, Any], vocabulary: dict[str, int]) -> dict[str, Any] | None:
    """BERT's: what is dropped before words are cut, and the pieces that continue a word beside those that begin one."""
    model, normal = told["model"], told.get("normalizer") or {}
    cut = (told.get("pre_tokenizer") or {}).get("type")
    if model["type"] != "WordPiece" or normal.get("type") != "BertNormalizer" or cut != "BertPreTokenizer":
        return None
    bare = normal["lowercase"] if normal["strip_accents"] is None else normal["strip_accents"]
    control = _of_category("C", without="\t\n\r") + "\ufffd" if normal["clean_text"] else ""
    dropped = control + (_of_category("Mn") if bare else "")
    alone = f"$+<=>^`|~{_of_category('P')}{_written(_CHINESE) if normal['handle_chinese_chars'] else ''}"
    space, prefix = _of_name(r"\s"), model["continuing_subword_prefix"]
    return {
        "code": ["text_wordpiece", "text"],
        "form": "NFD" if bare else None,
        "dropped": f"[{dropped}]" if dropped else "",
        "lower": normal["lowercase"],
        "pattern": f"[{alone}]|[^{space}{alone}]+",
        "longest_word": model["max_input_chars_per_word"],
        "continued": {piece.removeprefix(prefix): n for piece, n in vocabulary.items() if piece.startswith(prefix)},
    }


def _bytes(told: dict[str, Any]) -> dict[str, Any] | None:
    model, cut = told["model"], told.get("pre_tokenizer") or {}
    usual = cut.get("type") == "ByteLevel" and cut.get("use_regex", True)
    if model["type"] != "BPE" or not usual or told.get("normalizer") or model.get("ignore_merges"):
        return None
    return {
        "code": ["text_bytes", "text_joined", "text"],
        "space_before": bool(cut["add_prefix_space"]),
        "pattern": written_out(_BYTE_LEVEL),
        "letters": byte_letters(),
        "merges": _merges(model),
    }


def byte_letters() -> list[str]:
    """A printable character for each byte, as GPT-2 chose them."""
    plain = {*range(33, 127), *range(161, 173), *range(174, 256)}
    others = iter(range(256, 512))
    return [chr(byte) if byte in plain else chr(next(others)) for byte in range(256)]


def _kinds(told: dict[str, Any]) -> str:
    parts = (told.get("normalizer"), told.get("pre_tokenizer"), told["model"])
    return " + ".join(part["type"] for part in parts if part)


# -- characters written out ------------------------------------------------------------------------------------------------
def written_out(pattern: str) -> str:
    r"""A pattern of the tokenizers' library for Python: `\w`, `\s`, `\p{L}` and `\p{N}` become the characters that they mean.

    `\b` has to stand behind a letter.

    >>> import re
    >>> re.findall(written_out(r"\w+|[^\w\s]"), "a² ½!"), re.findall(r"\w+|[^\w\s]", "e\u0301")[0] == "e\u0301"
    (['a²', '½', '!'], False)
    """
    pattern = pattern.replace(r"\b", r"(?!\w)").replace(r"\S", r"[^\s]")

    def inside(match: re.Match[str]) -> str:
        return re.sub(r"\\(w|s|p\{.\})", lambda name: _of_name(name[0]), match[0])

    pattern = re.sub(r"\[[^]]*\]", inside, pattern)
    return re.sub(r"\\(w|s|p\{.\})", lambda name: f"[{_of_name(name[0])}]", pattern)


@cache
def _of_name(name: str) -> str:
    """The characters of a class of the tokenizers' library, for the inside of brackets."""
    split = pre_tokenizers.Split(Regex(f"{name}+"), "removed", invert=True)
    runs = []
    for start, end in _PLANES:
        found = split.pre_tokenize_str("".join(map(chr, range(start, end))))
        runs += [(start + first, start + last - 1) for _text, (first, last) in found]
    return _written(runs)


@cache
def _of_category(initial: str, without: str = "") -> str:
    """The characters whose category begins with one or two letters, for the inside of brackets."""
    return _written(_runs(c for c in _characters() if unicodedata.category(c).startswith(initial) and c not in without))


@cache
def _refused() -> str:
    """What is no text: one of spaces and control characters alone, and one with half a character."""
    blank = _written(_runs(c for c in _characters() if not has_text(c)))
    half = r"\ud800-\udfff"
    return rf"[{blank}]*|[^{half}]*[{half}](?s:.*)"


def _characters() -> Iterator[str]:
    return (chr(c) for start, end in _PLANES for c in range(start, end))


def _runs(characters: Iterable[str]) -> list[list[int]]:
    """First and last of characters that follow each other."""
    found: list[list[int]] = []
    for c in map(ord, characters):
        if found and found[-1][1] == c - 1:
            found[-1][1] = c
        else:
            found.append([c, c])
    return found


def _written(runs: Iterable[Iterable[int]]) -> str:
    """Runs of characters for the inside of brackets.

    >>> _written([(97, 99), (93, 93)])
    'a-c\\\\]'
    """
    return "".join("-".join(dict.fromkeys(re.escape(chr(end)) for end in run)) for run in runs)
