"""Texts to be written from a text in the same language: summaries, corrections, answers; several of them may be right.

A cell is a text, or a JSON list of texts: the first one is learned from, all of them are what answers are compared with. What
is written has the pieces of the text beside it, where these lose nothing, so that a model may copy. N examples, B batch, L
tokens of the first texts, M tokens of the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.language import _, _n
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.specs import TokenSpec
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged
from fukami.fields.frame import Frame
from fukami.fields.gather import ragged
from fukami.fields.sentence.field import LONG, Sentence, rows_of
from fukami.fields.text.field import Text
from fukami.fields.text.tokenization import has_text, load

CARD = FieldCard(
    name="written",
    summary="a text that is written as an answer, of which several may be right",
    usual_targets=(
        "summary", "summaries", "highlights", "abstract", "tldr", "answer", "answers", "output", "completion", "response",
        "correct", "corrected", "correction", "target", "tgt", "reference", "references", "要約", "答え", "回答", "解答",
        "出力", "訂正", "正",
    ),
    exempt={"recognised": "a column of texts is a text, unless texts are to be written"},
    like=("sentence",),
)  # fmt: skip
LOSSLESS = "bytes"
"""The level of a text whose pieces lose nothing."""


class References(NamedTuple):
    """What is learned from (`ids_BL`, `lengths_B`), and the other right texts one after the other, each with its end
    (`others_BM`, `spans_B`)."""

    ids: torch.Tensor
    lengths: torch.Tensor
    others: torch.Tensor
    spans: torch.Tensor


@dataclass(frozen=True)
class Written(Sentence):
    """Texts as pieces, and others that would do as well.

    >>> column = Column("answer", pa.array(["a cat", '["a dog", "one dog"]']))
    >>> target = Written().learn([column])
    >>> target.known(target.truth(target.batch(target.encode([column]), np.array([1, 0]))))
    [{'text': 'a dog', 'others': ['one dog']}, {'text': 'a cat'}]
    """

    @dataclass(frozen=True)
    class Options(Sentence.Options):
        rouge: str = option(
            "auto",
            "What ROUGE counts as a word: `rouge` is runs of Latin letters and digits, as in the package rouge-score; others "
            "are sacreBLEU's; auto takes `rouge` where nearly all letters are Latin without accents, else what BLEU counts.",
            choices=("auto", "rouge", "none", "13a", "intl", "char", "ja-mecab", "zh", "ko-mecab"),
        )
        several: str = option(
            "mean", "Where several texts are right, ROUGE is the mean over them, or that of the best.", choices=("mean", "best")
        )

    kind: ClassVar[str] = "written"
    name: str = "written"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Short sentences, one for each example."""
        return [replace(column, name="written") for column in Sentence.specimens(hidden, rng)]

    @classmethod
    def recognise(cls, column: Column) -> float:
        """As a text; answers may be short and alike, so whatever is no number may be one."""
        found = Text.recognise(column)
        return max(0.5, 0.9 * found) if found else 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        told = several(columns[0])
        yield from super().check([_firsts(columns[0], told)])
        odd = [row for row, texts in enumerate(told) if len(texts) > 1 and not all(map(has_text, texts))]
        if odd:
            yield Problem(
                code="F-WRITTEN-EMPTY",
                severity="warning",
                what=_n("{n} list of right texts has an empty one", "{n} lists of right texts have an empty one", len(odd)),
                where=cells.places(columns[0], odd),
                expected='["…", "…"]',
                fix=_("take the empty ones out; they are not compared with"),
                count=len(odd),
            )
        twice = [row for row, texts in enumerate(told) if len(set(texts)) < len(texts)]
        if twice:
            yield Problem(
                code="F-WRITTEN-TWICE",
                severity="note",
                what=_n("{n} list has the same text twice", "{n} lists have the same text twice", len(twice)),
                where=cells.places(columns[0], twice),
                fix=_("it counts twice where the mean over right texts is taken"),
                count=len(twice),
            )

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return super().usable([_firsts(columns[0])])

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the pieces of the text beside it where they lose nothing, else learns its own."""
        found = super().learn([_firsts(columns[0])], seed=seed, beside=beside)
        own = {"shared": _lossless(beside) is not None, "rouge": self.options.rouge}
        if own["rouge"] == "auto":
            texts = [texts[0] for texts in several(columns[0])[:1000]]
            own["rouge"] = "rouge" if _is_plain(texts) else found.state["bleu"]
        return replace(found, state=found.state | own)

    def _pieces(self, texts: list[str], total: int, beside: Mapping[str, Field]) -> str:
        return _lossless(beside) or super()._pieces(texts, total, beside)

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows of the first text; where there are others, its end, and each of them with its end."""
        told = several(columns[0])
        found = super().encode([_firsts(columns[0], told)])["ids"]
        if not any(len(texts) > 1 for texts in told):
            return {"ids": found}
        assert isinstance(found, Ragged)
        firsts = [found.values[start:stop].tolist() for start, stop in pairwise(found.offsets.tolist())]
        more = [list(filter(has_text, texts[1:])) for texts in told]
        ended, end = iter(_ended([text for texts in more for text in texts], self.state)), self.state["special"]["sep"]
        rows = [
            [*first, end, *(number for _text in texts for number in next(ended))] if texts else first
            for first, texts in zip(firsts, more, strict=True)
        ]
        return {"ids": ragged(rows)}

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> References:  # type: ignore[override]
        ids_BL, whole_B = super().batch(stored, rows, device)
        ends_BL = (ids_BL == self.state["special"]["sep"]).long()
        lengths_B = torch.where(ends_BL.any(1), ends_BL.argmax(1), whole_B) if ids_BL.shape[1] else whole_B
        spans_B = (whole_B - lengths_B - 1).clamp(min=0)
        first_BL, others_BM = (
            self._span(ids_BL, start_B, count_B) for start_B, count_B in ((lengths_B * 0, lengths_B), (lengths_B + 1, spans_B))
        )
        return References(first_BL, lengths_B, others_BM, spans_B)

    def _span(self, ids_BL: torch.Tensor, start_B: torch.Tensor, count_B: torch.Tensor) -> torch.Tensor:
        """Of each row `count` tokens from `start` on, padded to the longest."""
        step_L = torch.arange(int(count_B.max()) if len(count_B) else 0, device=ids_BL.device)
        if not len(step_L):
            return ids_BL[:, :0]
        at_BL = (start_B[:, None] + step_L).clamp(max=ids_BL.shape[1] - 1)
        return ids_BL.gather(1, at_BL).masked_fill(step_L >= count_B[:, None], self.state["special"]["pad"])

    def target_spec(self) -> TokenSpec:
        return replace(super().target_spec(), shared=self.state["shared"])

    @property
    def num_statistics(self) -> int:
        return super().num_statistics + 3

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: References) -> dict[str, Any]:  # type: ignore[override]
        """`tokens` and `others`: rows of `id`, the latter with an end after each text."""
        return {"tokens": rows_of(batch.ids, batch.lengths), "others": rows_of(batch.others, batch.spans)}

    def ideal(self, truth: dict[str, Any]) -> dict[str, Any]:
        return super().ideal({"tokens": truth["tokens"]})

    def given(self, answers: dict[str, Any]) -> References:  # type: ignore[override]
        ids_BL, lengths_B = super().given(answers)
        return References(ids_BL, lengths_B, ids_BL[:, :0], torch.zeros_like(lengths_B))

    def known(self, truth: dict[str, Any]) -> list[dict[str, Any]]:
        found = self.references(truth)
        return [{"text": texts[0], "others": texts[1:]} if len(texts) > 1 else {"text": texts[0]} for texts in found]

    def firsts(self, column: Column) -> list[str]:
        return [texts[0] for texts in several(column)]

    def references(self, truth: dict[str, Any]) -> list[list[str]]:
        end, rows = self.state["special"]["sep"], []
        for row in truth["others"].each():
            ids = row["id"].tolist()
            stops = [at for at, number in enumerate(ids) if number == end]
            rows.append([ids[start:stop] for start, stop in zip([0, *(at + 1 for at in stops)], stops, strict=False)])
        others = iter(self._said([ids for row in rows for ids in row]))
        firsts = self.texts(truth["tokens"])
        return [[first, *(next(others) for _one in row)] for first, row in zip(firsts, rows, strict=True)]

    def _said(self, rows: list[list[int]]) -> list[str]:
        flat = np.array([number for row in rows for number in row], np.int64)
        return self.texts(Rows({"id": flat}, np.array([len(row) for row in rows], np.int64)))

    # -- towards people ----------------------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        return super().render([_firsts(columns[0].take(np.array([row])))], 0)

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return super().sketch([_firsts(columns[0])])


def several(column: Column) -> list[list[str]]:
    """The right texts of each cell, one at least, though that may be empty; where a list has one with text, that comes first.

    >>> several(Column("a", pa.array(["[1] as said", '["a", "b"]', "[]"])))
    [['[1] as said'], ['a', 'b'], ['']]
    """
    return [_texts(cell) for cell in cells.strings(column)]


def _texts(cell: str) -> list[str]:
    told = None
    if cell.startswith("[") and cell.rstrip().endswith("]"):
        try:
            told = json.loads(cell)
        except ValueError:
            told = None
    if not isinstance(told, list) or not all(isinstance(text, str) for text in told):
        return [cell]
    return sorted(told, key=lambda text: not has_text(text)) or [""]


def _firsts(column: Column, told: list[list[str]] | None = None) -> Column:
    return replace(column, values=pa.array([texts[0] for texts in told or several(column)], pa.large_string()))


def _ended(texts: Sequence[str], state: dict[str, Any]) -> list[list[int]]:
    found = load(state["tokenizer"], LONG).tokenizer.encode_batch_fast([text.strip() for text in texts])
    return [[*one.ids, state["special"]["sep"]] for one in found]


def _lossless(beside: Mapping[str, Field]) -> str | None:
    """The tokenizer of the only text beside, where it loses nothing."""
    found = [one.state["tokenizer"] for one in beside.values() if isinstance(one, Text) and one.state.get("level") == LOSSLESS]
    return found[0] if len(found) == 1 else None


def _is_plain(texts: Sequence[str]) -> bool:
    letters = "".join(char for text in texts for char in text[:1000] if char.isalpha())
    return len(re.findall(r"[a-zA-Z]", letters)) > 0.95 * max(1, len(letters))
