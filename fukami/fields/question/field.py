"""A question and the text that it is about: two columns in, one row of words out, in which the text follows the question.

Both are cut and numbered alike, so that words can be compared. Many questions are asked about one text, so its cells repeat;
what is learned of a text is learned of it once. N examples, B batch, L words of the longest example of the batch.
"""

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column, plain
from fukami.fields import cells, personal
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried
from fukami.fields.question import check
from fukami.fields.question.spec import Asked, AskedSpec
from fukami.fields.units import Units
from fukami.fields.words import explain
from fukami.fields.words.cutting import Sentence
from fukami.fields.words.field import WordsField
from fukami.fields.words.spec import Words

CARD = FieldCard(
    name="question",
    summary="a question and the text that it is about, however long",
    columns="many",
    reference="20,000 words with 9,500 shapes, beginnings and ends, 80 letters, and questions of 32 words",
    offers=("units",),
    explained_by=("occlusion",),
)

QUESTIONS = ("question", "questions", "query", "q", "質問", "問い", "問", "設問")
TEXTS = (
    "context", "passage", "paragraph", "text", "document", "article", "content", "body", "文脈", "本文", "段落", "文章", "記事",
)  # fmt: skip
"""What people call both columns, as `plain` compares names."""
MOST_WORDS, MOST_ASKED = 60_000, 128
"""Words of a text and of a question that are read where nobody says how many."""
SHOWN = 400
COMPARED = 500
"""Letters of each by which examples are nearly the same."""


@dataclass(frozen=True)
class AskedField(WordsField):
    """A question and a text as numbers for words and letters. `state` is that of sentences, and `columns`, the names of both,
    and `asked`, how many words of a question are read.

    >>> asked, text = Column("question", pa.array(["Who sat?"])), Column("context", pa.array(["A cat sat."]))
    >>> learned = AskedField().learn([text, asked])
    >>> batch = learned.batch(learned.encode([text, asked]), np.array([0]))
    >>> batch.asked.tolist(), batch.lengths.tolist(), batch.looks[0, :, 0].tolist()
    ([3], [7], [6, 2, 7, 3, 4, 2, 5])
    """

    @dataclass(frozen=True)
    class Options(WordsField.Options):
        digits: str = option("no", "Read every digit as 0 in whole words; letters keep them.", choices=("yes", "no"))
        max_words: int = option(0, "Longer texts are cut; 0 for 60,000 words.", low=0)

    kind: ClassVar[str] = "question"
    Spec: ClassVar[type] = AskedSpec
    takes_rows: ClassVar[bool] = True
    longest: ClassVar[int] = MOST_WORDS
    name: str = "asked"
    options: Options = Options()  # type: ignore[assignment]
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """A question that tells the class, and a text of a few words."""
        asks = ("Who is it?", "What is near the river?", "Which lamp?", "Whose road is it?")
        (words,) = WordsField.specimens(hidden, rng)
        texts = [" ".join(sentence) + "." for sentence in words.values.to_pylist()]
        questions = [asks[int(k) % 4] for k in hidden]
        return [Column("question", pa.array(questions)), Column("context", pa.array(texts))]

    def both(self, columns: Sequence[Column]) -> tuple[Column, Column]:
        """The columns of the question and of the text: those that were learned from, those of usual names, or two that are
        given in that order. Raises `DataError` F-ASKED-COLUMNS."""
        told = self.state.get("columns", ())
        sought = [(plain(name),) for name in told] or [tuple(map(plain, names)) for names in (QUESTIONS, TEXTS)]
        names = {plain(column.name): column for column in columns}
        found = [next((names[name] for name in each if name in names), None) for each in sought]
        missing = [at for at, one in enumerate(found) if one is None]
        if len(missing) == 1 and len(columns) == 2:  # the other one is the other one
            found[missing[0]] = next(column for column in columns if column is not found[1 - missing[0]])
        if len(missing) == 2 and len(columns) == 2 and not told:
            found = list(columns)
        if found[0] is None or found[1] is None:
            raise DataError(
                "F-ASKED-COLUMNS",
                _("nothing says which columns hold the questions and the texts"),
                where=columns[0].file if columns else "",
                expected=", ".join(told) or _("columns called {names}").format(names="question, context"),
                got=", ".join(column.name for column in columns[:20]),
                fix="--set asked=QUESTION,TEXT",
            )
        return found[0], found[1]

    def text_column(self, columns: Sequence[Column]) -> Column:
        """The texts."""
        return self.both(columns)[1]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        question, text = self.both(columns)
        once = _once(text)[0]
        yield from check.of_texts(super().check([once]))
        yield from check.questions(question, self.sentences([question]), self.state.get("asked", MOST_ASKED))
        if not self.state:
            yield from check.unread(columns, question, text)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.logical_and(*(super(AskedField, self).usable([column]) for column in self.both(columns)))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.combined([super(AskedField, self).fingerprint([column]) for column in self.both(columns)])

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        return super().near_fingerprint([self._joined(columns)])

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return super().nearly_same([self._joined(columns)], left, right)

    def _joined(self, columns: Sequence[Column]) -> Column:
        """The beginnings of question and text of each example as one; the former often enough to count beside the latter."""
        question, text = (cells.strings(column) for column in self.both(columns))
        values = [
            (f"{q}\n" * (COMPARED // (len(q) + 1) + 1))[:COMPARED] + t[:COMPARED] for q, t in zip(question, text, strict=True)
        ]
        return Column("", pa.array(values, pa.string()))

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Objects that hold both by the names of their columns, or lists of a question and a text."""
        names = self.state.get("columns") or ["question", "context"]
        pairs = [_of(value, names) for value in values]
        columns = [super(AskedField, self).gather([pair[at] for pair in pairs])[0] for at in (0, 1)]
        return [replace(column, name=name) for column, name in zip(columns, names, strict=True)]

    def example(self) -> str:
        return "questions.csv"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the words of texts and questions."""
        question, text = self.both(columns)
        way = self.cut_by([text])
        both = pa.array([*cells.strings(_once(text)[0]), *cells.strings(question)], pa.string())
        options = replace(self.options, cut=way)
        state = super(AskedField, replace(self, options=options)).learn([Column("", both)], seed=seed).state
        lengths = [len(one.starts) for one in self.sentences([question], MOST_ASKED)]
        own = {"columns": [question.name, text.name], "asked": max(1, *lengths) if lengths else 1}
        return replace(self, state=state | own)

    def stored_as(self) -> dict[str, Any]:
        return super().stored_as() | {name: self.state.get(name) for name in ("columns", "asked")}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`looks` and `letters` of the words of question and text, ragged, and `asked`, how many are the question's."""
        question, text = self.both(columns)
        once, inverse = _once(text)
        short = replace(self, state=self.state | {"max_words": self.state["asked"]})
        questions, texts = super(AskedField, short).encode([question]), super().encode([once])
        asked_N = np.diff(questions["looks"].offsets)  # type: ignore[union-attr]
        together: Arrays = {name: _behind(questions[name], texts[name], inverse) for name in questions}
        together["asked"] = asked_N.astype(np.int64)
        return together

    def frame(self, columns: Sequence[Column]) -> Line:
        """Where the words of the texts lie, as characters."""
        once, inverse = _once(self.text_column(columns))
        return super().frame([once]).taken(inverse)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Asked:  # type: ignore[override]
        words = super().batch(stored, rows, device)
        asked_N = stored["asked"]
        assert isinstance(asked_N, np.ndarray | torch.Tensor)
        return Asked(*words, carried(np.asarray(asked_N)[rows].astype(np.int64), device))

    # -- towards models and people -----------------------------------------------------------------------------------
    def spec(self) -> AskedSpec:
        told = super().spec()
        return AskedSpec(told.sizes, told.letters, asked=self.state["asked"])

    @classmethod
    def blank(  # type: ignore[override]
        cls, spec: AskedSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Asked:
        """Drawn ones have seven words or fewer; without a generator every word is unknown."""
        words = super().blank(spec, count, rng=rng, device=device)
        words = words._replace(lengths=words.lengths.clamp(min=2))
        hollow = (words.lengths == 2).nonzero()[:, 0]
        words.looks[hollow, :2] = words.looks[hollow, :2].clamp(min=1)
        return Asked(*words, (words.lengths // 2).clamp(max=spec.asked))

    def plain_features(self, columns: Sequence[Column]) -> Any:
        return super().plain_features([self._joined(columns)])

    def render(self, columns: Sequence[Column], row: int) -> str:
        found = [cells.strings(column.take(np.array([row])))[0] for column in self.both(columns)]
        shown = [html.escape(personal.masked(text[:SHOWN])) + "…" * (len(text) > SHOWN) for text in found]
        return f"<p><b>{shown[0]}</b></p><p>{shown[1]}</p>"

    def schema(self) -> dict[str, Any]:
        names = self.state.get("columns") or ["question", "context"]
        return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """That of each, by the name of its column."""
        sentences = WordsField(self.name, self.options, self.state)
        return {column.name: sentences.sketch([_once(column)[0]]) for column in self.both(columns)}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = super().portable(fixed=fixed)
        names = self.state["columns"]
        own = {"kind": "asked", "code": ["words", "asked"], "extensions": [".csv", ".tsv"], "columns": names}
        return told | own | {"most_asked": self.state["asked"], "example": dict(zip(names, ("Who?", "A text."), strict=True))}

    def portable_frames(self) -> dict[str, Any]:
        return {"code": ["asked_frames"]}

    def probes(self, folder: Path) -> list[Any]:
        """Each odd text beside a question, and as a question; and what is neither."""
        texts, (asked, text) = super().probes(folder), self.state["columns"]
        texts = [one for one in texts if not (isinstance(one, str) and one.startswith("word word"))] + ["word " * 300]
        pairs = [{asked: "Who is it?", text: one} for one in texts] + [{asked: one, text: "A text."} for one in texts]
        return [*pairs, {asked.upper(): "Who?", text: "He."}, {asked: "Who?"}, {}, "a text", None, ["Who?", "He."]]

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        both = self.both(columns)
        found = [cells.strings(column.take(rows)) for column in both]
        return [dict(zip([column.name for column in both], pair, strict=True)) for pair in zip(*found, strict=True)]

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Any, columns: Sequence[Column]) -> Units:
        """Words of the question and of the text; `in` names the column. Both are shown as one."""
        question, text = self.both(columns)
        first = self.sentences([question], self.state["asked"])[0]
        second = self.sentences([text], self.state["max_words"])[0]
        shown, at = first.text + BETWEEN + second.text, len(first.text) + len(BETWEEN)
        starts, ends = (np.concatenate([a, b + at]) for a, b in ((first.starts, second.starts), (first.ends, second.ends)))
        units = explain.units_of(Sentence(shown, starts, ends))
        names = [question.name] * len(first.starts) + [text.name] * len(second.starts)
        return replace(units, told=tuple({"in": name, **one} for name, one in zip(names, units.told, strict=True)))

    def without(self, batch: Any, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Any:
        words = explain.without(Words(batch.looks, batch.letters, batch.lengths), gone_PU)
        return Asked(*words, batch.asked.expand(len(gone_PU)))


BETWEEN = " ┃ "
"""What stands between question and text where they are shown as one."""


def _once(column: Column) -> tuple[Column, np.ndarray]:
    """The cells that differ, each where it stands first, and which of them each cell is."""
    written = (text.encode("utf-8", "surrogatepass") for text in cells.strings(column))
    _values, first, inverse = np.unique(cells.hashes(written), return_index=True, return_inverse=True)
    return column.take(first), inverse


def _behind(questions: Any, texts: Any, which: np.ndarray) -> Ragged:
    """Each question with its text behind it."""
    rows = [
        part
        for at, text in enumerate(which.tolist())
        for part in (
            questions.values[questions.offsets[at] : questions.offsets[at + 1]],
            texts.values[texts.offsets[text] : texts.offsets[text + 1]],
        )
    ]
    counts = np.diff(questions.offsets) + np.diff(texts.offsets)[which]
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return Ragged(np.concatenate(rows) if rows else questions.values[:0], offsets)


def _of(value: Any, names: Sequence[str]) -> list[Any]:
    """Question and text of a value that people give."""
    if isinstance(value, dict):
        loosely = {str(key).strip().lower(): text for key, text in value.items()}
        found = [loosely.get(name.strip().lower()) for name in names]
    else:
        found = list(value) if isinstance(value, list | tuple) else []
    if len(found) != 2 or any(isinstance(text, dict) or text is None for text in found):
        raise DataError(
            "F-ASKED-INPUT",
            _("an input is no question with its text"),
            expected=_("a table's path, or an object such as {example}").format(
                example="{" + ", ".join(f'"{name}": "…"' for name in names) + "}"
            ),
            got=str(value)[:80],
        )
    return found
