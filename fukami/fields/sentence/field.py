"""Texts to be written: what a translation, a summary, a correction is. N examples, B batch, L tokens, T tokens of all.

The store holds whole sentences as rows of pieces; special ids are 0 pad, 1 unknown, 2 the beginning, 3 the end, 4 mask, of
which a stored row has none. Answers and truth have one form, rows of tokens; an answer also says how likely the model found it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.seeds import generator
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField, Tokens
from fukami.fields.frame import Frame
from fukami.fields.gather import carried, ragged
from fukami.fields.sentence import tokens
from fukami.fields.text.check import check_texts
from fukami.fields.text.field import CHARACTERS_PER_TOKEN, LEARNED_FROM, Text
from fukami.fields.text.tokenization import has_text, load

CARD = FieldCard(
    name="sentence",
    summary="a text that is written as an answer: a translation, a summary",
    usual_targets=("target", "tgt", "summary", "answer", "output", "訳", "訳文", "翻訳", "要約"),
    exempt={"recognised": "a column of texts is a text, unless texts are to be written"},
)

SHOWN = 300
LONG = 4096
"""Tokens of a text that are kept at all."""
_TELLING = ("the sun", "a moon", "one tree", "this river")
_OTHERS = ("shines", "falls", "grows", "is far", "sleeps now")


@dataclass(frozen=True)
class Sentence(TargetField):
    """Texts as pieces, from which they are written again letter by letter.

    >>> column = Column("ja", pa.array(["猫 が い る 。", "犬 が い る 。"]))
    >>> target = Sentence().learn([column])
    >>> truth = target.truth(target.batch(target.encode([column]), np.array([1])))
    >>> target.known(truth), target.state["bleu"]
    ([{'text': '犬 が い る 。'}], 'none')
    """

    @dataclass(frozen=True)
    class Options:
        vocabulary_size: int = option(
            0, "Most pieces in the vocabulary; 0 for 3,000, or 8,000 and 16,000 from 100,000 and a million examples on.", low=0
        )
        max_tokens: int = option(
            0, "Longer texts are cut in training, and none is written; 0 for the longest of training, at most 256.", low=0
        )
        bleu: str = option(
            "auto",
            "What BLEU counts as a word, in sacreBLEU's names; auto takes `none` where a script without blanks comes divided, "
            "`ja-mecab` or else `char` where it does not, and 13a.",
            choices=("auto", "none", "13a", "intl", "char", "ja-mecab", "zh", "ko-mecab"),
        )

    kind: ClassVar[str] = "sentence"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "sentence"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Short sentences, whose first words name the class."""
        return [Column("sentence", pa.array([f"{_TELLING[int(k) % 4]} {rng.choice(_OTHERS)}" for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.9 * Text.recognise(column)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_texts(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.fromiter(map(has_text, cells.strings(columns[0])), dtype=bool, count=len(columns[0]))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(text.strip().encode("utf-8", "surrogatepass") for text in cells.strings(columns[0]))

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """No text is like another."""
        return np.zeros(len(columns[0]), np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns pieces, how long texts are, and how words lie in them."""
        texts = [text for text in cells.strings(columns[0]) if has_text(text)]
        if not texts:
            raise DataError("F-TEXT-MISSING", _("no example has a text"), where=cells.place(columns[0]))
        total = len(texts)
        if total > LEARNED_FROM:
            rows = np.sort(generator(seed, "sentence", "learn").permutation(total)[:LEARNED_FROM])
            texts = [texts[row] for row in rows]
        told = self._pieces(texts, total, beside)
        loaded = load(told)
        lengths = [len(e) for e in loaded.tokenizer.encode_batch_fast([text.strip()[: LONG * 4] for text in texts])]
        division = tokens.division(texts[:1000])
        state = {
            "vocabulary_size": loaded.tokenizer.get_vocab_size(with_added_tokens=True),
            "max_tokens": self.options.max_tokens or max(1, min(256, max(lengths))),
            "median_tokens": int(np.median(lengths)),
            "special": loaded.special,
            "tokenizer": told,
            "division": division,
            "bleu": _counted(division) if self.options.bleu == "auto" else self.options.bleu,
        }
        return replace(self, state=state)

    def _pieces(self, texts: list[str], total: int, beside: Mapping[str, Field]) -> str:
        """The JSON of a tokenizer for `texts`, which were drawn from `total`."""
        size = self.options.vocabulary_size or (3000 if total < 100_000 else 8000 if total < 1_000_000 else 16_000)
        return tokens.learned(texts, size)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows, of which none is cut before 4,096 tokens."""
        loaded = load(self.state["tokenizer"], LONG)
        texts = [text.strip()[: LONG * CHARACTERS_PER_TOKEN] for text in cells.strings(columns[0])]
        rows = [found.ids for found in loaded.tokenizer.encode_batch_fast(texts)]
        return {"ids": ragged(rows)}

    def stored_as(self) -> dict[str, Any]:
        return {"tokenizer": self.state.get("tokenizer")}

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
        values = ids.values if len(ids.values) else np.zeros(1, np.int32)
        ids_BL = np.where(real_BL, values[at_BL], self.state["special"]["pad"]).astype(np.int64)
        return Tokens(carried(ids_BL, device), carried(lengths_B.astype(np.int64), device))

    def target_spec(self) -> TokenSpec:
        """What a writer has to know: `cls` begins a text, `sep` ends it."""
        special = self.state["special"]
        others = tuple((role, number) for role, number in special.items() if role != "pad")
        return TokenSpec(self.state["vocabulary_size"], self.state["max_tokens"], special["pad"], special=others)

    @property
    def num_statistics(self) -> int:
        return 18

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: Tokens) -> dict[str, Any]:
        """`tokens`: rows of `id`."""
        return {"tokens": rows_of(*batch)}

    def answers(self, outputs: dict[str, torch.Tensor]) -> dict[str, Any]:
        """`tokens`: rows of `id`, of `ids_BL` and `lengths_B`; `log_likelihood_B` in nats."""
        return {"tokens": rows_of(outputs["ids"], outputs["lengths"]), "log_likelihood": outputs["log_likelihood"].float()}

    def ideal(self, truth: dict[str, Any]) -> dict[str, Any]:
        return {**truth, "log_likelihood": torch.zeros(len(truth["tokens"]))}

    def given(self, answers: dict[str, Any]) -> Tokens:
        rows = answers["tokens"]
        lengths_B = torch.as_tensor(rows.counts)
        parts = [torch.as_tensor(row["id"]) for row in rows.each()]
        return Tokens(
            torch.nn.utils.rnn.pad_sequence(parts, batch_first=True, padding_value=self.state["special"]["pad"]), lengths_B
        )

    def restore(self, answers: dict[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`text`, and `score`: the geometric mean of how likely each of its tokens was, its end among them."""
        rows = answers["tokens"]
        nats_B = torch.as_tensor(answers["log_likelihood"]).double() / (torch.as_tensor(rows.counts) + 1)
        scores = nats_B.exp().tolist()
        return [{"text": text, "score": score} for text, score in zip(self.texts(rows), scores, strict=True)]

    def known(self, truth: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"text": text} for text in self.texts(truth["tokens"])]

    def texts(self, rows: Rows) -> list[str]:
        """What rows of tokens say."""
        return tokens.written(self.state["tokenizer"], [row["id"].tolist() for row in rows.each()])

    def firsts(self, column: Column) -> list[str]:
        """The text of each cell, the first of those that are right."""
        return cells.strings(column)

    def references(self, truth: dict[str, Any]) -> list[list[str]]:
        """The texts of each example that are right."""
        return [[text] for text in self.texts(truth["tokens"])]

    def exact(self, answers: dict[str, Any], truth: dict[str, Any]) -> list[bool]:
        """Whether each text is one that is right."""
        pairs = zip(self.texts(answers["tokens"]), self.references(truth), strict=True)
        return [text in right for text, right in pairs]

    def apart(self, left: dict[str, Any], right: dict[str, Any]) -> torch.Tensor:
        """Where both say the same, how far apart the likelihoods of a token are; else the share of the tokens from the first
        one on that differs."""
        pairs = zip(self.restore(left), self.restore(right), left["tokens"].each(), right["tokens"].each(), strict=True)
        return torch.tensor([_apart(*one) for one in pairs], dtype=torch.float64)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def graphed(self, outputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return {"ids": outputs["ids"], "log_likelihood": outputs["log_likelihood"]}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """Of `ids_BL`, whose padding comes last, and `log_likelihood_B`."""
        ids_BL = outputs["ids"]
        lengths_B = (ids_BL != self.state["special"]["pad"]).sum(1)
        return {"tokens": rows_of(ids_BL, lengths_B), "log_likelihood": outputs["log_likelihood"].float()}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        vocabulary = load(self.state["tokenizer"]).tokenizer.get_vocab(with_added_tokens=True)
        pieces = sorted(vocabulary, key=lambda piece: vocabulary[piece])
        return {"kind": "sentence", "code": ["sentence"], "pieces": pieces, "letters": letters()}

    def facts(self) -> dict[str, Any]:
        return {f"target_{name}": self.state[name] for name in ("vocabulary_size", "median_tokens") if name in self.state}

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f"<p>{html.escape(text[:SHOWN])}{'…' if len(text) > SHOWN else ''}</p>"

    def schema(self) -> dict[str, Any]:
        score = {"type": "number", "minimum": 0, "maximum": 1}
        return {"type": "object", "properties": {"text": {"type": "string"}, "score": score}, "required": ["text"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        texts = cells.strings(cells.sample(columns[0], 5000))
        lengths = [len(text) for text in texts] or [0]
        return {"count": len(columns[0]), "length_quantiles": np.quantile(lengths, np.linspace(0, 1, 11)).tolist()}


def letters() -> list[str]:
    """A printable character for each byte, as pieces are spelt."""
    from fukami.fields.text.portable import byte_letters

    return byte_letters()


def _counted(division: str) -> str:
    """What BLEU counts: words as they lie there, or of a script without blanks what a dictionary or each sign makes of it."""
    if division == "none":
        return "ja-mecab" if find_spec("MeCab") and find_spec("ipadic") else "char"
    return "none" if division == "divided" else "13a"


def rows_of(ids_BL: torch.Tensor, lengths_B: torch.Tensor) -> Rows:
    real_BL = torch.arange(ids_BL.shape[1], device=ids_BL.device) < lengths_B[:, None]
    return Rows({"id": ids_BL[real_BL]}, lengths_B)


def _apart(left: dict[str, Any], right: dict[str, Any], left_row: dict[str, Any], right_row: dict[str, Any]) -> float:
    one, two = (row["id"].tolist() for row in (left_row, right_row))
    if one == two:
        difference = abs(left["score"] - right["score"])
        return difference if np.isfinite(difference) else np.inf
    same = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return 1 - same / max(len(one), len(two))
