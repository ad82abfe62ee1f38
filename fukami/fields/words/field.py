"""Sentences as words: what is tagged word by word. N examples, B batch, L words of the longest sentence of the batch, F looks
at each word, C letters of the longest word.

A word is seen as its form, its shape, its beginning and its end, each a number from a vocabulary of its own, and letter by
letter. In all of them 0 is padding and 1 is what training did not show. Sentences come cut (lists of words) or as texts, which
`cutting` cuts; either way the field says where each word lies in the text, as characters.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa

from fukami.core.cards import FieldCard
from fukami.core.errors import DataError
from fukami.core.given import names_file
from fukami.core.language import _
from fukami.core.lazily import torch
from fukami.core.problems import Problem
from fukami.core.recipe import option
from fukami.core.tables import Column
from fukami.fields import cells
from fukami.fields.contract import NOTHING, Arrays, Field, InputField, Ragged, unportable
from fukami.fields.frame import Frame, Line
from fukami.fields.gather import carried
from fukami.fields.text.features import alike, hashed_features, learn_weights, simhash
from fukami.fields.text.tokenization import has_text, is_unspaced
from fukami.fields.units import Portrait, Units
from fukami.fields.words import explain
from fukami.fields.words.check import check_sentences
from fukami.fields.words.cutting import CUTS, Sentence, as_list, cut, given, looks
from fukami.fields.words.spec import Words, WordSpec

CARD = FieldCard(
    name="words",
    summary="a sentence whose words are tagged: a text, or a list of words",
    reference="20,000 words with 9,500 shapes, beginnings and ends, and 80 letters",
    exempt={"recognised": "a column of texts is a text, unless its words are to be tagged"},
    usual_inputs=(
        "words", "tokens", "text", "sentence", "sentences", "token", "content", "document", "本文", "文", "文章", "テキスト",
        "単語",
    ),
    extensions=(".txt",),
    files_are="text",
    offers=("units",),
    explained_by=("occlusion",),
)  # fmt: skip

MOST_WORDS = 1000
LETTERS = 20
"""Letters of a word that are looked at: of longer ones the first and the last."""
NEARLY_SAME = 0.9
SHOWN = 300


@dataclass(frozen=True)
class WordsField(InputField):
    """Sentences as numbers for words and letters.

    >>> column = Column("words", pa.array([["EU", "rejects"], ["Peter", "Blackburn", "."]]))
    >>> words = WordsField().learn([column])
    >>> batch = words.batch(words.encode([column]), np.array([0, 1]))
    >>> batch.looks.shape, batch.letters.shape, batch.lengths.tolist()
    (torch.Size([2, 3, 6]), torch.Size([2, 3, 20]), [2, 3])
    """

    @dataclass(frozen=True)
    class Options:
        cut: str = option(
            "auto",
            "How a text is cut: words, pieces (runs of letters or digits), spaces, characters. Lists stay as they are.",
            choices=("auto", "words", "pieces", "spaces", "characters"),
        )
        lowercase: str = option(
            "yes", "Read capitals as small letters in whole words; shape and letters keep them.", choices=("yes", "no")
        )
        digits: str = option("yes", "Read every digit as 0 in whole words; letters keep them.", choices=("yes", "no"))
        min_count: int = option(1, "Words seen less often in training are unknown.", low=1)
        word_dropout: float = option(
            0.0, "How readily a rare word is hidden in training: one seen n times with probability x / (x + n).", low=0, high=10
        )
        max_words: int = option(0, "Longer sentences are cut; 0 for 1,000 words.", low=0)

    kind: ClassVar[str] = "words"
    Spec: ClassVar[type] = WordSpec
    varied: ClassVar[dict[str, Any]] = {"word_dropout": 2.0}
    near_bits: ClassVar[int] = 6
    longest: ClassVar[int] = MOST_WORDS
    """Words of a sentence that are read where nobody says how many."""
    name: str = "words"
    options: Options = Options()
    state: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def specimens(cls, hidden: np.ndarray, rng: np.random.Generator) -> list[Column]:
        """Sentences of 3 to 8 words, the first of which tells the class; some words carry a capital."""
        plain = ["sun", "moon", "tree", "river", "stone", "cloud", "Bird", "Fish", "road", "lamp"]
        telling = ["Ada", "bora", "Ciro", "dune", "Evan", "faro"]
        rows = [[telling[int(k) % 6], *rng.choice(plain, int(rng.integers(2, 8))).tolist()] for k in hidden]
        return [Column("words", pa.array(rows))]

    # -- raw cells ---------------------------------------------------------------------------------------------------
    @classmethod
    def recognise(cls, column: Column) -> float:
        if column.is_array and column.values.dtype.kind not in "OUST":
            return 0.0
        if not column.is_array and not _holds_texts(column.values.type):
            return 0.0
        found = [value for value in given(cells.sample(column)) if value]
        if not found:
            return 0.0
        lists = [value for value in found if not isinstance(value, str)]
        if lists:
            # a list of words repeats itself less than a list of tags, and its words have no prefix of a scheme
            words = [word for value in lists for word in value]
            tagged = sum(word == "O" or (word[1:2] in "-_" and word[:1] in "BIESLUM") for word in words) / max(1, len(words))
            return float(0.95 * min(1.0, 2 * len(set(words)) / max(1, len(words)) + 0.3) * (tagged < 0.5))
        texts = [value for value in found if isinstance(value, str)]
        wordy = sum(len(text.split()) > 3 or is_unspaced([text]) for text in texts) / len(texts)
        return 0.1 + 0.5 * wordy + 0.3 * len(set(texts)) / len(texts)

    def check(self, columns: Sequence[Column]) -> Iterator[Problem]:
        yield from check_sentences(columns[0], self.most, self.sentences(columns))

    def usable(self, columns: Sequence[Column]) -> np.ndarray:
        found = given(columns[0])
        return np.fromiter((has_text(_text(value)) for value in found), dtype=bool, count=len(found))

    def fingerprint(self, columns: Sequence[Column]) -> np.ndarray:
        return cells.hashes(_written(value).encode("utf-8", "surrogatepass") for value in given(columns[0]))

    def near_fingerprint(self, columns: Sequence[Column]) -> np.ndarray | None:
        texts = [_text(value) for value in given(columns[0])]
        return simhash(texts, unspaced=is_unspaced(texts[:1000]))

    def nearly_same(self, columns: Sequence[Column], left: np.ndarray, right: np.ndarray) -> np.ndarray:
        rows, index = np.unique(np.concatenate([left, right]), return_inverse=True)
        texts = [_text(value) for value in given(columns[0].take(rows))]
        return alike(texts, *index.reshape(2, -1), unspaced=is_unspaced(texts[:1000])) > NEARLY_SAME

    def gather(self, values: Sequence[Any]) -> list[Column]:
        """Texts, lists of words, JSON lists of them, or paths of text files."""
        found = [_content(value) for value in values]
        if all(not isinstance(value, str) for value in found):
            return [Column(self.name, pa.array(found, pa.list_(pa.string())))]
        return [Column(self.name, pa.array([_written(value) for value in found], pa.string()))]

    def example(self) -> str:
        return "text.txt"

    @property
    def most(self) -> int:
        """Words of a sentence that are read."""
        return self.state.get("max_words", 0) or self.options.max_words or self.longest

    # -- learning and storing ----------------------------------------------------------------------------------------
    def cut_by(self, columns: Sequence[Column]) -> str:
        """How texts are cut: as the options say, as was learned, or by what these cells are."""
        if self.options.cut != "auto" or self.state:
            return self.state.get("cut", self.options.cut)
        some = given(cells.sample(columns[0], 1000))
        texts = [_text(value) for value in some]
        if any(not isinstance(value, str) for value in some if value):
            # lists of single characters are what a text of them will be cut into
            words = [word for value in some if value and not isinstance(value, str) for word in value]
            return "characters" if is_unspaced(texts) and sum(map(len, words)) < 1.2 * len(words) else "words"
        return "characters" if is_unspaced(texts) else "pieces"

    def sentences(self, columns: Sequence[Column], most: int = 0) -> list[Sentence]:
        """The cells, cut, each into at most `most` words."""
        way = self.cut_by(columns)
        return [cut(value, way, most) for value in given(columns[0])]

    def learn(self, columns: Sequence[Column], *, seed: int = 0, beside: Mapping[str, Field] = NOTHING) -> Self:
        """Learns how to cut, the vocabulary of each look with its counts, and the letters."""
        way, most = self.cut_by(columns), self.most
        sentences = [sentence.words for sentence in self.sentences(columns, most)]
        seen = [one for words in sentences for one in self._looks(words, way)]
        if not seen:
            raise DataError("F-TEXT-MISSING", _("no example has a text"), where=cells.place(columns[0]))
        least = self.options.min_count
        counts = [Counter(values) for values in zip(*seen, strict=True)]
        # a beginning, a pair or a shape that one word alone has says what the word says
        kept = [[(v, n) for v, n in c.most_common() if n >= (least if f == 0 else 2)] for f, c in enumerate(counts)]
        letters = Counter(letter for words in sentences for word in words for letter in word)
        single = way == "characters" and sum(letters.values()) <= 1.05 * len(seen)
        texts = [_text(value) for value in given(cells.sample(columns[0], 20_000))]
        unspaced = is_unspaced(texts[:1000])
        state = {
            "cut": way,
            "max_words": most,
            "looks": [[value for value, _count in one] for one in kept],
            "counts": [[count for _value, count in one] for one in kept],
            "letters": [] if single else sorted(letter for letter, count in letters.items() if count > 1),
            "unspaced": unspaced,
            "weights": learn_weights(texts, unspaced=unspaced),
        }
        return replace(self, state=state)

    def _looks(self, words: list[str], way: str) -> list[tuple[str, ...]]:
        return looks(words, way, lowercase=self.options.lowercase == "yes", digits=self.options.digits == "yes")

    def stored_as(self) -> dict[str, Any]:
        names = ("cut", "max_words", "looks", "letters")
        shaping = {"lowercase": self.options.lowercase, "digits": self.options.digits}
        return shaping | {name: self.state.get(name) for name in names}

    def encode(self, columns: Sequence[Column], *, frames: Mapping[str, Frame] = NOTHING) -> Arrays:
        """`looks` (T, F) and `letters` (T, C) of the words of all sentences, ragged. Nothing at all is one unknown word."""
        numbers = [{value: at + 2 for at, value in enumerate(values)} for values in self.state["looks"]]
        letters = {letter: at + 2 for at, letter in enumerate(self.state["letters"])}
        known: dict[str, list[int]] = {}
        rows_F, rows_C, lengths = [], [], []
        for sentence in self.sentences(columns, self.state["max_words"]):
            words = sentence.words or [""]
            lengths.append(len(words))
            rows_F += [
                [numbered.get(value, 1) for numbered, value in zip(numbers, seen, strict=True)]
                for seen in self._looks(words, self.state["cut"])
            ]
            for word in words if letters else ():
                if word not in known:
                    known[word] = _spelt(word, letters)
                rows_C.append(known[word])
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        looks_TF = np.array(rows_F, np.int32).reshape(offsets[-1], len(numbers))
        stored: Arrays = {"looks": Ragged(looks_TF, offsets)}
        if letters:
            stored["letters"] = Ragged(np.array(rows_C, np.uint16).reshape(offsets[-1], LETTERS), offsets)
        return stored

    def frame(self, columns: Sequence[Column]) -> Line:
        """Where each word lies in its text, as characters; of a list of words in their text with blanks between."""
        found = self.sentences(columns, self.most)
        starts = [one.starts if len(one.starts) else np.zeros(1, np.int64) for one in found]
        ends = [one.ends if len(one.ends) else np.zeros(1, np.int64) for one in found]
        return Line(starts, ends, tuple(one.text for one in found))

    def lengths(self, stored: Arrays) -> np.ndarray:
        found = stored["looks"]
        assert isinstance(found, Ragged)
        return np.diff(found.offsets)

    def batch(self, stored: Arrays, rows: np.ndarray, device: torch.device | str = "cpu") -> Words:
        """Padded to the longest of these sentences."""
        found, letters = stored["looks"], stored.get("letters")
        assert isinstance(found, Ragged)
        starts = found.offsets[rows]
        lengths_B = found.offsets[np.asarray(rows) + 1] - starts
        step_L = np.arange(lengths_B.max() if len(lengths_B) else 0)
        real_BL = step_L < lengths_B[:, None]
        at_BL = np.where(real_BL, starts[:, None] + step_L, 0)
        looks_BLF = np.where(real_BL[:, :, None], found.values[at_BL], 0).astype(np.int64)
        letters_BLC = np.zeros((*real_BL.shape, 0), np.int64)
        if isinstance(letters, Ragged):
            letters_BLC = np.where(real_BL[:, :, None], letters.values[at_BL], 0).astype(np.int64)
        return Words(carried(looks_BLF, device), carried(letters_BLC, device), carried(lengths_B.astype(np.int64), device))

    def augment(self, batch: Words, rng: torch.Generator) -> Words:
        """Hides rare words, and whatever else of a look is rare, as the unknown one, each independently."""
        strength = self.options.word_dropout
        if not strength:
            return batch
        looks_BLF = batch.looks.clone()
        for f, counts in enumerate(self.state["counts"]):
            hidden_V = strength / (strength + torch.tensor([1e12, 1e12, *counts], device=rng.device))
            values_BL = looks_BLF[:, :, f].to(rng.device)
            hide_BL = torch.rand(values_BL.shape, generator=rng, device=rng.device) < hidden_V[values_BL]
            looks_BLF[:, :, f].masked_fill_((hide_BL & (values_BL > 1)).to(looks_BLF.device), 1)
        return batch._replace(looks=looks_BLF)

    # -- towards models and people -----------------------------------------------------------------------------------
    def spec(self) -> WordSpec:
        letters = len(self.state["letters"])
        return WordSpec(tuple(len(values) + 2 for values in self.state["looks"]), letters + 2 if letters else 0)

    @classmethod
    def blank(
        cls, spec: WordSpec, count: int, *, rng: torch.Generator | None = None, device: torch.device | str = "cpu"
    ) -> Words:
        """Drawn ones have seven words or fewer; without a generator every word is unknown."""
        lengths_B = torch.tensor([7, 1, 4, 2, 6] if rng is not None else [8]).repeat(count)[:count]
        longest, most = int(lengths_B.max()) if count else 0, LETTERS if spec.letters else 0
        sizes_F = torch.tensor(spec.sizes)
        looks_BLF = torch.ones(count, longest, len(spec.sizes), dtype=torch.int64)
        letters_BLC = torch.ones(count, longest, most, dtype=torch.int64)
        if rng is not None:
            looks_BLF = 1 + (torch.rand(looks_BLF.shape, generator=rng) * (sizes_F - 1)).long()
            letters_BLC = 1 + (torch.rand(letters_BLC.shape, generator=rng) * (spec.letters - 1)).long()
            spelt_BL1 = torch.randint(1, LETTERS + 1, (count, longest, 1), generator=rng)
            letters_BLC = letters_BLC.masked_fill(torch.arange(most) >= spelt_BL1, 0)
        beyond_BL1 = (torch.arange(longest) >= lengths_B[:, None]).unsqueeze(2)
        looks_BLF, letters_BLC = (batch.masked_fill(beyond_BL1, 0) for batch in (looks_BLF, letters_BLC))
        return Words(looks_BLF.to(device), letters_BLC.to(device), lengths_B.to(device))

    def plain_features(self, columns: Sequence[Column]) -> Any:
        texts = [_text(value) for value in given(columns[0])]
        return hashed_features(texts, unspaced=self.state["unspaced"], weights=self.state["weights"])

    def seen(self, columns: Sequence[Column]) -> list[list[tuple[str, ...]]]:
        """What is seen of each word of each sentence, for models that look at one at a time."""
        found = self.sentences(columns, self.state["max_words"])
        return [self._looks(one.words or [""], self.state["cut"]) for one in found]

    def render(self, columns: Sequence[Column], row: int) -> str:
        (value,) = given(columns[0].take(np.array([row])))
        text = _text(value)
        return f"<p>{html.escape(text[:SHOWN])}{'…' if len(text) > SHOWN else ''}</p>"

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "array"], "items": {"type": "string"}}

    def sketch(self, columns: Sequence[Column]) -> dict[str, Any]:
        """Of at most 5,000 sentences: words in each, and the share of unknown words."""
        column = cells.sample(columns[0], 5000)
        found = [_text(value) for value in given(column)]
        told: dict[str, Any] = {"count": len(columns[0]), "empty": sum(not has_text(text) for text in found)}
        if not self.state or not found:
            return told
        stored = self.encode([column])["looks"]
        assert isinstance(stored, Ragged)
        return told | {
            "length_quantiles": np.quantile(np.diff(stored.offsets), np.linspace(0, 1, 11)).tolist(),
            "unknown_share": float((stored.values[:, 0] == 1).mean()),
        }

    def portable(self, *, fixed: bool = False) -> dict[str, Any]:
        if fixed:
            raise unportable(self.kind)
        told = {name: self.state[name] for name in ("cut", "max_words", "looks", "letters")}
        shaping = {
            "lowercase": self.options.lowercase == "yes",
            "digits": self.options.digits == "yes",
            "most_letters": LETTERS,
        }
        code = {"code": ["words"], "pattern": CUTS[told["cut"]].pattern, "extensions": [".txt"], "example": "A text."}
        return {"kind": "words", "name": self.name, **code, **told, **shaping}

    def portable_frames(self) -> dict[str, Any]:
        return {"code": ["words_frames"]}

    def probes(self, folder: Path) -> list[Any]:
        """Texts and lists with whatever may be read another way, and some that cannot be used."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "odd.txt").write_text("A text\nof two lines", "utf-8")
        long = "word " * (self.state["max_words"] + 5)
        texts = [
            "",
            " \t",
            "Ａ ｶﾀｶﾅ １２３",
            "e\u0301cole naïve İstanbul ǅ",
            "U.S. 3,000$ don't all-rounder AT&T",
            "東京タワー、2024年。",
            "🙂 x",
            "x" * 60,
        ]
        return [*texts, long, '["New York", "is", ""]', str(folder / "odd.txt")]

    def as_inputs(self, columns: Sequence[Column], rows: np.ndarray, folder: Path) -> list[Any]:
        return given(columns[0].take(rows))

    def facts(self) -> dict[str, Any]:
        return {"cut": self.state["cut"], "num_words": len(self.state["looks"][0])} if self.state else {}

    # -- explaining an answer ----------------------------------------------------------------------------------------
    def units(self, batch: Words, columns: Sequence[Column]) -> Units:
        """Words, each with its place in the text."""
        (sentence,) = self.sentences(columns, self.state["max_words"])
        return explain.units_of(sentence)

    def without(self, batch: Words, units: Units, gone_PU: np.ndarray, filling: Any = None, draw: int = 0) -> Words:
        return explain.without(batch, gone_PU)

    def portrait(self, batch: Words, units: Units, weights_U: np.ndarray, detail: np.ndarray | None = None) -> Portrait:
        return explain.portrait(units, weights_U)


def _holds_texts(kind: pa.DataType) -> bool:
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.types.is_string(kind.value_type) or pa.types.is_large_string(kind.value_type)
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)


def _text(value: str | list[str] | None) -> str:
    return (value or "") if value is None or isinstance(value, str) else " ".join(value)


def _written(value: str | list[str] | None) -> str:
    """A cell as one text from which `given` reads it again."""
    import json

    return (value or "") if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _spelt(word: str, letters: dict[str, int]) -> list[int]:
    shown = word if len(word) <= LETTERS else word[: LETTERS // 2] + word[-LETTERS // 2 :]
    numbers = [letters.get(letter, 1) for letter in shown]
    return numbers + [0] * (LETTERS - len(numbers))


def _content(value: Any) -> str | list[str]:
    """The sentence that a value stands for: text, a list of words, or the path of a text file."""
    from fukami.fields.text.field import decoded

    if isinstance(value, list | tuple | np.ndarray):
        return ["" if word is None else str(word) for word in value]
    if isinstance(value, bytes):
        return decoded(value)
    if isinstance(value, Path) or (isinstance(value, str) and names_file(value, ".txt")):
        path = Path(value)
        if not path.is_file():
            raise DataError("F-TEXT-FILE", _("a text file cannot be read"), where=str(path), expected=_("a file that exists"))
        return decoded(path.read_bytes())
    if value is None or value != value:
        return ""
    if isinstance(value, dict):
        raise DataError(
            "F-TEXT-INPUT",
            _("an input is no text"),
            expected=_("a text, the path of a text file, or an object such as {example}").format(example='{"words": […]}'),
            got=type(value).__name__,
        )
    return as_list(str(value)) or str(value)
