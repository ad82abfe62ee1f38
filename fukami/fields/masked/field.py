"""Hidden words: what a model is pretrained and judged by, and what it fills gaps with.

Of a text that is there, about 15 of 100 tokens are hidden, always the same ones, and the answer is how much each of them
surprised the model. Of a text with gaps (`[MASK]`), it is what stands there most likely. B batch, L tokens, T hidden tokens of
all texts, K likeliest tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from fukami.core.cards import FieldCard
from fukami.core.lazily import torch
from fukami.core.tables import Column
from fukami.fields.batch import Rows
from fukami.fields.continuation.field import Continuation, real
from fukami.fields.contract import NOTHING, Arrays, Field, Tokens
from fukami.fields.frame import Frame
from fukami.fields.passage.field import Passage

CARD = FieldCard(
    name="masked",
    summary="words of a text that are hidden",
    exempt={
        "recognised": "it is made of the passage itself: no column is taken for one",
        "restore": "of a text that is there the answer is its hidden words, from which nobody can write the text again",
        "given": "what is given fills the gaps of the input, what is learned is the input itself",
    },
    like=("continuation",),
)

SHARE = 0.15
"""Of the tokens that are hidden (Devlin et al. 2019)."""
_SPREAD, _MODULUS = 2_654_435_761, 1 << 32


@dataclass(frozen=True)
class Masked(Continuation):
    """The tokens of a text of which some are to be found.

    >>> import pyarrow as pa
    >>> column = Column("text", pa.array(["to be or not to be"]))
    >>> target = Masked().learn([column])
    >>> len(target.truth(target.batch(target.encode([column]), np.array([0])))["tokens"].columns["id"]) >= 1
    True
    """

    kind: ClassVar[str] = "masked"
    name: str = "masked"
    state: dict[str, Any] = field(default_factory=dict)

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Takes the tokens of the passage beside it, else those of one with begin, end and gaps."""
        if any(isinstance(one, Passage) for one in beside.values()):
            return super().learn(columns, seed=seed, beside=beside)
        alone = Passage(options=Passage.Options(context=128, marked=True)).learn(columns, seed=seed)
        return super().learn(columns, seed=seed, beside={"text": alone})

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        """As that of a continuation, and `masked_BL`: which tokens are hidden where the model is judged."""
        found = super().batch(stored, rows, device)
        return {**found, "masked": hidden(found["ids"], len(self.state["special"]))}

    # -- answers -----------------------------------------------------------------------------------------------------
    def truth(self, batch: Any) -> Any:
        """`tokens`: rows of `id`, of those that are hidden; `characters_B` of the whole text."""
        hidden_BL = batch["masked"]
        return {"tokens": Rows({"id": batch["ids"].ids[hidden_BL]}, hidden_BL.sum(1)), "characters": batch["characters"]}

    def answers(self, outputs: dict[str, torch.Tensor]) -> Any:
        """Of `nats_BL`, `right_BL` and `masked_BL` the rows that were hidden. Of filled texts `text`, rows of `id`, and
        `fills`, rows of `id_TK` and `chance_TK`."""
        if "nats" in outputs:
            hidden_BL = outputs["masked"]
            return Rows({name: outputs[name][hidden_BL] for name in ("nats", "right")}, hidden_BL.sum(1))
        gaps_BM = real(outputs["likeliest"][:, :, 0], outputs["gaps"])
        fills = Rows({"id": outputs["likeliest"][gaps_BM], "chance": outputs["chances"][gaps_BM]}, outputs["gaps"])
        lengths_B = outputs["lengths"]
        return {"text": Rows({"id": outputs["ids"][real(outputs["ids"], lengths_B)]}, lengths_B), "fills": fills}

    def given(self, answers: Any) -> dict[str, Any]:
        """The likeliest token of each gap, in the order of the gaps."""
        fills = answers["fills"]
        rows = [torch.as_tensor(row["id"])[:, 0] for row in fills.each()]
        ids_BM = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.state["special"]["pad"])
        counts_B = torch.as_tensor(fills.counts)
        return {
            "ids": Tokens(ids_BM, counts_B),
            "characters": torch.zeros_like(counts_B),
            "follows": torch.ones_like(counts_B, dtype=torch.bool),
            "masked": real(ids_BM, counts_B),
        }

    def restore(self, answers: Any, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`text`, its gaps filled, and `gaps`: of each the likeliest tokens and their probabilities. Of a text that was there,
        `log_likelihood` of its hidden `tokens`."""
        if isinstance(answers, Rows):
            return super().restore(answers)
        pairs = zip(answers["text"].each(), answers["fills"].each(), strict=True)
        return [{"text": self._within(row["id"]), "gaps": self._told(fills)} for row, fills in pairs]

    def _within(self, ids: Any) -> str:
        """The text between begin and end."""
        around = {self.state["special"][role] for role in ("cls", "sep")}
        return self.written([number for number in torch.as_tensor(ids).tolist() if number not in around])

    def _told(self, fills: dict[str, Any]) -> list[list[dict[str, Any]]]:
        spelt = [self.spelled(row) for row in fills["id"]]
        rows = zip(spelt, torch.as_tensor(fills["chance"]).tolist(), strict=True)
        return [[{"token": t, "score": c} for t, c in zip(*row, strict=True)] for row in rows]

    def known(self, truth: Any) -> list[dict[str, Any]]:
        return [{"tokens": self.spelled(row["id"])} for row in truth["tokens"].each()]

    def apart(self, left: Any, right: Any) -> torch.Tensor:
        """Of likelihoods the largest difference of a token's, in nats; of filled gaps 1 where the likeliest tokens differ, else
        the largest difference of a probability."""
        if isinstance(left, Rows):
            return super().apart(left, right)
        return torch.tensor(
            [_apart(*both) for both in zip(left["fills"].each(), right["fills"].each(), strict=True)], dtype=torch.float64
        )

    def schema(self) -> dict[str, Any]:
        one = {"type": "object", "properties": {"token": {"type": "string"}, "score": {"type": "number"}}}
        gaps = {"type": "array", "items": {"type": "array", "items": one}}
        return {"type": "object", "properties": {"text": {"type": "string"}, "gaps": gaps}, "required": ["text", "gaps"]}


def hidden(tokens: Tokens, specials: int) -> torch.Tensor:
    """Which tokens are hidden where a model is judged (bool, B × L): of each text at least one and about 15 of 100, by what the
    text says, so that every model is asked for the same ones. Special tokens (numbers below `specials`) never are."""
    ids_BL, lengths_B = tokens
    if not ids_BL.shape[1]:
        return torch.zeros_like(ids_BL, dtype=torch.bool)
    may_BL = real(ids_BL, lengths_B) & (ids_BL >= specials)
    whole_B1 = (ids_BL.masked_fill(~real(ids_BL, lengths_B), 0) * _SPREAD % _MODULUS).sum(1, keepdim=True)
    place_L = torch.arange(ids_BL.shape[1], device=ids_BL.device)
    mixed_BL = (whole_B1 + place_L * 40_503 + ids_BL) % _MODULUS * _SPREAD % _MODULUS
    drawn_BL = ((mixed_BL ^ (mixed_BL >> 15)) * 2_246_822_519 % _MODULUS).masked_fill(~may_BL, _MODULUS)
    return may_BL & ((drawn_BL < SHARE * _MODULUS) | (drawn_BL == drawn_BL.amin(1, keepdim=True)))


def _apart(left: dict[str, Any], right: dict[str, Any]) -> float:
    one, two = (torch.as_tensor(row["id"]) for row in (left, right))
    if one.shape != two.shape or not bool((one[:, :1] == two[:, :1]).all()):
        return 1.0
    chances = [torch.as_tensor(row["chance"]).double()[:, :1] for row in (left, right)]
    return float((chances[0] - chances[1]).abs().amax()) if len(one) else 0.0
