"""What fields can do: every one, those that are inputs, those that are targets. A field never knows a task or a model.

A kind of data that can be either inherits from both `InputField` and `TargetField`.

The path of a cell: `Column` (raw) → `check` → `learn` (from training rows) → `encode` (arrays for the store) → `batch`
(tensors) → model → `restore` (an answer). Everything it learned is plain JSON in `state`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pyarrow as pa

from fukami.core import specs
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.lazily import nn, torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields.frame import Frame, Moved
from fukami.fields.listed import listed
from fukami.fields.units import Portrait, Units, Way

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Ragged:
    """Rows of unequal length: row i is `values[offsets[i]:offsets[i + 1]]`."""

    values: np.ndarray
    offsets: np.ndarray

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Shared:
    """What all examples share: a long series, say, of which each is a window. It is kept once, however many there are."""

    values: np.ndarray


Arrays = dict[str, np.ndarray | Ragged | Shared]
"""What a field stores of N examples: arrays whose first axis is N, ragged rows, and what they share."""


class Tokens(NamedTuple):
    """A batch of token sequences: `ids_BL` int64, padded at the end; `lengths_B` int64."""

    ids: torch.Tensor
    lengths: torch.Tensor


class Cells(NamedTuple):
    """A batch of table rows: `numbers_BN` float32, `categories_BM` int64."""

    numbers: torch.Tensor
    categories: torch.Tensor


class Field(ABC):
    """One kind of data. Finished fields are dataclasses with `name` (input or target name), `options` and `state`."""

    kind: ClassVar[str]
    Options: ClassVar[type]
    varied: ClassVar[dict[str, Any]] = {}
    """Options under which `augment` varies a batch, together and each by itself: laws try them."""
    name: str
    options: Any
    state: dict[str, Any]
    framed: ClassVar[bool] = False
    """Whether its examples lie on those of an input: then it is encoded and restored by that input's frame."""

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    @abstractmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Made-up raw cells of N examples, which are about the class numbers `hidden` (int, N): laws and examples use them.

        Cells of an input tell the class to whoever learns, not always plainly; those of a target name or measure it. So any
        input can be joined with any target, and learned within seconds.
        """

    @classmethod
    @abstractmethod
    def recognise(cls, column: Column) -> float:
        """How much a raw column looks like this kind of data, 0 to 1. Looks at a sample of cells only."""

    @abstractmethod
    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """The doctor: every problem of these cells on their own, with place and remedy."""

    def check_on(self, columns: Sequence[Column], frames: Mapping[str, Frame]) -> Iterator[Problem]:
        """The doctor, where a field is `framed`: cells beside the inputs they lie on, of whose frames the raw sizes count."""
        return iter(())

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Which of N examples can be used at all (bool, N). Unreadable files and missing targets cannot."""
        return np.ones(len(columns[0]), dtype=bool)

    @abstractmethod
    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        """uint64 (N): equal where the content is equal, for exact duplicates and the split's proof."""

    # -- learning and storing ----------------------------------------------------------------------------------------
    @abstractmethod
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """A copy that has learned what it needs from training cells: class names, mean and deviation, vocabulary, size.

        `beside` are the task's fields that have learned before it, by name: a mask is as large as the picture it lies on.
        """

    @abstractmethod
    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """Arrays for the prepared store: everything that need not be decided anew at each step.

        `frames` say where the elements of the same examples' inputs lie, by name, for a field that is `framed`.
        """

    def frame(self, columns: Sequence[Column]) -> Frame | None:
        """Where the elements of these cells lie in the tensors; None where they have no place, or are yet to be learned."""
        return None

    def stored_as(self) -> dict[str, Any]:
        """What of options and state shapes the arrays of `encode`: plain values, the key of the prepared store.

        The default is all of both. A field leaves out what only batches and models look at (augmentation, normalisation), so
        that a change of it decodes nothing anew.
        """
        return {"options": asdict(self.options), "state": self.state}

    def is_costly(self, columns: Sequence[Column]) -> bool:
        """Whether encoding these cells costs so much that even few examples are kept on disk for the next run."""
        return False

    def forget(self) -> None:  # noqa: B027 - most fields hold nothing
        """Lets go of what is held so that examples which were looked at can be stored without being read again."""

    @abstractmethod
    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Any:
        """The tensors of examples `rows`. Dense arrays may be tensors that lie on `device` already: see `gather.gathered`."""

    def lengths(self, stored: Arrays) -> np.ndarray | None:
        """Length of each stored example where lengths vary, for bucketing; None where all are alike."""
        return None

    def augment(self, batch: Any, rng: torch.Generator) -> Any:
        """A training batch, varied as the options say. Whole batches, on the batch's device."""
        return batch

    def vary(self, batch: Any, rng: torch.Generator) -> tuple[Any, Moved | None]:
        """A training batch, varied by `augment`, and how its elements moved, for what lies on them; None where they did not."""
        return self.augment(batch, rng), None

    def follow(self, batch: Any, moved: Moved) -> Any:
        """A training batch after the elements of an input that it belongs to have moved; as it is where it lies on none."""
        return batch

    # -- towards recipes, people and programs ------------------------------------------------------------------------
    def facts(self) -> dict[str, Any]:
        """What the recipe may look at when it recommends, e.g. `{"num_classes": 10}` or `{"size_px": 28}`."""
        return {}

    @abstractmethod
    def render(self, columns: Sequence[Column], row: int) -> str:
        """An HTML fragment that shows one raw example; complete in itself, escaped."""

    @abstractmethod
    def schema(self) -> dict[str, Any]:
        """The JSON schema of one raw value."""

    @abstractmethod
    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """A summary of many cells, without raw data, that monitoring can compare with another."""

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        """What a program without Fukami needs to do what this field does: plain JSON, of which `code` names the files of
        `export/standalone/` that do it. `fixed`: tensors never vary in size, as `padded` gives them. Raises `UsageError` where
        no such file can.
        """
        raise unportable(self.kind)


class Explainable(ABC):
    """What explanations ask of an input: its parts, and itself without some of them.

    Every input can be taken apart. What else a field can do its card says: `FieldCard.offers` has "way" where there is a `way`,
    "plane" where one leads over a batch `x_BCHW` whose units lie on H and W, "sequence" where its units lie on L tokens, and
    "exchange" where there are `exchanged` and `usual`.
    """

    kind: ClassVar[str]
    draws: ClassVar[int] = 1
    """How many different fillings stand for a part of an example of which nothing is known."""

    @abstractmethod
    def units(self, batch: Any, columns: Sequence[Column]) -> Units:
        """The parts of one example that an explanation weighs. `batch` and `columns` hold that example."""

    def filling(self, batch: Any, *, seed: int = 0) -> Any:
        """What `without` puts where something is taken away from the one example of `batch`, in `draws` versions."""
        return None

    @abstractmethod
    def without(self, batch: Any, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Any:
        """A batch of P copies of the one example of `batch`, of which copy p lacks the units where `gone_PU[p]` is true.

        `filling` comes from `filling`, of which version `draw` is taken. Of `units.placed` no element that stays may move.
        """

    def portrait(self, batch: Any, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        """The one example of `batch` drawn with the weights of its units; `detail` holds those of single elements, where a
        method has them. The default lists the units."""
        return listed(units, weights_U)

    def way(self, batch: Any, units: Units, filling: Any, network: nn.Module) -> Way | None:
        """How the one example of `batch` grows from one that says nothing; None where `network` hides the layer for it."""
        raise NotImplementedError(f"{self.kind} offers no way")

    def exchanged(self, batch: Any, units: Units, unit: int, rows_N: torch.Tensor) -> Any:
        """The N examples of `batch`, with `unit` taken from the examples `rows_N`; all have the same units."""
        raise NotImplementedError(f"{self.kind} offers no exchange")

    def usual(self, batch: Any, units: Units, unit: int) -> tuple[list[int], np.ndarray]:
        """Examples of `batch` that hold the usual values of `unit` (told as its `value`), in the order of a curve, and the
        share of all that each stands for (V).
        """
        raise NotImplementedError(f"{self.kind} offers no exchange")


class InputField(Field, Explainable):
    """A kind of data that a model can be asked about."""

    takes_rows: ClassVar[bool] = False
    """Whether one value is a mapping of column names to cells."""
    Spec: ClassVar[type[specs.Spec]]
    """The class of what `spec` gives."""
    near_bits: ClassVar[int] = 2
    """In how many bits near fingerprints of nearly the same content may differ."""

    # -- what people give --------------------------------------------------------------------------------------------
    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Raw inputs as people give them (paths, text, bytes, arrays, mappings) as columns, one cell for each value.

        The default takes values as they are: text and bytes as cells of a table, arrays as an array column.
        """
        if values and isinstance(values[0], np.ndarray):
            return [Column(self.name, np.stack(values))]
        return [Column(self.name, pa.array([v if isinstance(v, (str, bytes, type(None))) else str(v) for v in values]))]

    def several(self, value: Any) -> list[Any] | None:
        """The single inputs of a value that holds many (a batch of pictures as one array); None where it is one input."""
        return None

    def example(self) -> str:
        """A placeholder for one input on the command line, e.g. `picture.jpg`."""
        return "INPUT"

    def unfamiliar(self, columns: Sequence[Column]) -> Iterator[Problem]:
        """What cells hold that a field that has learned can take, but did not learn from: notes beside answers."""
        return iter(())

    def between(self, columns: Sequence[Column], train: np.ndarray, held: np.ndarray) -> Iterator[Problem]:
        """The doctor: what is odd about the rows `held` that are kept aside, beside those that `train`."""
        return iter(())

    # -- nearly the same ---------------------------------------------------------------------------------------------
    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        """uint64 (N) of which a small Hamming distance means nearly the same content, or None where that has no meaning."""
        return None

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Which pairs of rows `left[p]`, `right[p]`, whose near fingerprints agree, are indeed nearly the same (bool, P)."""
        return np.ones(len(left), dtype=bool)

    # -- towards models ----------------------------------------------------------------------------------------------
    @abstractmethod
    def spec(self) -> specs.Spec:
        """The sizes that a model needs to know."""

    @classmethod
    @abstractmethod
    def blank(cls, spec: Any, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu") -> Any:
        """A batch of `count` examples for `spec`, behind which no data stands: nothing in any, or noise drawn with `rng`."""

    @classmethod
    def arguments(cls, batch: Any, spec: Any, count: int) -> tuple[Any, ...]:
        """What a module of somebody's own is called with, whose `forward` takes `count` arguments."""
        return tuple(batch) if isinstance(batch, tuple) and count >= 2 else (batch,)

    @classmethod
    def call(cls, spec: Any) -> str:
        """How such a module is called, as a line of code."""
        return "forward(batch)"

    @abstractmethod
    def plain_features(self, columns: Sequence[Column]) -> Any:
        """A dense or sparse matrix (N, D) for the linear baseline."""

    def probe(self, columns: Sequence[Column], labels: Arrays, *, seed: int = 0) -> dict[str, Any]:
        """Facts worth measuring with the encoded targets at hand, e.g. whether mirrored pictures keep their class."""
        return {}

    # -- towards other programs --------------------------------------------------------------------------------------
    def padded(self, batch: Any) -> Any:
        """A batch in the size that never varies, for programs that know one size alone."""
        return batch

    def portable_frames(self) -> dict[str, Any]:
        """What a program without Fukami needs besides `portable` to say where an input's elements lie, for a target that is
        `framed`: of its `code` one file has `frames(values, told)`, which gives something for each raw value."""
        raise unportable(self.kind)

    @abstractmethod
    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        """Raw values of some rows as other programs give them (paths, text, objects of JSON); files go into `folder`.
        `gather` takes them as well."""

    def probes(self, folder: Path) -> list[Any]:
        """Raw values that few examples are like, and some that cannot be used at all: whoever stands in for this field has to
        answer them, or to refuse them, as it does. Files go into `folder`."""
        return []


class TargetField(Field):
    """A kind of data that can be predicted.

    Its answers are a batch as any other: tensors, dicts of them, `batch.Rows`, whose entries belong to B examples. The first
    thing after a network is `answers`, which keeps no more of the outputs than is judged and given; from there on nobody looks
    inside but the field and its metrics. Targets are judged in the same form (`truth`).
    """

    losses: ClassVar[tuple[str, ...]]
    """The losses that it admits, the default first."""
    discrete: ClassVar[bool] = False
    """Whether two targets are either the same or different: classes and sets of labels, not measured values."""

    @property
    def settles(self) -> bool:
        """Whether answers to validation examples teach it anything: see `settled`."""
        return False

    def target_spec(self) -> Any:
        """What a whole model has to know of it: sizes, numbers of classes; None where there is nothing."""
        return None

    @property
    def num_statistics(self) -> int:
        """About how many numbers a metric keeps for one bootstrap replicate: one for each class, say."""
        return 1

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """int64 (N), from 0: equal for targets that a split should keep in proportion. Classes as they are, unless a field
        knows better."""
        return np.unique(self.fingerprint(columns), return_inverse=True)[1]

    def stored_as(self) -> dict[str, Any]:
        """What validation answers taught it changes nothing that is stored."""
        return {"options": asdict(self.options), "state": self.unsettled().state}

    def ideal(self, truth: Any) -> Any:
        """The answers of a model that is always right, from `truth`."""
        return truth

    def paired(self, outputs: Any, targets: Any, /) -> tuple[Any, Any]:
        """Raw outputs and targets as losses take them, one with the other."""
        return outputs, targets

    # -- from a network's outputs to answers -------------------------------------------------------------------------
    def truth(self, batch: Any) -> Any:
        """A batch of targets in the form and the unit that answers are judged in."""
        return batch

    @abstractmethod
    def answers(self, outputs: Any) -> Any:
        """A network's raw outputs for B examples, reduced to what is judged and kept. In float32 or wider where differences
        count."""

    def settled(self, answers: Any, truth: Any) -> Self:
        """A copy that has learned from answers to validation examples, as `answers` gives them, and their targets: how sure it
        may be (a temperature), from where on it says yes (thresholds). What it learned before is forgotten. Itself where there
        is nothing to learn."""
        return self

    def unsettled(self) -> Self:
        """As it was before `settled`."""
        return self

    def settle(self, answers: Any) -> Any:
        """Answers as they are after what `settled` learned."""
        return answers

    def given(self, answers: Any) -> Any:
        """Answers as a batch of targets, as if they were true."""
        raise NotImplementedError(f"answers of the kind {self.kind} cannot be taken as targets")

    @abstractmethod
    def restore(self, answers: Any, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """Answers, as JSON objects. `frames` say where the elements of the inputs lie, for a target that is `framed`: a box is
        told in pixels of the given picture."""

    @abstractmethod
    def known(self, truth: Any) -> list[dict[str, Any]]:
        """What `truth` gives, as answers that are wholly right: without scores."""

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """An HTML fragment of what is told of a target or an answer, in `frames`, `over` the drawn inputs; empty: words do.
        `columns` and `row` are the target's own cells, where they are there."""
        return ""

    # -- towards other programs --------------------------------------------------------------------------------------
    def graphed(self, outputs: Any) -> dict[str, torch.Tensor]:
        """What an exported graph gives for B examples, by name and in that order: made of the network's raw outputs inside the
        graph, each with the examples along its first axis.

        The default are the answers, settled: a single tensor is called `scores`. What no graph can do (boxes left over, the
        best path) a field leaves to `from_graph`, and to its piece of `export/standalone/`.
        """
        answers = self.settle(self.answers(outputs))
        return answers if isinstance(answers, dict) else {"scores": answers}

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> Any:
        """Answers, settled, of what such a graph gave. Those of several batches can be joined."""
        return outputs["scores"] if set(outputs) == {"scores"} else dict(outputs)

    def graph_axes(self) -> dict[str, dict[int, str]]:
        """Of what a graph gives, by name, the axes whose size varies besides the first, as `{"tags": {1: "length"}}`."""
        return {}

    @abstractmethod
    def apart(self, left: Any, right: Any) -> torch.Tensor:
        """`apart_B` float64: how far two answers to each example are from each other; what is no number is infinitely far."""


def unportable(kind: str) -> UsageError:
    """The error for a field that no program outside Fukami can stand in for yet."""
    return UsageError(
        "F-EXPORT-FIELD", _("a program of its own cannot do yet what Fukami does with `{kind}`").format(kind=kind), got=kind
    )
