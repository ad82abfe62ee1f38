"""An answer that stands in a text: from which word to which, or that the text holds none.

A batch of targets is a dict: `first` and `last` (B, K): the words between which each of at most K right answers stands, -1
where there are fewer; `told`: rows of bytes, JSON by which an answer is read and compared: the right answers as people `said`
them, the `text`, and where its words begin and end. Answers are `first` and `last` (B; -1 where there is none), `score`: how
likely both are, and `odds`: by how much the likeliest passage is likelier than none, as logarithm.
N examples, B batch, L words.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import torch

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField
from fukami.fields.extract import likeness, marks
from fukami.fields.extract.check import check_answers
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried
from fukami.fields.text.tokenization import is_unspaced
from fukami.fields.words.field import WordsField

CARD = FieldCard(
    name="extract",
    summary="an answer that stands in a text, or none",
    usual_targets=("answers", "answer", "answer_text", "span", "答え", "回答", "解答", "答"),
    exempt={
        "restore": "an answer is a quote, and the targets alone know from what",
        "given": "an answer says where it stands, not from what it is quoted",
    },
)

SURE = 1e4
"""Odds of those that are wholly sure."""
NOBODY = -1e4
"""The score of what is no word."""
MOST_RIGHT = 8
"""Places of a text that are learned as right, at most; all that is said counts when an answer is judged."""
LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True)
class Extract(TargetField):
    """Answers as the words that they lie on.

    >>> line = Line([np.array([0, 2, 6])], [np.array([1, 5, 9])], ("a cat sat",))
    >>> target = Extract().learn([Column("answer", pa.array(["cat sat"]))])
    >>> stored = target.encode([Column("answer", pa.array(["cat sat"]))], frames={"context": line})
    >>> target.known(target.truth(target.batch(stored, np.array([0]))))
    [{'text': 'cat sat', 'start': 2, 'end': 9}]
    """

    @dataclass(frozen=True)
    class Options:
        compared: str = option(
            "auto",
            "What exact match and F1 compare: words, as SQuAD does, or characters; auto takes these in scripts without blanks.",
            choices=("auto", "words", "characters"),
        )
        longest_answer: int = option(
            0, "Words (characters, in scripts without blanks) of an answer at most; 0 for what 99 % of training have.", low=0
        )

    kind: ClassVar[str] = "extract"
    losses: ClassVar[tuple[str, ...]] = ()
    framed: ClassVar[bool] = True
    name: str = "answer"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """The first characters of whatever they lie on, twice as many for each class."""
        return [Column("answer", pa.array([json.dumps({"start": 0, "end": 1 + 2 * int(k)}) for k in hidden]))]

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            return 0.0
        told = [one for one in marks.told(cells.sample(column)) if one is not None]
        found = [one for one in told if isinstance(one, list)]
        if not found or len(found) < len(told):
            return 0.0
        every = [answer for one in found for answer in one]
        placed = sum(answer.start is not None for answer in every)
        return 0.95 if placed > 0.5 * len(every) else 0.3

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_answers(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([isinstance(one, list) for one in marks.told(columns[0])], bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(repr(one).encode("utf-8", "surrogatepass") for one in marks.told(columns[0]))

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """Whether there is an answer."""
        return np.array([bool(one) for one in marks.told(columns[0])], np.int64)

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns how long answers are, and what is compared of them."""
        found = [one for one in marks.told(columns[0]) if isinstance(one, list)]
        every = [answer for one in found for answer in one[:1]]
        if not every:
            raise DataError("F-EXTRACT-NONE", _("no question has an answer"), where=cells.place(columns[0]))
        texts = [answer.text for answer in every if answer.text is not None]
        lengths = [(answer.end or 1) - (answer.start or 0) for answer in every if answer.text is None]
        cutter = next((one for one in beside.values() if isinstance(one, WordsField) and one.state), None)
        if texts:
            cut = [text.split() for text in texts]
            cut = cut if cutter is None else [one.words for one in cutter.sentences([Column("", pa.array(texts))])]
            lengths += [len(words) for words in cut]
        characters = self.options.compared == "characters" or (self.options.compared == "auto" and is_unspaced(texts[:1000]))
        longest = self.options.longest_answer or max(1, int(np.quantile(lengths, 0.99)))
        state = {
            "longest": longest,
            "compared": "characters" if characters else "words",
            "without": sum(not one for one in found) / len(found),
        }
        return replace(self, state=state)

    @property
    def characters(self) -> bool:
        """Whether answers are compared character by character."""
        return self.state["compared"] == "characters"

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """See the top of the file. Answers that do not stand in the text, or beyond where it was cut, are only `said`. Where
        nothing is told of the text, it is taken for one of single letters that the first answer stands in."""
        found = [one if isinstance(one, list) else [] for one in marks.told(columns[0])]
        line = _line_of(frames) or _bare(found)
        places = np.full((2, len(found), MOST_RIGHT), -1, np.int32)
        rows = []
        for at, (answers, starts_L, ends_L, text) in enumerate(zip(found, line.starts, line.ends, line.texts, strict=True)):
            spans = dict.fromkeys(marks.placed(answers, text).spans)
            words = [
                (first, last) for first, last in (_words(span, starts_L, ends_L) for span in spans) if last < len(starts_L)
            ]
            for k, pair in enumerate(words[:MOST_RIGHT]):
                places[:, at, k] = pair
            said = [one.text.strip() if one.text is not None else text[one.start : one.end] for one in answers]
            told = {"said": said, "text": text, "starts": starts_L.tolist(), "ends": ends_L.tolist()}
            rows.append(np.frombuffer(json.dumps(told, separators=(",", ":")).encode(), np.uint8))
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        values = np.concatenate(rows) if rows else np.empty(0, np.uint8)
        return {"first": places[0], "last": places[1], "told": Ragged(values, offsets)}

    def lengths(self, stored: Arrays) -> np.ndarray:
        told = stored["told"]
        assert isinstance(told, Ragged)
        return np.diff(told.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        told, rows = stored["told"], np.asarray(rows)
        assert isinstance(told, Ragged)
        parts = [told.values[told.offsets[row] : told.offsets[row + 1]] for row in rows.tolist()]
        byte = np.concatenate(parts) if parts else np.empty(0, np.uint8)
        counts_B = np.array([len(part) for part in parts], np.int64)
        places = {name: carried(np.asarray(stored[name])[rows].astype(np.int64), device) for name in ("first", "last")}
        return {**places, "told": Rows({"byte": carried(byte, device)}, carried(counts_B, device))}

    def facts(self) -> dict[str, Any]:
        return {"longest_answer": self.state["longest"], "without": self.state["without"]} if self.state else {}

    # -- answers -----------------------------------------------------------------------------------------------------
    def answers(self, outputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Of scores `start_BL` and `end_BL`, beside which none scores 0: the passage whose sum is the highest."""
        start_BL, end_BL = outputs["start"].float(), outputs["end"].float()
        best, ends = [], []
        for more in range(min(self.state["longest"], start_BL.shape[1])):
            score_BP = start_BL[:, : start_BL.shape[1] - more] + end_BL[:, more:]
            top = score_BP.max(1)
            best.append(top.values)
            ends.append(top.indices)
        odds_B, more_B = torch.stack(best, 1).max(1)
        first_B = torch.stack(ends, 1).gather(1, more_B[:, None])[:, 0]
        nats_B = odds_B - _whole(start_BL) - _whole(end_BL)
        return {"first": first_B, "last": first_B + more_B, "score": nats_B.exp(), "odds": odds_B}

    @property
    def settles(self) -> bool:
        return self.state.get("without", 0) > 0

    def settled(self, answers: Any, truth: Any) -> Self:
        """Learns from which odds on there is an answer: where F1 on the validation examples is highest."""
        if not self.settles:
            return self
        odds_B = np.asarray(answers["odds"], np.float64)
        f1_B = np.array([f1 for _em, f1 in self.compared(answers, truth)])
        none_B = np.asarray(truth["first"])[:, 0] < 0
        order = np.argsort(-odds_B, kind="stable")
        # the first k of the order get their answer, the others none
        gained = np.concatenate([[0.0], np.cumsum(f1_B[order] - none_B[order])])
        k = int(gained.argmax())
        edges = np.concatenate([[SURE], odds_B[order], [NOBODY]])
        return replace(self, state=self.state | {"least_odds": float((edges[k] + edges[k + 1]) / 2)})

    def unsettled(self) -> Self:
        return replace(self, state={name: told for name, told in self.state.items() if name != "least_odds"})

    def settle(self, answers: Any) -> Any:
        """-1 in the place of answers that are less likely than that."""
        if "least_odds" not in self.state:
            return answers
        none_B = answers["odds"] < self.state["least_odds"]
        where: Any = np.where if isinstance(none_B, np.ndarray) else torch.where
        return answers | {name: where(none_B, -1, answers[name]) for name in ("first", "last")}

    def compared(self, answers: Any, truth: Any) -> list[tuple[float, float]]:
        """Exact match and F1 of each answer."""
        told = zip(self.quoted(answers, truth), _told_in(truth), strict=True)
        return [likeness.likeness(text, one["said"], characters=self.characters) for text, one in told]

    def exact(self, answers: Any, truth: Any) -> list[float]:
        """Whether each answer says what a right one says."""
        return [exact for exact, _f1 in self.compared(answers, truth)]

    def quoted(self, answers: Any, truth: Any) -> list[str]:
        """What each answer says; empty where there is none."""
        return [one["text"] for one in self.placed(answers, truth)]

    def placed(self, answers: Any, truth: Any) -> list[dict[str, Any]]:
        """Answers as `restore` gives them, in the texts that the targets hold."""
        return self.restore(answers, frames={"": _line_in(truth)})

    def ideal(self, truth: Any) -> dict[str, torch.Tensor]:
        """The first right answers, wholly sure."""
        first_B, last_B = (torch.as_tensor(truth[name])[:, 0].clone() for name in ("first", "last"))
        sure_B = torch.where(first_B < 0, -SURE, SURE)
        return {"first": first_B, "last": last_B, "score": torch.ones(len(first_B)), "odds": sure_B}

    def given(self, answers: dict[str, torch.Tensor]) -> dict[str, Any]:
        """Only where it stands: what it says is not among the answers."""
        return {name: answers[name][:, None] for name in ("first", "last")}

    def restore(self, answers: Any, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"text", "start", "end", "score"}`, characters of the given text, or words where that is not known; where there is
        no answer the text is empty, and no place is told."""
        firsts, lasts = answers["first"].tolist(), answers["last"].tolist()
        scores = answers["score"].tolist() if "score" in answers else [None] * len(firsts)
        line = _line_of(frames) or Line([np.arange(last + 1) for last in lasts], [np.arange(last + 1) + 1 for last in lasts])
        told = []
        for at, (first, last, score) in enumerate(zip(firsts, lasts, scores, strict=True)):
            one: dict[str, Any] = {"text": ""}
            starts_L, ends_L = line.starts[at], line.ends[at]
            if first >= 0 and len(starts_L):
                start, end = int(starts_L[min(first, len(starts_L) - 1)]), int(ends_L[min(last, len(ends_L) - 1)])
                one = {"text": line.texts[at][start:end] if line.texts else "", "start": start, "end": end}
            told.append(one if score is None else one | {"score": score})
        return told

    def known(self, truth: Any) -> list[dict[str, Any]]:
        answers = {name: value for name, value in self.ideal(truth).items() if name in ("first", "last")}
        return self.restore(answers, frames={"": _line_in(truth)})

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """What is told, marked between the words around it."""
        line = _line_of(frames)
        if line is None or not isinstance(told, dict):
            return ""
        if "start" not in told:
            return "<span>–</span>"
        text, start, end = line.texts[0], told["start"], told["end"]
        before, after = text[max(0, start - AROUND) : start], text[end : end + AROUND]
        marked = f"{html.escape(before)}<mark>{html.escape(text[start:end])}</mark>{html.escape(after)}"
        return f"<span>{'…' * (start > AROUND)}{marked}{'…' * (len(text) > end + AROUND)}</span>"

    def apart(self, left: Any, right: Any) -> torch.Tensor:
        """The difference of both scores; infinite where other words are answered."""
        same_B = torch.ones(len(left["first"]), dtype=torch.bool)
        for name in ("first", "last"):
            same_B &= torch.as_tensor(left[name]) == torch.as_tensor(right[name])
        difference_B = (torch.as_tensor(left["score"]).double() - torch.as_tensor(right["score"]).double()).abs()
        return difference_B.masked_fill(~same_B | difference_B.isnan(), torch.inf)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def graphed(self, outputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Scores of words; the best passage is found by whoever asks the graph."""
        return {"start": outputs["start"], "end": outputs["end"]}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        return self.settle(self.answers(dict(outputs)))

    def graph_axes(self) -> dict[str, dict[int, str]]:
        return {"start": {1: "length"}, "end": {1: "length"}}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"longest": self.state["longest"], "least_odds": self.state.get("least_odds")}
        return {"kind": "extract", "code": ["extract"], **told}

    def render(self, columns: Sequence[Column], row: int) -> str:
        (one,) = marks.told(columns[0].take(np.array([row])))
        if not isinstance(one, list):
            return "<p>–</p>"
        texts = dict.fromkeys(str(answer.text or f"{answer.start}–{answer.end}") for answer in one)
        return f"<p>{html.escape(' / '.join(texts)[:SHOWN]) or '–'}</p>"

    def schema(self) -> dict[str, Any]:
        place = {"type": "integer", "minimum": 0}
        return {
            "type": "object",
            "properties": {"text": {"type": "string"}, "start": place, "end": place},
            "required": ["text"],
        }

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How long answers are, and how many questions have none."""
        found = [one for one in marks.told(cells.sample(columns[0], 5000)) if isinstance(one, list)]
        lengths = [len(one[0].text or "") for one in found if one] or [0]
        told = {"count": len(columns[0]), "without": sum(not one for one in found)}
        return told | {"length_quantiles": np.quantile(lengths, np.linspace(0, 1, 11)).tolist()}


AROUND = 150
"""Characters that are shown on either side of an answer."""
SHOWN = 300


def _whole(score_BL: torch.Tensor) -> torch.Tensor:
    """log Σ exp of all words, and of none, whose score is 0."""
    return torch.cat([score_BL, torch.zeros_like(score_BL[:, :1])], 1).logsumexp(1)


def _words(span: tuple[int, int], starts_L: np.ndarray, ends_L: np.ndarray) -> tuple[int, int]:
    """The first and the last word that characters lie on; a last one that is not there where they lie behind all."""
    first = int(np.searchsorted(ends_L, span[0], side="right"))
    last = max(first, int(np.searchsorted(starts_L, span[1], side="left")) - 1)
    return (first, last) if len(ends_L) and span[1] <= ends_L[-1] else (first, max(last, len(starts_L)))


def _line_of(frames: Mapping[str, Frame]) -> Line | None:
    """Where the words of the one input lie that has a line."""
    return next((frame for frame in frames.values() if isinstance(frame, Line)), None)


def _told_in(truth: Any) -> list[dict[str, Any]]:
    """What the targets hold of each text."""
    return [json.loads(np.asarray(one["byte"], np.uint8).tobytes()) for one in truth["told"].each()]


def _line_in(truth: Any) -> Line:
    """Where the words of the texts lie, as the targets themselves hold it."""
    told = _told_in(truth)
    starts, ends = ([np.array(one[name], np.int64) for one in told] for name in ("starts", "ends"))
    return Line(starts, ends, tuple(one["text"] for one in told))


def _bare(found: Sequence[list[marks.Told]]) -> Line:
    """Texts of single letters, as far as the first answers reach."""
    texts = []
    for answers in found:
        one = answers[0] if answers else marks.Told("", 0)
        said = one.text if one.text is not None else LETTERS * ((one.end or 0) // len(LETTERS) + 1)
        texts.append((" " * (one.start or 0) + said) if one.text is not None else said[: one.end])
    counts = [np.arange(len(text)) for text in texts]
    return Line(counts, [count + 1 for count in counts], tuple(texts))
