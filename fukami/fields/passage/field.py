"""Passages: texts of which every character counts, in the order in which they are read. B batch, L tokens.

What differs from the field text: nothing is normalised but composed characters, nothing is cut, and spaces, case and line
ends are kept. A passage that is longer than what a network sees at once is looked at in several parts.
"""

import html
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, Tokens
from fukami.fields.frame import Frame
from fukami.fields.gather import ragged
from fukami.fields.passage import tokens
from fukami.fields.passage.check import check_parts, check_passages
from fukami.fields.passage.spec import PassageSpec
from fukami.fields.text import explain
from fukami.fields.text.features import learn_weights
from fukami.fields.text.field import SHOWN, Text
from fukami.fields.text.tokenization import has_text, is_unspaced, load
from fukami.fields.units import Units

CARD = FieldCard(
    name="passage",
    summary="a passage of a text, of which every character counts",
    reference="a vocabulary of 16,000 tokens, 256 of them seen together",
    usual_inputs=(
        "text", "content", "body", "document", "sentence", "passage", "prompt", "story", "article", "code",
        "本文", "文", "文章", "テキスト",
    ),
    extensions=(".txt", ".text", ".md"),
    files_are="document",
    offers=("units",),
    explained_by=("occlusion",),
)  # fmt: skip

MEASURED = 5_000
"""Passages whose lengths and words are measured."""
SIZES = {"character": 20_000, "subword": 8_000, "word": 30_000}
"""Most tokens of a vocabulary where nobody says."""


@dataclass(frozen=True)
class Passage(Text):
    """Passages as token ids.

    >>> column = Column("text", pa.array(["To be,\\n", "or not"]))
    >>> passage = Passage().learn([column])
    >>> passage.state["level"], passage.batch(passage.encode([column]), np.array([0, 1])).lengths.tolist()
    ('character', [7, 6])
    """

    @dataclass(frozen=True)
    class Options:
        level: str = option(
            "auto",
            "What a token is; auto takes characters for texts below five million of them and where a script has no spaces.",
            choices=("auto", *tokens.LEVELS),
        )
        context: int = option(
            256, "Tokens that are seen together; a longer text is divided into passages of about so many.", low=8
        )
        vocabulary_size: int = option(
            0, "Most tokens in the vocabulary; 0 for 20,000 characters, 8,000 pieces or 30,000 words.", low=0
        )
        min_count: int = option(
            0, "Tokens seen less often in training are unknown; 0 for 1, or 2 where more than 256 are different.", low=0
        )

        marked: bool = option(
            False, "Tokens stand for the beginning and the end of each passage, and [MASK] for a gap, as BERT has it."
        )

    kind: ClassVar[str] = "passage"
    Spec: ClassVar[type] = PassageSpec
    varied: ClassVar[dict[str, Any]] = {}
    name: str = "text"
    options: Options = Options()  # type: ignore[assignment]
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Lines of a few words that follow each other by a rule, which the class begins."""
        words = ("sun", "moon", "tree", "river", "stone", "cloud")
        starts = rng.integers(0, len(words), len(hidden)) + np.asarray(hidden)
        lines = [" ".join(words[(start + at) % len(words)] for at in range(rng.integers(4, 12))) for start in starts.tolist()]
        return [Column("text", pa.array([f"{line}.\n" for line in lines]))]

    def spec(self) -> PassageSpec:
        told = super().spec()
        return PassageSpec(told.vocabulary_size, told.max_tokens, told.pad, special=told.special)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_passages(columns[0])

    def between(self, columns: Sequence[Column], train: np.ndarray, held: np.ndarray) -> Iterator[Problem]:
        yield from check_parts(columns[0], train, held)

    @property
    def window(self) -> int | None:
        """About how many characters a passage has, where the level is known."""
        level = self.state.get("level", self.options.level)
        return None if level == "auto" else self.options.context * tokens.LEVELS[level]

    def level_of(self, texts: Sequence[str]) -> str:
        """What a token is. Gaps for single letters teach little, so pieces are taken for them where a script has spaces."""
        if self.options.level != "auto":
            return self.options.level
        level = tokens.level_for(texts)
        return "subword" if self.options.marked and not is_unspaced(texts[:1000]) else level

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the tokenizer, and the weights of plain features."""
        texts = [text for text in cells.strings(columns[0]) if has_text(text)]
        if not texts:
            raise DataError("F-TEXT-MISSING", _("no example has a text"), where=cells.place(columns[0]))
        options = self.options
        level = self.level_of(texts)
        told = tokens.learned(
            texts,
            level=level,
            vocabulary_size=max(options.vocabulary_size or SIZES[level], 6),
            min_count=options.min_count or _least(texts, level),
        )
        told = tokens.marked(told) if options.marked else told
        loaded, few = load(told), texts[:: max(1, len(texts) // MEASURED)]
        lengths = [len(found) for found in loaded.tokenizer.encode_batch_fast(few)]
        unspaced = is_unspaced(texts[:1000])
        state = {
            "level": level,
            "unspaced": unspaced,
            "vocabulary_size": loaded.tokenizer.get_vocab_size(with_added_tokens=True),
            "max_tokens": options.context,
            "special": loaded.special,
            "median_tokens": int(np.median(lengths)),
            "tokenizer": told,
            "weights": learn_weights(few, unspaced=unspaced),
        }
        return replace(self, state=state)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows, whole. A text without any token is one unknown token."""
        rows = encoded(self.state, cells.strings(columns[0]))
        return {"ids": ragged(rows)}

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("tokenizer", "special")}

    def augment(self, batch: Tokens, rng: Any) -> Tokens:
        return batch

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """Characters that were never learned, and texts of which a network does not see the beginning."""
        texts, known = cells.strings(columns[0]), self.state
        rows = encoded(known, texts)
        unknown = [row for row, ids in enumerate(rows) if known["special"]["unk"] in ids]
        if unknown:
            yield Problem(
                code="F-PASSAGE-UNKNOWN",
                severity="note",
                what=_n(
                    "{n} text holds what the training never saw; it is read as one unknown token",
                    "{n} texts hold what the training never saw; it is read as one unknown token",
                    len(unknown),
                ),
                where=cells.places(columns[0], np.array(unknown)),
                got=_unknown_in(known, texts[unknown[0]]),
                count=len(unknown),
            )
        long = [row for row, ids in enumerate(rows) if len(ids) > known["max_tokens"]]
        if long:
            yield Problem(
                code="F-PASSAGE-LONG",
                severity="note",
                what=_n(
                    "{n} text is longer than what the model sees at once; what is far from its end may count for nothing",
                    "{n} texts are longer than what the model sees at once; what is far from their end may count for nothing",
                    len(long),
                ),
                where=cells.places(columns[0], np.array(long)),
                expected=_("at most {n} tokens").format(n=known["max_tokens"]),
                got=str(max(len(rows[row]) for row in long)),
                count=len(long),
            )

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f'<p style="white-space:pre-wrap">{html.escape(text[:SHOWN])}{"…" if len(text) > SHOWN else ""}</p>'

    def units(self, batch: Tokens, columns: Sequence[Column]) -> Units:
        """Tokens, each with the letters that it stands for."""
        (text,) = cells.strings(columns[0])
        return explain.units_of(text, {**self.state, "max_tokens": 0}, len(text))


def encoded(state: dict[str, Any], texts: Sequence[str]) -> list[list[int]]:
    """The tokens of each text, by a passage's `state`."""
    nothing = [state["special"]["unk"]]
    return [found.ids or nothing for found in load(state["tokenizer"]).tokenizer.encode_batch_fast(list(texts))]


def _least(texts: Sequence[str], level: str) -> int:
    """How often a token has to be seen: where many are rare, so that what an unknown one means is learned as well."""
    if level == "subword":
        return 2
    different = Counter(chain.from_iterable(texts if level == "character" else (text.split() for text in texts)))
    return 1 if len(different) <= tokens.FEW else 2


def _unknown_in(state: dict[str, Any], text: str) -> str:
    found = load(state["tokenizer"]).tokenizer.encode(text)
    unknown = (text[a:b] for (a, b), number in zip(found.offsets, found.ids, strict=True) if number == state["special"]["unk"])
    return ", ".join(list(dict.fromkeys(unknown))[:8])
