"""Tokenizers for programs without Fukami: their JSON as the plain tables that `export/standalone/text_….py` take.

Understood are those that the text field learns (words, characters, byte-pair encoding), BERT's WordPiece, and byte-pair
encoding over bytes (GPT-2, RoBERTa). Others (Unigram, say) are refused by name.
"""

import json
from typing import Any

from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.fields.tokenization import load

_FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def portable(name: str, state: dict[str, Any], characters_per_token: int) -> dict[str, Any]:
    """What reads texts: the pieces of code, the vocabulary in the order of its numbers, and how texts are cut.

    Raises:
        UsageError: F-EXPORT-TOKENIZER where the tokenizer is of another kind.
    """
    told = json.loads(state["tokenizer"])
    special = state["special"]
    before, after = _around(state["tokenizer"])
    vocabulary = load(state["tokenizer"]).tokenizer.get_vocab(with_added_tokens=True)
    tokens = [""] * (max(vocabulary.values(), default=-1) + 1)
    for token, number in vocabulary.items():
        tokens[number] = token
    found = _words(told) or _wordpiece(told) or _bytes(told)
    if found is None:
        raise UsageError(
            "F-EXPORT-TOKENIZER",
            _("a program of its own cannot cut texts as this tokenizer does"),
            expected=_("a tokenizer that was learned here, BERT's, or byte-pair encoding over bytes"),
            got=_kinds(told),
        )
    return {
        "kind": "text",
        "name": name,
        **found,
        "max_tokens": state["max_tokens"],
        "longest": state["max_tokens"] * characters_per_token,
        "before": before,
        "after": after,
        "padding": special["pad"],
        "unknown": special["unk"],
        "vocabulary": tokens,
    }


def _around(tokenizer: str) -> tuple[list[int], list[int]]:
    """The numbers of tokens that are put before and after every text."""
    opened = load(tokenizer).tokenizer
    whole, bare = (opened.encode("a", add_special_tokens=added).ids for added in (True, False))
    for start in range(len(whole) - len(bare) + 1):
        if whole[start : start + len(bare)] == bare:
            return whole[:start], whole[start + len(bare) :]
    return [], []


def _words(told: dict[str, Any]) -> dict[str, Any] | None:
    """Tokenizers of `tokenization.learn_tokenizer`."""
    model, cut = told["model"], told.get("pre_tokenizer") or {}
    steps = [_step(part) for part in (told.get("normalizer") or {}).get("normalizers", ())]
    if model["type"] not in ("WordLevel", "BPE") or not all(steps):
        return None
    splits = cut.get("pretokenizers", [cut])
    if any(split.get("type") != "Split" for split in splits):
        return None
    if len(splits) == 2 and splits[1]["pattern"] == {"Regex": "."}:  # characters between spaces
        pattern = r"\S"
    elif len(splits) == 1 and splits[0]["invert"] and splits[0]["behavior"] == "Removed":
        pattern = splits[0]["pattern"]["Regex"]
    else:
        return None
    if model["type"] == "WordLevel":
        return {"code": ["text_normal", "text_words", "text"], "normal": steps, "pattern": pattern}
    code = ["text_normal", "text_joined", "text_pieces", "text"]
    return {"code": code, "normal": steps, "pattern": pattern, "merges": _merges(model)}


def _step(part: dict[str, Any]) -> str:
    return "lower" if part["type"] == "Lowercase" else part["type"] if part["type"] in _FORMS else ""


def _merges(model: dict[str, Any]) -> list[list[str]]:
    return [pair.split(" ") if isinstance(pair, str) else list(pair) for pair in model["merges"]]


def _wordpiece(told: dict[str, Any]) -> dict[str, Any] | None:
    model, normal = told["model"], told.get("normalizer") or {}
    cut = (told.get("pre_tokenizer") or {}).get("type")
    if model["type"] != "WordPiece" or normal.get("type") != "BertNormalizer" or cut != "BertPreTokenizer":
        return None
    accents = normal["strip_accents"]
    return {
        "code": ["text_wordpiece", "text"],
        "clean": normal["clean_text"],
        "chinese": normal["handle_chinese_chars"],
        "strip_accents": normal["lowercase"] if accents is None else accents,
        "lower": normal["lowercase"],
        "prefix": model["continuing_subword_prefix"],
        "longest_word": model["max_input_chars_per_word"],
    }


def _bytes(told: dict[str, Any]) -> dict[str, Any] | None:
    model, cut = told["model"], told.get("pre_tokenizer") or {}
    usual = cut.get("type") == "ByteLevel" and cut.get("use_regex", True)
    if model["type"] != "BPE" or not usual or told.get("normalizer") or model.get("ignore_merges"):
        return None
    return {
        "code": ["text_joined", "text_bytes", "text"],
        "space_before": bool(cut["add_prefix_space"]),
        "merges": _merges(model),
    }


def _kinds(told: dict[str, Any]) -> str:
    parts = (told.get("normalizer"), told.get("pre_tokenizer"), told["model"])
    return " + ".join(part["type"] for part in parts if part)
