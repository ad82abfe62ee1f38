"""What is said in a recording. N examples, B batch, L letters of the longest, T letters of all.

Letters are characters; those that training texts have are the alphabet. Texts are kept as characters, so that what has a letter
that was never learned is judged by it all the same. Answers and truth are rows of characters; an answer also says when each is
heard, and how likely the model found it.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from time import perf_counter
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField
from fukami.fields.frame import Frame
from fukami.fields.gather import carried, ragged
from fukami.fields.reading import ctc
from fukami.fields.text.tokenization import is_unspaced
from fukami.fields.transcript.check import check_transcripts
from fukami.fields.transcript.normal import normal

CARD = FieldCard(
    name="transcript",
    summary="what is said in a recording",
    usual_targets=(
        "transcript", "transcription", "sentence", "text", "normalized_text", "normalized_transcription", "spoken", "utterance",
        "words", "文字起こし", "書き起こし", "発話", "文",
    ),
    exempt={"recognised": "a column of texts is a text, unless they were spoken"},
)  # fmt: skip

SHOWN = 300
_SAID = ("no", "oh no", "so", "hold")


class Spoken(NamedTuple):
    """A batch: `ids_BL` int64, numbers of the known letters from 1, padded with 0; `lengths_B` of them; all characters."""

    ids: torch.Tensor
    lengths: torch.Tensor
    letters: Rows


@dataclass(frozen=True)
class Transcript(TargetField):
    """Texts, letter by letter.

    >>> column = Column("text", pa.array(["Seven, one.", "Two"]))
    >>> target = Transcript().learn([column])
    >>> truth = target.truth(target.batch(target.encode([column]), np.array([0])))
    >>> target.known(truth), "".join(target.state["alphabet"])
    ([{'text': 'seven one'}], ' enostvw')
    """

    @dataclass(frozen=True)
    class Options:
        case: str = option("lower", "Whether texts are compared in lower case or as they are.", choices=("lower", "keep"))
        punctuation: str = option(
            "drop", "Whether commas, full stops and other marks are left out of texts.", choices=("drop", "keep")
        )
        beams: int = option(1, "Texts that are looked at side by side to find the likeliest; 1 is greedy.", low=1, high=256)

    kind: ClassVar[str] = "transcript"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "transcript"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """What each class says."""
        return [Column("transcript", pa.array([_SAID[int(k) % len(_SAID)] for k in hidden]))]

    @classmethod
    def recognise(cls, column: Column) -> float:
        """Cells that hold letters, a single word among them."""
        if column.is_array or not cells.is_text(cells.arrow(column)):
            return 0.0
        some = [text for text in cells.strings(cells.sample(column, 50)) if text.strip()]
        return 0.9 * sum(any(map(str.isalpha, text)) for text in some) / max(len(some), 1)

    def normal(self, texts: Sequence[str]) -> list[str]:
        """Texts as they are learned and judged."""
        return [normal(text, case=self.options.case, punctuation=self.options.punctuation) for text in texts]

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_transcripts(columns[0], self.normal, self.options.case, self.options.punctuation)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.array([bool(text) for text in self.normal(cells.strings(columns[0]))], dtype=bool)

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(text.encode("utf-8", "surrogatepass") for text in self.normal(cells.strings(columns[0])))

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the alphabet, and whether blanks stand between words."""
        texts = [text for text in self.normal(cells.strings(columns[0])) if text]
        if not texts:
            raise DataError("F-TEXT-MISSING", _("no example has a text"), where=cells.place(columns[0]))
        spaced = not is_unspaced(texts[:1000]) or any(" " in text for text in texts)
        state = {"alphabet": sorted(set().union(*texts)), "spaced": spaced}
        return replace(self, state=state | {"median_letters": int(np.median([len(text) for text in texts]))})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`letter`: ragged int32 rows of characters."""
        return {"letter": ragged([[ord(one) for one in text] for text in self.normal(cells.strings(columns[0]))])}

    def stored_as(self) -> dict[str, Any]:
        """How texts are decoded changes nothing that is stored."""
        return {name: value for name, value in asdict(self.options).items() if name != "beams"}

    def lengths(self, stored: Arrays) -> np.ndarray:
        found = stored["letter"]
        assert isinstance(found, Ragged)
        return np.diff(found.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Spoken:
        found = stored["letter"]
        assert isinstance(found, Ragged)
        each = [np.asarray(found.values[found.offsets[row] : found.offsets[row + 1]]) for row in np.asarray(rows).tolist()]
        return self._spoken(each, device)

    def _spoken(self, each: Sequence[np.ndarray], device: torch.device | str) -> Spoken:
        """Rows of characters as a batch; letters that are not in the alphabet cannot be learned, and are only judged by."""
        alphabet = np.array([ord(letter) for letter in self.state["alphabet"]], np.int64)
        all_T = np.concatenate([*each, np.empty(0, np.int64)]).astype(np.int64)
        at_T = np.searchsorted(alphabet, all_T).clip(max=len(alphabet) - 1)
        known_T, counts_B = alphabet[at_T] == all_T, np.array([len(one) for one in each], np.int64)
        row_T = np.repeat(np.arange(len(each)), counts_B)
        lengths_B = np.bincount(row_T[known_T], minlength=len(each)).astype(np.int64)
        ids_BL = np.zeros((len(each), max(1, lengths_B.max(initial=0))), np.int64)
        ids_BL[np.arange(ids_BL.shape[1]) < lengths_B[:, None]] = at_T[known_T] + 1
        letters = Rows({"letter": carried(all_T, device)}, carried(counts_B, device))
        return Spoken(carried(ids_BL, device), carried(lengths_B, device), letters)

    def target_spec(self) -> int:
        """How many letters there are."""
        return len(self.state["alphabet"])

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: Spoken) -> dict[str, Any]:
        """`letters`: rows of `letter`, characters."""
        return {"letters": batch.letters}

    def answers(self, outputs: Any) -> dict[str, Any]:
        """`letters`: rows of `letter`, and of `start` and `end` in seconds; `log_likelihood_B` in nats, of `steps_B`; how many
        seconds of a recording `heard_B` are, and how long finding its answer took (`spent`, a list, since it is
        nothing that two answers agree in; 0 where nobody looked).

        `outputs` is what `layers.ctc` calls `Heard`, or `Timed`.
        """
        heard, began = (outputs.heard, outputs.began) if hasattr(outputs, "began") else (outputs, None)
        log_BTK, steps_B, seconds_B = (one.detach().cpu().numpy() for one in (heard.log, heard.lengths, heard.seconds))
        alphabet = np.array([0, *(ord(letter) for letter in self.state["alphabet"])], np.int64)
        found: list[Any] = [
            ctc.decoded(log_TK[:steps], self.options.beams, self._gap) for log_TK, steps in zip(log_BTK, steps_B, strict=True)
        ]
        counts = [len(letters) for letters, *_rest in found]
        second_T = np.repeat(seconds_B, counts)
        letters, first, last = (np.array([one for told in found for one in told[part]], np.int64) for part in range(3))
        rows = {"letter": alphabet[letters], "start": first * second_T, "end": last * second_T}
        spent = 0.0 if began is None else (perf_counter() - began) / max(len(found), 1)
        return {
            "letters": Rows(
                {name: torch.from_numpy(np.asarray(one)) for name, one in rows.items()}, torch.tensor(counts, dtype=torch.int64)
            ),
            "log_likelihood": torch.tensor([nats for *_rest, nats in found], dtype=torch.float64),
            "steps": torch.from_numpy(steps_B.astype(np.int64)),
            "heard": torch.from_numpy(steps_B * seconds_B.astype(np.float64)),
            "spent": [spent] * len(found),
        }

    @property
    def _gap(self) -> int:
        """The number of the letter between words."""
        return self.state["alphabet"].index(" ") + 1 if " " in self.state["alphabet"] else -1

    def ideal(self, truth: dict[str, Any]) -> dict[str, Any]:
        rows, count = truth["letters"], len(truth["letters"])
        nowhen = {name: torch.zeros(len(rows.columns["letter"]), dtype=torch.float64) for name in ("start", "end")}
        nothing = {name: torch.zeros(count, dtype=torch.float64) for name in ("log_likelihood", "heard")}
        letters = Rows({"letter": torch.as_tensor(rows.columns["letter"]), **nowhen}, torch.as_tensor(rows.counts))
        return {"letters": letters, "steps": torch.ones(count, dtype=torch.int64), "spent": [0.0] * count, **nothing}

    def given(self, answers: dict[str, Any]) -> Spoken:
        each = [np.asarray(row["letter"]) for row in answers["letters"].each()]
        return self._spoken(each, torch.as_tensor(answers["steps"]).device)

    def restore(self, answers: dict[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`text`; `score`, the geometric mean of how likely each step was; `words`, each with when it is heard, in seconds."""
        nats, steps = (np.asarray(answers[name]).tolist() for name in ("log_likelihood", "steps"))
        found = []
        for row, nat, step in zip(answers["letters"].each(), nats, steps, strict=True):
            letters, start, end = (np.asarray(row[name]).tolist() for name in ("letter", "start", "end"))
            found.append(ctc.written([chr(one) for one in letters], start, end, nat, step, self.state["spaced"]))
        return found

    def known(self, truth: dict[str, Any]) -> list[dict[str, Any]]:
        return [{"text": text} for text in self.texts(truth)]

    def texts(self, told: dict[str, Any]) -> list[str]:
        """What answers or truth say."""
        return ["".join(map(chr, np.asarray(row["letter"]).tolist())) for row in told["letters"].each()]

    def divided(self, text: str) -> list[str]:
        """The words of a text; where no blanks stand between words, its letters."""
        return text.split() if self.state["spaced"] else [letter for letter in text if letter != " "]

    def apart(self, left: dict[str, Any], right: dict[str, Any]) -> torch.Tensor:
        """Where both say the same, how far apart the likelihoods of a step are; else the share of the letters from the first
        one on that differs."""
        pairs = zip(self.restore(left), self.restore(right), strict=True)
        return torch.tensor([_apart(one, two) for one, two in pairs], dtype=torch.float64)

    # -- towards people and programs ---------------------------------------------------------------------------------
    def graphed(self, outputs: Any) -> dict[str, torch.Tensor]:
        return {"log": outputs.log, "steps": outputs.lengths, "seconds": outputs.seconds}

    def graph_axes(self) -> dict[str, dict[int, str]]:
        return {"log": {1: "steps"}}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """Of `log_BTK`, `steps_B` and `seconds_B`."""
        return self.answers(_Graph(*(outputs[name] for name in ("log", "steps", "seconds"))))

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        told = {"letters": self.state["alphabet"], "spaced": self.state["spaced"], "beams": self.options.beams}
        return {"kind": "transcript", "code": ["ctc", "transcript"], **told, "gap": self._gap}

    def facts(self) -> dict[str, Any]:
        names = {"num_letters": len(self.state.get("alphabet", ()))} if self.state else {}
        return names | {name: self.state[name] for name in ("median_letters",) if name in self.state}

    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f"<p>{html.escape(text[:SHOWN])}{'…' if len(text) > SHOWN else ''}</p>"

    def schema(self) -> dict[str, Any]:
        seconds = {"type": "number", "minimum": 0}
        word = {"type": "object", "properties": {"word": {"type": "string"}, "start": seconds, "end": seconds}}
        score = {"type": "number", "minimum": 0, "maximum": 1}
        told = {"text": {"type": "string"}, "score": score, "words": {"type": "array", "items": word}}
        return {"type": "object", "properties": told, "required": ["text"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        texts = self.normal(cells.strings(cells.sample(columns[0], 5000)))
        lengths = [len(text) for text in texts] or [0]
        return {"count": len(columns[0]), "length_quantiles": np.quantile(lengths, np.linspace(0, 1, 11)).tolist()}


class _Graph(NamedTuple):
    log: torch.Tensor
    lengths: torch.Tensor
    seconds: torch.Tensor


def _apart(left: dict[str, Any], right: dict[str, Any]) -> float:
    one, two = left["text"], right["text"]
    if one == two:
        difference = abs(left["score"] - right["score"])
        return difference if np.isfinite(difference) else np.inf
    same = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return 1 - same / max(len(one), len(two))
