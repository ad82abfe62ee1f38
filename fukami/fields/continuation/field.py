"""How a text goes on: what a language model is judged by, and what it writes.

Two kinds of answers have one form, rows of tokens: of a text that is there, how much each of its tokens surprised the model
(in nats) and whether it was the likeliest one; of one that was written, the tokens. B batch, L tokens, T tokens of all.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np

from fukami.core.cards import FieldCard
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.batch import Rows
from fukami.fields.contract import NOTHING, Arrays, Field, TargetField, Tokens
from fukami.fields.frame import Frame
from fukami.fields.gather import gathered
from fukami.fields.passage import tokens
from fukami.fields.passage.field import Passage
from fukami.fields.text.tokenization import has_text

CARD = FieldCard(
    name="continuation",
    summary="how a text goes on",
    exempt={
        "recognised": "it is made of the passage itself: no column is taken for one",
        "given": "what is given follows the input, what is learned is the input itself",
    },
)

SHOWN = 300


@dataclass(frozen=True)
class Continuation(TargetField):
    """The tokens of a text that are to be foretold, each from those before it.

    >>> import pyarrow as pa
    >>> column = Column("text", pa.array(["To be,\\n", "or not"]))
    >>> target = Continuation().learn([column])
    >>> truth = target.truth(target.batch(target.encode([column]), np.array([1])))
    >>> target.known(truth), truth["characters"].tolist()
    ([{'text': 'or not'}], [6])
    """

    @dataclass(frozen=True)
    class Options:
        """It has none: what a token is, the passage says."""

    kind: ClassVar[str] = "continuation"
    losses: ClassVar[tuple[str, ...]] = ()
    name: str = "continuation"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Those of a passage."""
        return Passage.specimens(hidden, rng)

    @classmethod
    def recognise(cls, column: Column) -> float:
        return 0.0

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """Nothing: the passage that it is made of is checked itself."""
        return iter(())

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.fromiter(map(has_text, cells.strings(columns[0])), dtype=bool, count=len(columns[0]))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(text.encode("utf-8", "surrogatepass") for text in cells.strings(columns[0]))

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        return np.zeros(len(columns[0]), np.int64)

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the tokens of the passage beside it."""
        passage = next((one for one in beside.values() if isinstance(one, Passage)), None) or Passage().learn(columns)
        return replace(self, state={key: value for key, value in passage.state.items() if key not in ("weights", "unspaced")})

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows; `characters` int64 (N)."""
        texts = cells.strings(columns[0])
        return {**self._passage.encode(columns), "characters": np.fromiter(map(len, texts), np.int64, len(texts))}

    @property
    def _passage(self) -> Passage:
        return Passage(state=self.state)

    def stored_as(self) -> dict[str, Any]:
        return self._passage.stored_as()

    def lengths(self, stored: Arrays) -> np.ndarray:
        return self._passage.lengths(stored)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """`ids`: `Tokens`; `characters_B`; `follows_B`: whether they go on from the input, rather than being its own."""
        characters = gathered(stored["characters"], rows, device)  # type: ignore[arg-type]
        ids = self._passage.batch({"ids": stored["ids"]}, rows, device)
        return {"ids": ids, "characters": characters, "follows": torch.zeros_like(characters, dtype=torch.bool)}

    def facts(self) -> dict[str, Any]:
        return {"vocabulary_size": self.state["vocabulary_size"]} if self.state else {}

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: Any) -> Any:
        """`tokens`: rows of `id`; `characters_B`."""
        ids_BL, lengths_B = batch["ids"]
        return {"tokens": Rows({"id": ids_BL[real(ids_BL, lengths_B)]}, lengths_B), "characters": batch["characters"]}

    def answers(self, outputs: dict[str, torch.Tensor]) -> Rows:
        """Of `nats_BL`, `right_BL` and `lengths_B`, or of `ids_BL` and `lengths_B`, what is no padding."""
        lengths_B = outputs["lengths"]
        columns = {name: value for name, value in outputs.items() if name != "lengths"}
        named = {"ids": "id"}
        return Rows({named.get(n, n): value[real(value, lengths_B)] for n, value in columns.items()}, lengths_B)

    def ideal(self, truth: Any) -> Rows:
        """The tokens themselves, of which none surprised."""
        rows = truth["tokens"]
        ids_T = rows.columns["id"]
        nothing_T = torch.zeros(len(ids_T), device=ids_T.device)
        return Rows({"id": ids_T, "nats": nothing_T, "right": nothing_T == 0}, rows.counts)

    def given(self, answers: Rows) -> dict[str, Any]:
        """What was written, as what should follow the input."""
        lengths_B = torch.as_tensor(answers.counts)
        rows = [torch.as_tensor(row["id"]) for row in answers.each()]
        ids_BL = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.state["special"]["pad"])
        characters = [len(self.written(row)) for row in rows]
        return {
            "ids": Tokens(ids_BL, lengths_B),
            "characters": torch.tensor(characters, device=lengths_B.device),
            "follows": torch.ones_like(lengths_B, dtype=torch.bool),
        }

    def restore(self, answers: Rows, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """What was written as `text`; of a text that was there, its `log_likelihood` in nats and its number of `tokens`."""
        if "id" in answers.columns:
            return [{"text": self.written(row["id"])} for row in answers.each()]
        return [{"log_likelihood": -float(row["nats"].sum()), "tokens": len(row["nats"])} for row in answers.each()]

    def known(self, truth: Any) -> list[dict[str, Any]]:
        return [{"text": self.written(row["id"])} for row in truth["tokens"].each()]

    def apart(self, left: Rows, right: Rows) -> torch.Tensor:
        """Of likelihoods the largest difference of a token's, in nats; of written texts the share of their tokens from the
        first one on that differs."""
        return torch.tensor([_apart(*both) for both in zip(left.each(), right.each(), strict=True)], dtype=torch.float64)

    def written(self, ids: Any) -> str:
        """The text of tokens."""
        return tokens.written(self.state["tokenizer"], self.state["level"], torch.as_tensor(ids).tolist())

    def spelled(self, ids: Any) -> list[str]:
        """Each token as a person reads it."""
        return tokens.spelled(self.state["tokenizer"], self.state["level"], torch.as_tensor(ids).tolist())

    # -- towards people and programs ---------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (text,) = cells.strings(columns[0].take(np.array([row])))
        return f'<p style="white-space:pre-wrap">{html.escape(text[:SHOWN])}{"…" if len(text) > SHOWN else ""}</p>'

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        return {"count": len(columns[0])}


def real(ids_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
    """Which places are no padding (bool, B × L)."""
    return torch.arange(ids_BL.shape[1], device=ids_BL.device) < lengths_B[:, None]


def _apart(left: dict[str, Any], right: dict[str, Any]) -> float:
    if "id" not in left:
        one, two = (torch.as_tensor(row["nats"]).double() for row in (left, right))
        difference = (one - two).abs().nan_to_num(nan=torch.inf).amax() if len(one) == len(two) and len(one) else None
        return float(difference) if difference is not None else 0.0 if len(one) == len(two) else np.inf
    one, two = (torch.as_tensor(row["id"]).tolist() for row in (left, right))
    longest = max(len(one), len(two))
    same = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    return 1 - same / longest if longest else 0.0
