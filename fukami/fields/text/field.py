"""Texts: strings in, padded batches of token ids out. N examples, B batch, L tokens of the longest text of the batch.

The store holds token ids as ragged rows, cut at `max_tokens`; a batch is padded only to its own longest row. Special ids of
learned tokenizers: 0 pad, 1 unknown, 2 cls, 3 sep, 4 mask; cls and sep are only put in by pretrained tokenizers.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.given import names_file
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged, Tokens
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried, ragged
from fukami.fields.sentence import tokens as pieces
from fukami.fields.text import cutting, explain, tokenization
from fukami.fields.text.check import check_texts
from fukami.fields.text.features import alike, hashed_features, learn_weights, simhash
from fukami.fields.text.portable import odd_texts, portable
from fukami.fields.text.tokenization import has_text, is_unspaced, learn_tokenizer, load, read_tokenizer
from fukami.fields.units import Portrait, Units, Way

CARD = FieldCard(
    name="text",
    summary="a text: a word, a sentence, a page",
    usual_inputs=(
        "text", "sentence", "review", "comment", "content", "body", "document", "tweet", "message", "utterance",
        "description", "question", "title", "headline", "本文", "文", "文章", "テキスト", "レビュー", "コメント",
        "内容", "口コミ", "発話", "質問",
    ),
    extensions=(".txt", ".text", ".md"),
    files_are="text",
    reference="a vocabulary of 16,000 words",
    offers=("units", "way", "sequence"),
    explained_by=("integrated-gradients", "occlusion"),
)  # fmt: skip

LEARNED_FROM = 200_000
"""Training texts that the tokenizer is learned from."""
MEASURED = 20_000
"""Training texts whose lengths and words are measured."""
NEARLY_SAME = 0.9
"""Likeness (cosine of word counts) from which texts are nearly the same."""
SHOWN = 300
MOST_TOKENS = 256
"""Tokens that are read of a text where nobody says how many."""
CHARACTERS_PER_TOKEN = 64
"""A text is cut to this many characters per admitted token before it is split, so that one huge cell costs nothing."""
_TELLING = ("sun", "moon", "tree", "river")
_OTHERS = (
    "stone", "cloud", "bird", "fish", "road", "house", "lamp", "book", "cup", "door", "rain", "snow", "wind", "star", "leaf",
    "hill",
)  # fmt: skip
"""Words of specimens: those that tell the class, and those that do not."""


@dataclass(frozen=True)
class Text(InputField):
    """Texts as token ids.

    >>> column = Column("text", pa.array(["a fine film", "a dull film"]))
    >>> text = Text().learn([column])
    >>> text.batch(text.encode([column]), np.array([0, 1])).ids.shape, text.spec().vocabulary_size
    (torch.Size([2, 3]), 9)
    """

    @dataclass(frozen=True)
    class Options:
        level: str = option(
            "auto",
            "What a token is; auto takes words, and pieces of words or characters where a script has no spaces; bytes takes "
            "pieces that lose nothing, capitals and blanks neither.",
            choices=("auto", "word", "character", "subword", "bytes"),
        )
        vocabulary_size: int = option(0, "Most tokens in the vocabulary; 0 for 30,000 words or 8,000 pieces.", low=0)
        min_count: int = option(0, "Tokens seen less often in training are unknown; 0 for 2, or 1 where data are few.", low=0)
        lowercase: str = option("auto", "Read capitals as small letters.", choices=("auto", "yes", "no"))
        max_tokens: int = option(0, "Longer texts are cut; 0 for what 99 % of the texts need, at most 256.", low=0)
        token_dropout: float = option(0.0, "Share of the tokens that are hidden at random in training.", low=0, high=0.9)
        tokenizer: str = option("", "Folder of a pretrained tokenizer; empty to learn one from the training texts.")

    kind: ClassVar[str] = "text"
    Spec: ClassVar[type] = TokenSpec
    varied: ClassVar[dict[str, Any]] = {"token_dropout": 0.5}
    near_bits: ClassVar[int] = 6  # of 64 planes, two texts of likeness 0.96 lie on different sides of so many
    name: str = "text"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Sentences of 3 to 12 words, one of which tells the class."""
        rows = []
        for k in hidden:
            words = list(rng.choice(_OTHERS, rng.integers(3, 12)))
            words[int(rng.integers(len(words)))] = _TELLING[int(k) % 4]
            rows.append(" ".join(words))
        return [Column("text", pa.array(rows))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.dtype.kind not in "OUST":
            return 0.0
        values = cells.arrow(cells.sample(column))
        if not cells.is_text(values):
            return 0.0
        found = [text for text in values.to_pylist() if text and has_text(text)]
        if not found:
            return 0.0
        distinct = len(set(found)) / len(found)
        length = sum(map(len, found)) / len(found)
        wordy = sum(len(t.split()) > 3 or is_unspaced([t]) for t in found) / len(found)
        return min(1.0, 0.1 + 0.4 * wordy + 0.3 * distinct + 0.2 * min(1.0, length / 40))

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_texts(columns[0])
        if self.state:
            yield from self.unfamiliar(columns)
        elif texts := cutting.looked_at(columns[0]):
            told, _level = self._tokenizer(texts, is_unspaced(texts))
            lengths = cutting.lengths_of(texts, told, cutting.LONGEST)
            yield from cutting.cut_in_training(columns[0], lengths, self._most_tokens(lengths), len(columns[0]))

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        most = self.state["max_tokens"]
        yield from cutting.cut_when_asked(columns[0], self.state["tokenizer"], most, most * CHARACTERS_PER_TOKEN)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.fromiter(map(has_text, cells.strings(columns[0])), dtype=bool, count=len(columns[0]))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(text.encode("utf-8", "surrogatepass") for text in cells.strings(columns[0]))

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        """Simhashes of words or, where a script has no spaces, of characters."""
        texts = cells.strings(columns[0])
        return simhash(texts, unspaced=is_unspaced(texts[:1000]))

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Texts, or paths of text files: a `Path`, or a text that names an existing file."""
        return [Column(self.name, pa.array([_content(value) for value in values]))]

    def example(self) -> str:
        return "text.txt"

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Whether nine tenths of the words agree: a simhash alone finds short texts alike that share little."""
        rows, index = np.unique(np.concatenate([left, right]), return_inverse=True)
        texts = cells.strings(columns[0].take(rows))
        return alike(texts, *index.reshape(2, -1), unspaced=is_unspaced(texts[:1000])) > NEARLY_SAME

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the tokenizer, the length at which texts are cut, and the weights of plain features."""
        texts = [text for text in cells.strings(columns[0]) if has_text(text)]
        if not texts:
            raise DataError("F-TEXT-MISSING", _("no example has a text"), where=cells.place(columns[0]))
        if len(texts) > LEARNED_FROM:
            rows = np.sort(generator(seed, "text", "learn").permutation(len(texts))[:LEARNED_FROM])
            texts = [texts[row] for row in rows]
        unspaced = is_unspaced(texts[:1000])
        told, level = self._tokenizer(texts, unspaced)
        loaded = load(told)
        few = texts[:: max(1, len(texts) // MEASURED)]
        lengths = cutting.lengths_of(few, told, (self.options.max_tokens or MOST_TOKENS) * CHARACTERS_PER_TOKEN)
        state = {
            "level": level,
            "unspaced": unspaced,
            "vocabulary_size": loaded.tokenizer.get_vocab_size(with_added_tokens=True),
            "max_tokens": self._most_tokens(lengths),
            "special": loaded.special,
            "median_tokens": int(np.median(lengths)),
            "tokenizer": told,
            "weights": learn_weights(few, unspaced=unspaced),
        }
        return replace(self, state=state)

    def _most_tokens(self, lengths: np.ndarray) -> int:
        return self.options.max_tokens or max(1, min(MOST_TOKENS, int(np.ceil(np.quantile(lengths, 0.99)))))

    def _tokenizer(self, texts: list[str], unspaced: bool) -> tuple[str, str]:
        """Its JSON, and the level."""
        if self.options.tokenizer:
            return read_tokenizer(self.options.tokenizer), "pretrained"
        return self._learned_tokenizer(texts, unspaced)

    def _learned_tokenizer(self, texts: list[str], unspaced: bool) -> tuple[str, str]:
        options, level = self.options, self.options.level
        if level == "auto":
            # on 5,000 Japanese reviews a linear model reached 0.79 with characters, 0.71 to 0.75 with pieces
            level = "word" if not unspaced else "subword" if len(texts) >= 50_000 else "character"
        lowercase = len(texts) < 100_000 if options.lowercase == "auto" else options.lowercase == "yes"
        size = options.vocabulary_size or (30_000 if level in ("word", "character") else 8000)
        if level == "bytes":
            return pieces.learned(texts, size), level
        told = learn_tokenizer(
            texts,
            level=level,
            vocabulary_size=max(size, len(tokenization.SPECIAL) + 1),
            min_count=options.min_count or (2 if len(texts) >= 2000 else 1),
            lowercase=lowercase,
        )
        return told, level

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows. A text without any token is one unknown token."""
        most = self.state["max_tokens"]
        loaded = load(self.state["tokenizer"], most)
        texts = [text[: most * CHARACTERS_PER_TOKEN] for text in cells.strings(columns[0])]
        nothing = [self.state["special"]["unk"]]
        rows = [e.ids or nothing for e in loaded.tokenizer.encode_batch_fast(texts)]
        return {"ids": ragged(rows)}

    def frame(self, columns: Sequence[Column]) -> Line | None:
        """Where each token lies in its text, as characters; what a tokenizer puts around it lies nowhere."""
        if not self.state:
            return None
        most = self.state["max_tokens"]
        texts = cells.strings(columns[0])
        cut = [text[: most * CHARACTERS_PER_TOKEN] for text in texts]
        found = [np.array(e.offsets or [(0, 0)]) for e in load(self.state["tokenizer"], most).tokenizer.encode_batch(cut)]
        return Line([one[:, 0] for one in found], [one[:, 1] for one in found], tuple(texts))

    def stored_as(self) -> dict[str, Any]:
        """The tokenizer, where it cuts, and the id that stands for a text without tokens."""
        return {name: self.state.get(name) for name in ("tokenizer", "max_tokens", "special")}

    def lengths(self, stored: Arrays) -> np.ndarray:
        ids = stored["ids"]
        assert isinstance(ids, Ragged)
        return np.diff(ids.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Tokens:
        """`ids_BL` int64, padded to the longest of these rows, and `lengths_B` int64."""
        ids = stored["ids"]
        assert isinstance(ids, Ragged)
        starts = ids.offsets[rows]
        lengths_B = ids.offsets[np.asarray(rows) + 1] - starts
        step_L = np.arange(lengths_B.max() if len(lengths_B) else 0)
        real_BL = step_L < lengths_B[:, None]
        at_BL = np.where(real_BL, starts[:, None] + step_L, 0)
        ids_BL = np.where(real_BL, ids.values[at_BL], self.state["special"]["pad"]).astype(np.int64)
        return Tokens(carried(ids_BL, device), carried(lengths_B.astype(np.int64), device))

    def augment(self, batch: Tokens, rng: torch.Generator) -> Tokens:
        """Hides tokens at random as the unknown token; padding, cls and sep stay."""
        if not self.options.token_dropout:
            return batch
        ids_BL, special = batch.ids, self.state["special"]
        hide_BL = (torch.rand(ids_BL.shape, generator=rng, device=rng.device) < self.options.token_dropout).to(ids_BL.device)
        for role in ("pad", "cls", "sep"):
            if role in special:
                hide_BL &= ids_BL != special[role]
        return Tokens(ids_BL.masked_fill(hide_BL, special["unk"]), batch.lengths)

    # -- towards models and people -----------------------------------------------------------------------------------
    @classmethod
    def blank(
        cls, spec: TokenSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Tokens:
        """Drawn ones have seven tokens or fewer."""
        if rng is None:
            length = min(8, spec.max_tokens)
            ids = torch.full((count, length), min(spec.pad + 1, spec.vocabulary_size - 1), device=device)
            return Tokens(ids, torch.full((count,), length, device=device))
        lengths = torch.tensor([7, 1, 4, 2, 6]).repeat(count)[:count].clamp(max=spec.max_tokens)
        longest = int(lengths.max())
        ids = torch.randint(2, spec.vocabulary_size, (count, longest), generator=rng)
        return Tokens(ids.masked_fill(torch.arange(longest) >= lengths[:, None], spec.pad).to(device), lengths.to(device))

    @classmethod
    def arguments(cls, batch: Tokens, spec: TokenSpec, count: int) -> tuple[torch.Tensor, ...]:
        return tuple(batch) if count >= 2 else (batch.ids,)

    @classmethod
    def call(cls, spec: TokenSpec) -> str:
        return f"forward(ids) or forward(ids, lengths) with ids (B, L) below {spec.vocabulary_size}"

    def spec(self) -> TokenSpec:
        special = self.state["special"]
        others = tuple((role, number) for role, number in special.items() if role != "pad")
        return TokenSpec(self.state["vocabulary_size"], self.state["max_tokens"], special["pad"], special=others)

    def plain_features(self, columns: Sequence[Column]) -> Any:
        """Sparse (N, 131072): words and pairs of words, or runs of 1 to 3 characters, hashed and weighted by rarity."""
        return hashed_features(cells.strings(columns[0]), unspaced=self.state["unspaced"], weights=self.state["weights"])

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f"<p>{html.escape(personal.masked(text[:SHOWN]))}{'…' if len(text) > SHOWN else ''}</p>"

    def schema(self) -> dict[str, Any]:
        return {"type": "string"}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 5,000 texts: tokens per text, the share of unknown tokens, and the share of scripts without spaces."""
        column = cells.sample(columns[0], 5000)
        texts = cells.strings(column)
        told: dict[str, Any] = {"count": len(columns[0]), "empty": sum(not has_text(text) for text in texts)}
        if not self.state or not texts:
            return told
        ids = self.encode([column])["ids"]
        assert isinstance(ids, Ragged)
        known = self.state["special"]
        return told | {
            "length_quantiles": np.quantile(np.diff(ids.offsets), np.linspace(0, 1, 11)).tolist(),
            "unknown_share": float((ids.values == known["unk"]).mean()),
            "unspaced_share": sum(is_unspaced([text]) for text in texts) / len(texts),
        }

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return portable(self.name, self.state, CHARACTERS_PER_TOKEN, fixed=fixed)

    def probes(self, folder: Path) -> list[Any]:
        return odd_texts(folder)

    def padded(self, batch: Tokens) -> Tokens:
        missing = self.state["max_tokens"] - batch.ids.shape[1]  # negative takes away what is padding only
        ids_BL = torch.nn.functional.pad(batch.ids, (0, missing), value=self.state["special"]["pad"])
        return Tokens(ids_BL, batch.lengths)

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[str]:
        return cells.strings(columns[0].take(rows))

    def facts(self) -> dict[str, Any]:
        return {
            name: self.state[name] for name in ("vocabulary_size", "max_tokens", "median_tokens", "level") if name in self.state
        }

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Tokens, columns: Sequence[Column]) -> Units:
        """Tokens, each with the letters that it stands for."""
        (text,) = cells.strings(columns[0])
        return explain.units_of(text, self.state, self.state["max_tokens"] * CHARACTERS_PER_TOKEN)

    def without(self, batch: Tokens, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Tokens:
        special = self.state["special"]
        masks = units.placed and self.state["level"] == "pretrained"
        empty = special.get("mask", special["unk"]) if masks else special["unk"]
        return explain.without(batch, units, gone_PU, empty, special["pad"])

    def way(self, batch: Tokens, units: Units, filling: Any, network: nn.Module) -> Way | None:
        """From empty tokens, by the vectors that the network turns tokens into."""
        return explain.way(batch, units, network, self.state)

    def portrait(self, batch: Tokens, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(units, weights_U)


def _content(value: Any) -> str:
    """The text that a value stands for. Only what looks like the name of a text file is looked up on the disk."""
    if value is None or (isinstance(value, float) and value != value):  # as tables hold what is missing
        return ""
    if isinstance(value, bytes) and b"\0" not in value[:4096]:
        return decoded(value)
    if not isinstance(value, (str, int, float, Path, np.generic)):
        raise DataError(
            "F-TEXT-INPUT",
            _("an input is no text"),
            expected=_("a text, the path of a text file, or an object such as {example}").format(example='{"text": "…"}'),
            got=type(value).__name__,
        )
    if not isinstance(value, Path) and not (isinstance(value, str) and names_file(value, ".txt")):
        return str(value)
    path = Path(value)
    if not path.is_file():
        raise DataError("F-TEXT-FILE", _("a text file cannot be read"), where=str(path), expected=_("a file that exists"))
    return decoded(path.read_bytes())


def decoded(content: bytes) -> str:
    """Text of a file: UTF-8 with or without its mark, else Japanese Windows, else Latin-1, which takes any byte."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return content.decode("latin-1")
