"""Texts with two marked spans: `The <e1>author</e1> of a keygen uses a <e2>disassembler</e2>.`

A row of tokens holds one more before and after each span. Where a text is too long, what stands behind both spans is cut first,
then what stands before them, then what lies between. N examples, B batch, L tokens of the longest text of the batch.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.language import _, _n
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.contract import NOTHING, Arrays, Field, Tokens
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import ragged
from fukami.fields.marked.spec import ROLES, MarkedSpec
from fukami.fields.reading.marked_spans import MARKS, kept, pieces, shortened
from fukami.fields.text.field import CHARACTERS_PER_TOKEN, SHOWN, Text
from fukami.fields.text.portable import odd_texts
from fukami.fields.text.tokenization import load
from fukami.fields.units import Units

CARD = FieldCard(
    name="marked",
    summary="a text in which two spans are marked",
    usual_inputs=("marked", "text", "sentence", "sentences", "文", "文章", "本文"),
    reference="a vocabulary of 16,000 words",
    offers=("units", "way"),
    explained_by=("integrated-gradients", "occlusion"),
    exempt={"recognised": "a marked text is a text as well; the task says which is meant"},
)

_FREE = tuple(f"[unused{number}]" for number in range(1, 5))
"""Tokens that BERT's vocabularies keep free: a pretrained network has vectors for them."""


@dataclass(frozen=True)
class Marked(Text):
    """Texts with two marked spans as token ids. `state` is that of a text, and `marks`, the ids around the spans.

    >>> column = Column("text", pa.array(["the <e1>cat</e1> sat on a <e2>mat</e2>", "a <e2>cup</e2> of <e1>tea</e1>"]))
    >>> marked = Marked().learn([column])
    >>> marked.batch(marked.encode([column]), np.array([0, 1])).lengths.tolist()
    [10, 8]
    """

    Options: ClassVar[type] = Text.Options
    kind: ClassVar[str] = "marked"
    Spec: ClassVar[type] = MarkedSpec
    name: str = "text"
    options: Text.Options = Text.Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Sentences whose first span tells the class."""
        (plain,) = Text.specimens(hidden, rng)
        rows = []
        for text, k in zip(plain.values.to_pylist(), hidden, strict=True):
            words = text.split()
            rows.append(
                f"{' '.join(words[:-1])} <e1>{('amber', 'coral', 'ivory', 'olive')[int(k) % 4]}</e1> by <e2>{words[-1]}</e2>"
            )
        return [Column("text", pa.array(rows))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        if not Text.recognise(column):
            return 0.0
        texts = cells.strings(cells.sample(column))
        return sum(pieces(text) is not None for text in texts) / max(1, len(texts))

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        bad = np.flatnonzero(~self.usable(columns))
        if len(bad):
            texts = cells.strings(columns[0].take(bad[:1]))
            yield Problem(
                code="F-MARKED-SPANS",
                severity="error" if len(bad) == len(columns[0]) else "warning",
                what=_n(
                    "in {n} text two spans are not marked once each, so it is left out",
                    "in {n} texts two spans are not marked once each, so they are left out",
                    len(bad),
                ),
                where=cells.places(columns[0], bad),
                expected="A <e1>cat</e1> on a <e2>mat</e2>.",
                got=texts[0][:80],
                fix=_("mark both spans, or give their places: see the page about relations"),
                count=len(bad),
            )
        good = np.flatnonzero(self.usable(columns))
        if len(good):
            plain = Text(self.name, self.options, self.state)
            yield from plain.check([self._bare(columns[0].take(good))])

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from super().unfamiliar([self._bare(columns[0])])

    def _bare(self, column: Column) -> Column:
        """The texts without their marks."""
        return replace(column, values=pa.array([_bare(text) for text in cells.strings(column)], pa.string()))

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        found = cells.strings(columns[0])
        return np.fromiter((pieces(text) is not None for text in found), dtype=bool, count=len(found))

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Marked texts, or objects with a text and the places of both spans: `{"text": …, "e1": [0, 3], "e2": [9, 12]}`."""
        return [Column(self.name, pa.array([marked_text(value) for value in values], pa.string()))]

    def example(self) -> str:
        return '"A <e1>cat</e1> on a <e2>mat</e2>."'

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the tokenizer from texts without their marks, for which it has tokens of its own besides."""
        state = super().learn([self._bare(columns[0])], seed=seed).state
        vocabulary = load(state["tokenizer"]).tokenizer.get_vocab(with_added_tokens=True)
        size = state["vocabulary_size"]
        marks = [int(vocabulary.get(name) or size + at) for at, name in enumerate(_FREE)]
        before, after = _around(state["tokenizer"])
        own = {
            "marks": marks,
            "around": [before, after],
            "vocabulary_size": max(size, max(marks) + 1),
            "max_tokens": state["max_tokens"] + 6,  # four marks, and an unknown token for a span that has none
            "special": state["special"] | dict(zip(ROLES, marks, strict=True)),
        }
        return replace(self, state=state | own)

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("tokenizer", "max_tokens", "marks", "around", "special")}

    @property
    def _most(self) -> int:
        """Tokens that are read of a text, without marks and what stands around it."""
        return self.state["max_tokens"] - 4 - sum(map(len, self.state["around"]))

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows."""
        before, after = self.state["around"]
        rows = [[*before, *(number for number, _span in row), *after] for row in self._rows(cells.strings(columns[0]))]
        return {"ids": ragged(rows)}

    def _rows(self, texts: Sequence[str]) -> list[list[tuple[int, tuple[int, int] | None]]]:
        """For each text its tokens, each with the characters that it stands for; None for marks and what is missing."""
        longest = self.state["max_tokens"] * CHARACTERS_PER_TOKEN
        found = [pieces(text) or (["", "", "", "", text], [0, 1, 2, 3]) for text in texts]
        flat = [piece for parts, _marks in found for piece in shortened(parts, longest)]
        encoded = iter(load(self.state["tokenizer"]).tokenizer.encode_batch(flat, add_special_tokens=False))
        rows = []
        for parts, marks in found:
            tokens, start = [], 0
            skipped = max(0, len(parts[0]) - longest)
            for at, piece in enumerate(parts):
                one = next(encoded)
                ahead = start + (skipped if at == 0 else 0)
                spans = [(a + ahead, b + ahead) for a, b in one.offsets]
                own = list(zip(one.ids, spans, strict=True))
                tokens.append(own or ([(self.state["special"]["unk"], None)] if at in (1, 3) else []))
                start += len(piece) + (len(MARKS[marks[at]]) if at < 4 else 0)
            row = []
            for at, (first, last) in enumerate(kept([len(own) for own in tokens], self._most)):
                row += tokens[at][first:last] + ([(self.state["marks"][marks[at]], None)] if at < 4 else [])
            rows.append(row)
        return rows

    def frame(self, columns: Sequence[Column]) -> Line | None:
        return None

    # -- towards models and people -----------------------------------------------------------------------------------
    @classmethod
    def blank(
        cls, spec: MarkedSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Tokens:
        """Drawn ones have no more than three tokens in a piece."""
        e1, end1, e2, end2 = spec.marks
        sizes, rows = [(2, 1, 3, 1, 1), (0, 2, 1, 1, 0), (1, 1, 0, 2, 2)], []
        for own in (sizes * count)[:count] if rng is not None else [(1, 1, 1, 1, 1)] * count:
            low = max(spec.marks) + 1 if max(spec.marks) + 1 < spec.vocabulary_size else 2
            drawn = [torch.randint(low, spec.vocabulary_size, (n,), generator=rng).tolist() for n in own]
            a, b, c, d, e = drawn if rng is not None else [[spec.pad + 1] * n for n in own]
            rows.append([*a, e1, *b, end1, *c, e2, *d, end2, *e])
        longest = max(map(len, rows), default=0)
        ids = torch.tensor([row + [spec.pad] * (longest - len(row)) for row in rows], dtype=torch.int64)
        return Tokens(ids.to(device), torch.tensor([len(row) for row in rows]).to(device))

    def augment(self, batch: Tokens, rng: torch.Generator) -> Tokens:
        """Hides tokens as a text does; marks stay."""
        varied = super().augment(batch, rng)
        kept_BL = torch.isin(batch.ids, torch.tensor(self.state["marks"], device=batch.ids.device))
        return Tokens(torch.where(kept_BL, batch.ids, varied.ids), batch.lengths)

    def spec(self) -> MarkedSpec:
        special = self.state["special"]
        others = tuple((role, number) for role, number in special.items() if role != "pad")
        return MarkedSpec(self.state["vocabulary_size"], self.state["max_tokens"], special["pad"], special=others)

    def plain_features(self, columns: Sequence[Column]) -> Any:
        """Sparse (N, 3 · 131072): the words of both spans, each on its own, and those between them."""
        from scipy.sparse import hstack

        found = [pieces(text) or (["", "", "", "", text], [0, 1, 2, 3]) for text in cells.strings(columns[0])]
        text = Text(self.name, self.options, self.state)
        ordered = [
            [parts[1], parts[3], parts[2]] if marks[0] == 0 else [parts[3], parts[1], parts[2]] for parts, marks in found
        ]
        sides = [Column("text", pa.array([one[at] for one in ordered], pa.string())) for at in range(3)]
        return hstack([text.plain_features([side]) for side in sides], "csr")

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        shown = html.escape(personal.masked(text[:SHOWN])) + ("…" if len(text) > SHOWN else "")
        for at, (begin, end) in enumerate((MARKS[:2], MARKS[2:])):
            shown = shown.replace(html.escape(begin), f"<mark>{'①②'[at]} ").replace(html.escape(end), "</mark>")
        return f"<p>{shown}</p>"

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        before, after = self.state["around"]
        told = super().portable(fixed=fixed)
        return told | {
            "kind": "marked",
            "code": [*(piece for piece in told["code"] if piece != "text"), "marked_spans", "marked"],
            "example": "A <e1>cat</e1> on a <e2>mat</e2>.",
            "extensions": [],
            "longest": self.state["max_tokens"] * CHARACTERS_PER_TOKEN,
            "least_tokens": self.state["max_tokens"] if fixed else 1,
            "most_tokens": self._most,
            "before": before,
            "after": after,
            "marks": self.state["marks"],
        }

    def probes(self, folder: Path) -> list[Any]:
        texts = [text for text in odd_texts(folder) if isinstance(text, str) and not text.endswith(".txt")]
        marked = [f"{text} <e1>{text[:20]}</e1> is <e2>{text[-9:]}</e2>" for text in texts]
        odd = ["<e2>tea</e2><e1>cup</e1>", "a <e1>cat</e1>", "<e1>a<e2>b</e2></e1>", "<e1> </e1> of <e2>tea</e2>", "", None, []]
        return [*marked, *texts, *odd, f"{'word ' * 500}<e1>cat</e1> {'on ' * 500}<e2>mat</e2> {'so ' * 500}"]

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Tokens, columns: Sequence[Column]) -> Units:
        """Tokens, each with the letters that it stands for; marks are none."""
        (text,) = cells.strings(columns[0])
        (row,) = self._rows([text])
        before, after = self.state["around"]
        of_L, names, told = [-1] * len(before), [], []
        for _number, span in row:
            of_L.append(len(names) if span is not None else -1)
            if span is not None:
                names.append(text[span[0] : span[1]].strip() or text[span[0] : span[1]])
                told.append({"span": list(span)})
        return Units(tuple(names), np.array([*of_L, *[-1] * len(after)]), tuple(told), {"text": text})


def _bare(text: str) -> str:
    for mark in MARKS:
        text = text.replace(mark, "")
    return text


def _around(tokenizer: str) -> tuple[list[int], list[int]]:
    """The ids of what a tokenizer puts before and after a text."""
    opened = load(tokenizer).tokenizer
    whole, bare = (opened.encode("a", add_special_tokens=added).ids for added in (True, False))
    start = next((at for at in range(len(whole) - len(bare) + 1) if whole[at : at + len(bare)] == bare), 0)
    return whole[:start], whole[start + len(bare) :]


def marked_text(value: Any) -> str:
    """A text with marks from one that has them, or from a text and the places of two spans (an object, or its JSON).

    >>> marked_text({"text": "a cup of tea", "e1": [2, 5], "e2": [9, 12]})
    'a <e1>cup</e1> of <e2>tea</e2>'
    """
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return value
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        places = [value.get(name) for name in ("e1", "e2")]
        return spanned(value["text"], *places) if all(places) else value["text"]
    return value if isinstance(value, str) else ""


def spanned(text: str, first: Any, second: Any) -> str:
    """A text with marks around two spans, each `[start, end]` in characters; empty where they do not lie in it or overlap."""
    try:
        (a, b), (c, d) = (map(int, one) for one in (first, second))
    except (TypeError, ValueError):
        return ""
    if not (0 <= a < b <= len(text) and 0 <= c < d <= len(text)) or (a < d and c < b):
        return ""
    for start, end, number in sorted([(a, b, 1), (c, d, 2)], reverse=True):
        text = f"{text[:start]}<e{number}>{text[start:end]}</e{number}>{text[end:]}"
    return text
