"""Pairs of texts: two columns in, one row of tokens out, in which the second text follows the first.

Both are cut into tokens by one tokenizer, learned from both; a row holds cls, the first, sep, the second, sep, so that models
that read both together and models that read each by itself take the same batch. N examples, B batch, L tokens of the longest
pair of the batch.
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
from fukami.core.tables import Column
from fukami.fields import cells, personal
from fukami.fields.contract import NOTHING, Arrays, Field, Tokens
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import ragged
from fukami.fields.pair import check
from fukami.fields.pair.columns import chosen
from fukami.fields.pair.features import overlaps
from fukami.fields.pair.portable import odd_pairs, portable
from fukami.fields.pair.spec import PairSpec
from fukami.fields.text.field import CHARACTERS_PER_TOKEN, SHOWN, Text
from fukami.fields.text.tokenization import load
from fukami.fields.units import Units

CARD = FieldCard(
    name="pair",
    summary="two texts that are compared",
    columns="many",
    reference="two texts, a vocabulary of 16,000 words",
    offers=("units", "way"),
    explained_by=("integrated-gradients", "occlusion"),
)

MOST_TOKENS = 254
"""Tokens that are read of each text where nobody says how many: both and what stands around them are 512 at most."""
BETWEEN = " ┃ "
"""What stands between both texts where they are shown as one."""


@dataclass(frozen=True)
class Pair(Text):
    """Two texts as one row of token ids. `state` is that of a text, and `columns`, the names of both, `each`, how many tokens
    of a text are read, and `around`, the ids before, between and after them.

    >>> one, other = Column("premise", pa.array(["a man runs"])), Column("hypothesis", pa.array(["a man sleeps"]))
    >>> pair = Pair().learn([one, other])
    >>> pair.batch(pair.encode([one, other]), np.array([0])).ids.shape
    torch.Size([1, 9])
    """

    @dataclass(frozen=True)
    class Options(Text.Options):
        max_tokens: int = option(0, "Longer texts are cut; 0 for what 99 % of the texts need, at most 254 of each.", low=0)

    kind: ClassVar[str] = "pair"
    Spec: ClassVar[type] = PairSpec
    takes_rows: ClassVar[bool] = True
    name: str = "pair"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Two sentences, each of which tells the class."""
        return [replace(Text.specimens(hidden, rng)[0], name=name) for name in ("sentence1", "sentence2")]

    @classmethod
    def recognise(cls, column: Column) -> float:
        return Text.recognise(column)

    def texts(self, columns: Sequence[Column]) -> tuple[list[str], list[str]]:
        """Both texts of each example."""
        first, second = (cells.strings(column) for column in self._both(columns))
        return first, second

    def _both(self, columns: Sequence[Column]) -> tuple[Column, Column]:
        return chosen(columns, [told["name"] for told in self.state.get("columns", ())])

    def _text(self) -> Text:
        """What reads one of both."""
        options = Text.Options(**vars(self.options))
        return Text(self.name, options, self.state | {"max_tokens": self.state["each"]} if self.state else {})

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        both = self._both(columns)
        yield from check.of_each([list(self._text().check([column])) for column in both])
        if not self.state:
            yield from check.unread(columns, both)
            yield from check.alike(both)

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        for column in self._both(columns):
            yield from self._text().unfamiliar([column])

    def between(self, columns: Sequence[Column], train: np.ndarray, held: np.ndarray) -> Iterator[Problem]:
        return check.shared(self._both(columns), train, held)

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        return np.logical_and(*(self._text().usable([column]) for column in self._both(columns)))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.combined([self._text().fingerprint([column]) for column in self._both(columns)])

    def _joined(self, columns: Sequence[Column]) -> list[Column]:
        """Both texts of each example as one."""
        first, second = self.texts(columns)
        values = pa.array([f"{a}\n{b}" for a, b in zip(first, second, strict=True)], pa.string())
        return [replace(self._both(columns)[0], values=values)]

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        return self._text().near_fingerprint(self._joined(columns))

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        return self._text().nearly_same(self._joined(columns), left, right)

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Objects that hold both texts by the names of their columns, or lists of two texts."""
        names = [told["name"] for told in self.state.get("columns", ())] or ["sentence1", "sentence2"]
        pairs = [_of(value, names) for value in values]
        return [Column(name, pa.array([pair[at] for pair in pairs], pa.string())) for at, name in enumerate(names)]

    def example(self) -> str:
        return "pairs.csv"

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the tokenizer from both texts of every example, and the length at which each is cut."""
        both = self._both(columns)
        texts = pa.array([text for column in both for text in cells.strings(column)], pa.string())
        state = super().learn([replace(both[0], values=texts, rows=None, files=None)], seed=seed).state
        each = self.options.max_tokens or min(state["max_tokens"], MOST_TOKENS)
        around = around_pairs(state["tokenizer"], state["special"])
        own = {
            "columns": [{"name": column.name} for column in both],
            "each": each,
            "around": around,
            "max_tokens": 2 * each + sum(map(len, around)),
            "median_tokens": 2 * state["median_tokens"] + sum(map(len, around)),
            "special": state["special"] | {"sep": around[1][0]},
        }
        return replace(self, state=state | own)

    def stored_as(self) -> dict[str, Any]:
        return {name: self.state.get(name) for name in ("tokenizer", "each", "around", "special", "columns")}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`ids`: ragged int32 rows. A text without any token is one unknown token."""
        before, between, after = self.state["around"]
        pairs = zip(*(self._ids(texts) for texts in self.texts(columns)), strict=True)
        return {"ids": ragged([[*before, *first, *between, *second, *after] for first, second in pairs])}

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        each = self.state["each"]
        tokenizer = load(self.state["tokenizer"]).tokenizer
        cut = [text[: each * CHARACTERS_PER_TOKEN] for text in texts]
        found = tokenizer.encode_batch_fast(cut, add_special_tokens=False)
        return [one.ids[:each] or [self.state["special"]["unk"]] for one in found]

    def frame(self, columns: Sequence[Column]) -> Line | None:
        return None

    # -- towards models and people -----------------------------------------------------------------------------------
    @classmethod
    def blank(
        cls, spec: PairSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Tokens:
        """Drawn ones have texts of four tokens or fewer."""
        begin, divider = dict(spec.special).get("cls", spec.divider), spec.divider
        lengths, rows = [(4, 1), (1, 2), (3, 4), (2, 2), (4, 4)], []
        for left, right in (lengths * count)[:count] if rng is not None else [(2, 2)] * count:
            drawn = [torch.randint(4, spec.vocabulary_size, (n,), generator=rng).tolist() for n in (left, right)]
            first, second = drawn if rng is not None else ([divider + 1] * left, [divider + 1] * right)
            rows.append([begin, *first, divider, *second, divider])
        longest = max(map(len, rows), default=0)
        ids = torch.tensor([row + [spec.pad] * (longest - len(row)) for row in rows], dtype=torch.int64)
        return Tokens(ids.to(device), torch.tensor([len(row) for row in rows]).to(device))

    def spec(self) -> PairSpec:
        special = self.state["special"]
        others = tuple((role, number) for role, number in special.items() if role != "pad")
        return PairSpec(self.state["vocabulary_size"], self.state["max_tokens"], special["pad"], special=others)

    def plain_features(self, columns: Sequence[Column]) -> Any:
        """Sparse (N, 131072 + 12): words or runs of letters that both have, negative those that one has; and `overlaps`."""
        from scipy.sparse import csr_matrix, hstack

        first, second = (self._text().plain_features([column]) for column in self._both(columns))
        return hstack([first.multiply(second) * 4 - abs(first - second), csr_matrix(self.overlap_features(columns))], "csr")

    def overlap_features(self, columns: Sequence[Column]) -> np.ndarray:
        """float32 (N, 12): how much both texts have in common."""
        return overlaps(*self.texts(columns), unspaced=self.state["unspaced"])

    def render(self, columns: Sequence[Column], row: int) -> str:
        shown = [personal.masked(texts[0][: SHOWN + 1]) for texts in self.texts([c.take(np.array([row])) for c in columns])]
        cut = [html.escape(text[:SHOWN]) + ("…" if len(text) > SHOWN else "") for text in shown]
        return "".join(f"<p>{text}</p>" for text in cut)

    def schema(self) -> dict[str, Any]:
        names = [told["name"] for told in self.state.get("columns", ())]
        return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": names}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """That of each text, by the name of its column."""
        return {column.name: self._text().sketch([column]) for column in self._both(columns)}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return portable(self.name, self.state, self._text().portable(fixed=fixed), fixed=fixed)

    def probes(self, folder: Path) -> list[Any]:
        return odd_pairs([told["name"] for told in self.state["columns"]], self._text().probes(folder))

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        both = self._both(columns)
        texts = [cells.strings(column.take(rows)) for column in both]
        return [dict(zip([column.name for column in both], pair, strict=True)) for pair in zip(*texts, strict=True)]

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Tokens, columns: Sequence[Column]) -> Units:
        """Tokens of both texts, each with the letters that it stands for; `in` names its column."""
        each, tokenizer = self.state["each"], load(self.state["tokenizer"]).tokenizer
        of_L, names, told, shown = [-1] * len(self.state["around"][0]), [], [], ""
        for at, column in enumerate(self._both(columns)):
            (text,) = cells.strings(column)
            text, start = text[: each * CHARACTERS_PER_TOKEN], len(shown) + len(BETWEEN) * at
            shown += BETWEEN * at + text
            spans = tokenizer.encode(text, add_special_tokens=False).offsets[:each]
            of_L += [*range(len(names), len(names) + len(spans))] or [-1]
            names += [text[a:b].strip() or text[a:b] for a, b in spans]
            told += [{"in": column.name, "span": [a + start, b + start]} for a, b in spans]
            of_L += [-1] * len(self.state["around"][at + 1])
        return Units(tuple(names), np.array(of_L), tuple(told), {"text": shown})


def around_pairs(tokenizer: str, special: Mapping[str, int]) -> tuple[list[int], list[int], list[int]]:
    """The ids that stand before, between and after two texts: those of the tokenizer, or cls and sep."""
    opened = load(tokenizer).tokenizer
    whole, bare = opened.encode("a", "a").ids, opened.encode("a", add_special_tokens=False).ids
    size, added = len(bare), len(whole) - 2 * len(bare)
    for before in range(added + 1):
        for between in range(1, added - before + 1):
            start = before + size + between
            if whole[before : before + size] == bare == whole[start : start + size]:
                return whole[:before], whole[before + size : start], whole[start + size :]
    if "sep" not in special:
        raise DataError(
            "F-PAIR-SEPARATOR",
            _("the tokenizer has no token that can stand between two texts"),
            expected="[SEP], </s>",
            fix=_("take the tokenizer of an encoder such as BERT, or none: one is then learned"),
        )
    ends = [special["sep"]]
    return [special["cls"]] if "cls" in special else [], ends, ends


def _of(value: Any, names: Sequence[str]) -> list[str]:
    """Both texts of a value that people give."""
    if isinstance(value, dict):
        loosely = {str(key).strip().lower(): text for key, text in value.items()}
        found = [loosely.get(name.strip().lower()) for name in names]
    else:
        found = list(value) if isinstance(value, (list, tuple)) else []
    if len(found) != 2 or any(isinstance(text, (list, dict)) or text is None for text in found):
        raise DataError(
            "F-PAIR-INPUT",
            _("an input is no pair of texts"),
            expected=_("a table's path, or an object such as {example}").format(
                example="{" + ", ".join(f'"{name}": "…"' for name in names) + "}"
            ),
            got=str(value)[:80],
        )
    return [str(text) for text in found]
