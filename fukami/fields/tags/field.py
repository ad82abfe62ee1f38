"""Tags on the elements of a sequence: entities, each of several elements and a type, or one tag for each word.

Whatever scheme the data has, entities are stored as BIOES: `B-` begins one, `I-` goes on, `E-` ends it, `S-` is one of a single
element, `O` none. So every tag says whether an entity begins or ends at its element, and which tags may follow one another is
known before anything is learned. Where every word has a tag of its own (parts of speech), each is an entity of one word.

An example that is batched is `{"tags": Rows of column "tag", "lost": int64 (B)}`: a number for each of its elements, and how
many entities of it no element can tell (they overlap others, or lie beyond where the text was cut). Those count as missed.
N examples, B batch, L elements, T elements of all examples, K tags.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.tables import Column
from fukami.fields import batch as trees
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, Ragged, TargetField
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried
from fukami.fields.labels import in_order
from fukami.fields.tags import chain
from fukami.fields.tags.chain import Chained
from fukami.fields.tags.check import check_tags
from fukami.fields.tags.marks import OUTSIDE, Marked, Span, marked, on_elements, parted, scheme_of, spans_of

CARD = FieldCard(
    name="tags",
    summary="tags on the words of a text: entities with their types, or parts of speech",
    usual_targets=(
        "tags", "entities", "ner_tags", "ner", "spans", "labels", "label", "annotations", "iob", "bio", "ner_tag", "tag",
        "pos_tags", "upos", "pos", "entity", "固有表現", "エンティティ", "タグ", "品詞",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Tags(TargetField):
    """Entities or tags of words, as numbers for the elements of the input that they lie on.

    >>> column = Column("tags", pa.array([["B-PER", "I-PER", "O"], ["O", "S-LOC"]]))
    >>> Tags().learn([column]).state["types"]
    ['LOC', 'PER']
    """

    @dataclass(frozen=True)
    class Options:
        pass

    kind: ClassVar[str] = "tags"
    losses: ClassVar[tuple[str, ...]] = ()
    framed: ClassVar[bool] = True
    name: str = "tags"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """An entity on the first word, whose type is the class, in spans of its first characters."""
        return [Column("tags", pa.array([[{"start": 0, "end": 3, "label": f"type{int(k)}"}] for k in hidden]))]

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array:
            return 0.0
        found = [one for one in marked(cells.sample(column)) if one is not None]
        if not found or any(one.fault for one in found):
            return 0.0
        if any(one.spans for one in found):
            return 0.95
        tags = [tag for one in found for tag in one.tags or ()]
        if not tags:
            return 0.1 if all(one.spans is not None for one in found) else 0.0
        if all(pa.types.is_string(kind) for kind in [column.values.type]) and max(len(one.tags or ()) for one in found) < 2:
            return 0.0
        prefixed = sum(tag == OUTSIDE or parted(tag)[1] != tag for tag in tags) / len(tags)
        repeated = 1 - len(set(tags)) / len(tags)
        return 0.95 if prefixed > 0.9 else 0.7 * repeated * (not pa.types.is_string(column.values.type))

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_tags(columns[0])

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        """Those that say something, of types that are known once types were learned."""
        known = set(self.state.get("types", ()))
        return np.array([self._can_be_read(one, known) for one in marked(columns[0])], bool)

    def _can_be_read(self, one: Marked | None, known: set[str]) -> bool:
        if one is None or one.fault:
            return False
        return not known or set(self._types(one)) <= known

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        found = marked(columns[0])
        return cells.hashes(repr((one.tags, one.spans) if one else None).encode("utf-8", "surrogatepass") for one in found)

    def strata(self, columns: Sequence[Column]) -> np.ndarray:
        """The rarest type of each example."""
        found = [set(self._types(one)) if one else set() for one in marked(columns[0])]
        counts = Counter(label for types in found for label in types)
        number = {label: at for at, (label, _count) in enumerate(sorted(counts.items(), key=lambda item: (item[1], item[0])))}
        return np.array([min((number[label] for label in types), default=len(number)) for types in found], np.int64)

    def _types(self, one: Marked) -> list[str]:
        if one.spans is not None:
            return [label for _start, _end, label in one.spans]
        if self.state.get("scheme") == "words":
            return list(one.tags or ())
        return [parted(tag)[1] for tag in one.tags or () if tag != OUTSIDE]

    # -- learning and storing ----------------------------------------------------------------------------------------
    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns the scheme, the types, and how often each occurs."""
        found = [one for one in marked(columns[0]) if one is not None and not one.fault]
        if not found:
            raise DataError("F-TAGS-MISSING", _("no example has tags"), where=cells.place(columns[0]))
        tagged = [one.tags for one in found if one.tags is not None]
        scheme = scheme_of(tagged) if tagged else "spans"
        counts: Counter[str] = Counter()
        for one in found:
            spans = one.spans if one.spans is not None else _read_tags(one.tags or [], scheme)
            counts.update(label for _start, _end, label in spans)
        if not counts:
            raise DataError(
                "F-TAGS-NONE",
                _("no example has an entity, so there is nothing to learn"),
                where=cells.place(columns[0]),
                fix=_("name the column that holds the entities: --set target=COLUMN"),
            )
        types = in_order(list(counts))
        tags = types if scheme == "words" else [OUTSIDE, *(f"{prefix}-{label}" for label in types for prefix in "BIES")]
        state = {"scheme": scheme, "types": types, "tags": tags, "counts": [counts[label] for label in types]}
        return replace(self, state=state)

    @property
    def of_words(self) -> bool:
        """Whether every word has a tag of its own."""
        return self.state["scheme"] == "words"

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`tag`: int16 for each element, ragged; `lost`: entities that no element tells. Where nothing is told of the text,
        an element is a tag, or of spans a character."""
        found = marked(columns[0])
        line = _line_of(frames) or _bare(found)
        rows, lost = [], []
        for one, starts_L, ends_L in zip(found, line.starts, line.ends, strict=True):
            tags, missed = self._numbers(one or Marked(spans=[]), starts_L, ends_L)
            rows.append(tags)
            lost.append(missed)
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
        values = np.concatenate(rows) if rows else np.empty(0)
        return {"tag": Ragged(values.astype(np.int16), offsets), "lost": np.array(lost, np.int64)}

    def _numbers(self, one: Marked, starts_L: np.ndarray, ends_L: np.ndarray) -> tuple[np.ndarray, int]:
        length, lost = len(starts_L), 0
        if one.spans is None:
            spans = _read_tags(one.tags or [], self.state["scheme"])
            lost = sum(end > length for _start, end, _label in spans)
            spans = [span for span in spans if span[1] <= length]
        else:
            spans, _widened, lost = on_elements(one.spans, starts_L, ends_L)
        number = {label: at for at, label in enumerate(self.state["types"])}
        tags_L = np.zeros(length, np.int64)
        for start, stop, label in spans:
            at = number.get(label)
            if at is None:
                lost += 1
            elif self.of_words:
                tags_L[start:stop] = at
            else:
                tags_L[start:stop] = 2 + 4 * at
                tags_L[start], tags_L[stop - 1] = 1 + 4 * at, 3 + 4 * at
                if stop - start == 1:
                    tags_L[start] = 4 + 4 * at
        return tags_L, lost

    def lengths(self, stored: Arrays) -> np.ndarray:
        tag = stored["tag"]
        assert isinstance(tag, Ragged)
        return np.diff(tag.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> dict[str, Any]:
        tag, lost = stored["tag"], stored["lost"]
        assert isinstance(tag, Ragged) and not isinstance(lost, Ragged)
        offsets, rows = tag.offsets, np.asarray(rows)
        counts_B = offsets[rows + 1] - offsets[rows]
        places = [np.arange(int(offsets[row]), int(offsets[row + 1])) for row in rows.tolist()]
        tag_T = tag.values[np.concatenate(places)] if places else tag.values[:0]
        column = {"tag": carried(tag_T.astype(np.int64), device)}
        lost_B = torch.as_tensor(np.asarray(lost))[torch.from_numpy(rows)].to(device)
        return {"tags": trees.Rows(column, carried(counts_B.astype(np.int64), device)), "lost": lost_B}

    def facts(self) -> dict[str, Any]:
        return {"num_types": len(self.state["types"]), "scheme": self.state["scheme"]} if self.state else {}

    def target_spec(self) -> dict[str, Any]:
        """`starts` and `ends` (K): which tags may stand first and last; `follows` (K, K): which column's may follow a row's."""
        begins_K, ends_K, kind_K = self.outline()
        outside_K = kind_K < 0
        free_from_K, free_to_K = ends_K | outside_K, begins_K | outside_K  # nothing is open after it, before it
        follows_KK = free_from_K[:, None] & free_to_K
        follows_KK |= (~free_from_K[:, None] & ~free_to_K) & (kind_K[:, None] == kind_K)
        return {"starts": free_to_K.tolist(), "ends": free_from_K.tolist(), "follows": follows_KK.tolist()}

    def outline(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of each tag: whether an entity begins at it, whether one ends at it (bool, K), its type (int64, K), -1 for none."""
        tags, types = self.state["tags"], self.state["types"]
        if self.of_words:
            return np.ones(len(tags), bool), np.ones(len(tags), bool), np.arange(len(tags))
        prefix_K = np.array([tag[0] for tag in tags])
        kind_K = np.concatenate([[-1], np.repeat(np.arange(len(types)), 4)])
        return np.isin(prefix_K, ["B", "S"]), np.isin(prefix_K, ["E", "S"]), kind_K

    @property
    def num_statistics(self) -> int:
        return 3 * len(self.state["types"])

    # -- answers -----------------------------------------------------------------------------------------------------
    def answers(self, outputs: Chained) -> trees.Rows:
        """A tag for each element, of the sequence of the highest score, and how likely each is on its own."""
        outputs = outputs._replace(emissions=outputs.emissions.float())
        tag_BL, lengths_B = chain.best(*outputs), outputs.lengths
        score_BL = chain.marginals(*outputs).gather(2, tag_BL.unsqueeze(2)).squeeze(2)
        real_BL = torch.arange(tag_BL.shape[1], device=tag_BL.device) < lengths_B[:, None]
        return trees.Rows({"tag": tag_BL[real_BL], "score": score_BL[real_BL]}, lengths_B)

    def graphed(self, outputs: Chained) -> dict[str, torch.Tensor]:
        """Scores of tags; the best sequence is found by whoever asks the graph."""
        return outputs._asdict()

    def from_graph(self, outputs: Mapping[str, torch.Tensor]) -> trees.Rows:
        return self.answers(Chained(**outputs))

    def graph_axes(self) -> dict[str, dict[int, str]]:
        return {"emissions": {1: "length"}}

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        return {"kind": "tags", "code": ["tags"], "tags": self.state["tags"], "of_words": self.of_words}

    def given(self, answers: trees.Rows) -> dict[str, Any]:
        return {"tags": trees.Rows({"tag": answers.columns["tag"]}, answers.counts), "lost": torch.zeros_like(answers.counts)}

    def restore(self, answers: trees.Rows, *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        """`{"entities": [{"start", "end", "label", "text", "score"}]}`, characters of the given text, the score being the
        least of its elements'; of words `{"tags": […], "words": […], "scores": […]}`."""
        line = _line_of(frames) or _counted(answers.counts.tolist())
        return [self._told(one, line, row) for row, one in enumerate(answers.each())]

    def _told(self, one: dict[str, Any], line: Line, row: int) -> dict[str, Any]:
        tags = one["tag"].tolist()
        starts, ends = line.starts[row].tolist(), line.ends[row].tolist()
        text = line.texts[row] if line.texts else ""
        scores = one["score"].tolist() if "score" in one else None
        if self.of_words:
            told: dict[str, Any] = {"tags": [self.state["tags"][tag] for tag in tags]}
            told["words"] = [text[start:end] for start, end in zip(starts, ends, strict=True)]
            return told if scores is None else told | {"scores": scores}
        entities = []
        for first, stop, label in self.spans(tags):
            start, end = starts[first], ends[stop - 1]
            entity = {"start": start, "end": end, "label": label, "text": text[start:end]}
            entities.append(entity if scores is None else entity | {"score": min(scores[first:stop])})
        return {"entities": entities}

    def spans(self, tags: Sequence[int]) -> list[Span]:
        """The entities of numbered tags, on elements."""
        if self.of_words:
            return [(at, at + 1, self.state["tags"][tag]) for at, tag in enumerate(tags)]
        return spans_of([self.state["tags"][tag] for tag in tags])

    def known(self, truth: dict[str, Any], *, frames: Mapping[str, Frame] = NOTHING) -> list[dict[str, Any]]:
        return self.restore(truth["tags"], frames=frames)

    def ideal(self, truth: dict[str, Any]) -> trees.Rows:
        """The true tags, certain; entities that no element tells stay missed."""
        tag_T = truth["tags"].columns["tag"]
        return trees.Rows({"tag": tag_T, "score": torch.ones(len(tag_T), device=tag_T.device)}, truth["tags"].counts)

    def drawn(
        self, told: Any, *, columns: Sequence[Column], row: int, frames: Mapping[str, Frame] = NOTHING, over: str = ""
    ) -> str:
        """The text with those entities marked that an evaluation tells of: first element, the one after the last, type."""
        line = _line_of(frames)
        if line is None or not line.texts or not isinstance(told, list):
            return ""
        text, out, at = line.texts[0], [], 0
        for first, stop, label in told:
            start, end = int(line.starts[0][first]), int(line.ends[0][stop - 1])
            name = f'<small style="opacity:.75"> {html.escape(label)}</small>'
            out += [html.escape(text[at:start]), f"<mark>{html.escape(text[start:end])}{name}</mark>"]
            at = end
        return f"<span>{''.join(out)}{html.escape(text[at:])}</span>"

    def apart(self, left: trees.Rows, right: trees.Rows) -> torch.Tensor:
        """The largest difference of the elements' scores; infinite where a tag differs."""
        found = []
        for one, other in zip(left.each(), right.each(), strict=True):
            if len(one["tag"]) != len(other["tag"]) or not torch.equal(
                torch.as_tensor(one["tag"]), torch.as_tensor(other["tag"])
            ):
                found.append(torch.inf)
            else:
                mine, theirs = (torch.as_tensor(each["score"]).detach().double() for each in (one, other))
                apart = (mine - theirs).abs()
                found.append(float(apart.nan_to_num(nan=torch.inf).max()) if len(apart) else 0.0)
        return torch.tensor(found, dtype=torch.float64)

    # -- towards people ----------------------------------------------------------------------------------------------
    def render(self, columns: Sequence[Column], row: int) -> str:
        (one,) = marked(columns[0].take(np.array([row])))
        if one is None or one.fault:
            return "<p>–</p>"
        if one.tags is not None:
            return f"<p>{html.escape(' '.join(one.tags)[:300])}</p>"
        told = ", ".join(f"{label} {start}–{end}" for start, end, label in one.spans or ())
        return f"<p>{html.escape(told[:300]) or '–'}</p>"

    def schema(self) -> dict[str, Any]:
        if self.state and self.of_words:
            return {"type": "array", "items": {"enum": self.state["tags"]}}
        entity = {"start": {"type": "integer"}, "end": {"type": "integer"}, "label": {"enum": self.state.get("types", [])}}
        return {"type": "array", "items": {"type": "object", "properties": entity}}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """How often each type occurs, and in how many examples something is marked."""
        found = [one for one in marked(cells.sample(columns[0], 5000)) if one is not None and not one.fault]
        scheme = self.state.get("scheme", "")
        spans = [one.spans if one.spans is not None else _read_tags(one.tags or [], scheme) for one in found]
        counts = Counter(label for row in spans for _start, _end, label in row)
        known = self.state.get("types", sorted(counts))
        return {"count": len(columns[0]), "marked": sum(map(bool, spans)), "types": {label: counts[label] for label in known}}


def _read_tags(tags: Sequence[str], scheme: str) -> list[Span]:
    """Entities of one example's tags."""
    if scheme == "words":
        return [(at, at + 1, tag) for at, tag in enumerate(tags)]
    return spans_of(tags)


def _line_of(frames: Mapping[str, Frame]) -> Line | None:
    """Where the elements of the one input lie that has a line."""
    return next((frame for frame in frames.values() if isinstance(frame, Line)), None)


def _bare(found: Sequence[Marked | None]) -> Line:
    """Elements where no text is known: tags, or characters up to where the last span ends."""
    marks = [one or Marked(spans=[]) for one in found]
    ends = [max((end for _start, end, _label in one.spans or ()), default=0) for one in marks]
    return _counted([end if one.tags is None else len(one.tags) for one, end in zip(marks, ends, strict=True)])


def _counted(counts: Sequence[int]) -> Line:
    return Line([np.arange(count) for count in counts], [np.arange(1, count + 1) for count in counts])
