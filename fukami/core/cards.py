"""The folder is the registry: a file's `CARD`, a call with literals only, is read without importing the file.

`models/vit.py` is the model `vit`; what takes several files has a folder of its own, with the card in the file that is called
after the room: `fields/image/field.py` is the field `image`. Listing models must not cost an import of torch (seconds), so the
card is read from the source with `ast`; the module is imported when the thing itself is used.

>>> cards("tasks")["image-classification"].needs
'vector'
"""

import ast
import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from fukami.core import rooms
from fukami.core.errors import unknown
from fukami.core.language import N_, _
from fukami.core.rooms import File


@dataclass(frozen=True, kw_only=True)
class Card:
    """What every card says: the name users type, and one sentence."""

    name: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class TaskCard(Card):
    """A task: the kinds of its inputs and targets, the feature kind it needs, and how it is judged."""

    inputs: tuple[str, ...]
    """Kinds of the input fields, e.g. `("image",)`."""
    targets: tuple[str, ...]
    """Kinds of the target fields, e.g. `("category",)`."""
    needs: str
    """What a model must give: features of a kind (vector, sequence, grid, pyramid, nodes), or the kind of target itself, for
    models that are whole: they know their own losses and answers."""
    headline: str
    """The metric that models are compared by, and that early stopping watches unless told otherwise."""
    also: tuple[str, ...] = ()
    """Further metrics, in the order of the report."""
    baselines: tuple[str, ...] = ()
    """Names of files in `evaluate/baselines/`, shown beside every metric."""
    recipe: str = ""
    """The default recipe, `file/function` in `recipes/`."""
    takes: str = ""
    """The kind of input that the model is asked about, where it is not the inputs' own."""
    optional: tuple[str, ...] = ()
    """Kinds of targets that examples may lack: normal examples alone are learned from, say, and faults are known only later."""
    validates: str = "headline"
    """What validation watches: the `headline`, the `loss` where answers are dear, `nothing` where neither tells the best."""
    most_judged: int = 0
    """Most held-out examples that are answered for a judgement, where answers are dear; 0 for all. What is left out is told."""
    without: dict[str, str] = field(default_factory=dict)
    """Verbs that have no meaning for the task, each with the reason, which is what is said when they are asked for."""
    exempt: dict[str, str] = field(default_factory=dict)
    """Laws that do not apply, each with the reason; the law suite prints them."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of everything that an example of it holds."""
        return (*self.inputs, *self.targets)

    @property
    def asked(self) -> str:
        """The kind of input that a model of it reads; of several, their kinds in order: `text+text`."""
        return self.takes or "+".join(self.inputs)


@dataclass(frozen=True, kw_only=True)
class ModelCard(Card):
    """A family of models: what it takes and gives, its sizes as data, and where it comes from."""

    takes: tuple[str, ...]
    """Kinds of input field it can read: image, text, row; of several inputs, which it takes by name, `image+text`."""
    gives: tuple[str, ...]
    """Kinds of features it can give; a kind of target where it is a whole model."""
    only: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Kind of input → the kinds it gives for it, where those are fewer."""
    sizes: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Size name → options of `build`. Empty where the family has no sizes."""
    size: str = ""
    """The size used when none is named."""
    parameters: dict[str, dict[str, int]] = field(default_factory=dict)
    """Kind of input → size → learned numbers for `models.registry.reference`, without the head, so that a list costs no build.
    A law compares them with the networks; where they are left out they are counted."""
    kin: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Names of further families in the same file → what their cards say otherwise; `build` is then told its `family`."""
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Well-known names of single networks of the family (`resnet18`) → options of `build`; they can be typed as they are."""
    small: dict[str, Any] = field(default_factory=dict)
    """Options that make its first size small enough for laws, which build and train it in seconds; empty where it is so."""
    quick_for: tuple[str, ...] = ()
    """Kinds of input for which laws of tasks take it, as it learns something in a moment. Elsewhere they take the smallest."""
    typical_for: tuple[str, ...] = ()
    """Kinds of input for which it stands in tests of what follows a training: one with a grid, with attention, with neither."""
    options: dict[str, Any] = field(default_factory=dict)
    """Every further option of `build` with its default; `--set depth=4` reaches them."""
    learning: dict[str, Any] = field(default_factory=dict)
    """Recipe settings under which the family learns well, unless the user says otherwise, e.g. `{"learning_rate": 1e-3}`."""
    fitted: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Kind of input → such settings where the weights are found at once, by the file's `fit`, rather than in steps."""
    fine_tuning: dict[str, Any] = field(default_factory=dict)
    """Recipe settings that go before `learning` where the weights are pretrained."""
    image: dict[str, Any] = field(default_factory=dict)
    """Pictures: `min_size_px` (smaller ones are enlarged to it), `multiple_px`; below `least_size_px` it cannot be built."""
    source: str = ""
    """The paper, and the library that the code comes from."""
    licence: str = "Apache-2.0"
    library: str = ""
    """Name of the adapter's card, where networks and pretrained weights come from a library: timm, hf."""
    prefix: str = ""
    """For adapters of a library: `timm:` makes every name of that library a model."""
    exempt: dict[str, str] = field(default_factory=dict)
    """Laws that do not apply, each with the reason."""

    def fits(self, takes: str, needs: str) -> bool:
        """Whether it reads inputs of kind `takes` and gives features of kind `needs` for them."""
        return takes in self.takes and needs in self.only.get(takes, self.gives)


@dataclass(frozen=True, kw_only=True)
class MetricCard(Card):
    """A metric: what it judges, which way is better, its range and unit."""

    label: str = ""
    """What people call it; its name where it is empty."""
    of: tuple[str, ...]
    """Kinds of target field it applies to."""
    higher_is_better: bool
    low: float | None = 0.0
    high: float | None = 1.0
    unit: str = ""
    """Empty for a ratio; `target` where it has the unit of the target; `score` for what is no share of anything (AUC, F1)."""
    least_outputs: int = 1
    """Fewest classes, or other outputs of the target, with which it says anything; with fewer it is left out."""
    sentence: str = ""
    """How a result is told to people, with `{value}` and `{examples}`; a general sentence is used where it is empty."""


@dataclass(frozen=True, kw_only=True)
class LossCard(Card):
    """A loss: the kinds of target field it can judge."""

    of: tuple[str, ...]
    """Kinds of target field it applies to."""


@dataclass(frozen=True, kw_only=True)
class BaselineCard(Card):
    """A simple answer that models are compared with."""

    of: tuple[str, ...]
    """Kinds of target field it applies to."""
    needs: str = ""
    """The method of the input fields that it takes features from; empty where it looks at targets only."""
    network: bool = False
    """Whether it asks the network that is judged, with weights that have learned nothing."""
    bound: bool = False
    """Whether it is no rival but the best that there can be: other true pictures, say. It is told beside the others."""


@dataclass(frozen=True, kw_only=True)
class SymptomCard(Card):
    """A usual cause of a training that does not learn, in `engine/diagnosis/symptoms/`."""

    explains: tuple[str, ...] = ()
    """Symptoms that follow from this one: where it is found, they are told after it."""
    trials: int = 0
    """Short trainings that the look for it may take. The cheap ones come first, so that time runs out on the others."""


@dataclass(frozen=True, kw_only=True)
class MethodCard(Card):
    """A way to explain an answer, in `explain/methods/`."""

    asks: str
    """What it asks of a kind of input, one of `FieldCard.offers`: it explains every kind that offers it."""
    looks_at: str = "answers"
    """What it needs of the network: its `answers` to changed inputs, its `gradients`, or more (`grid`, `attention`)."""
    scope: str = "input"
    """`input` where it explains one answer, `set` where it speaks of many examples together."""
    source: str = ""
    """The paper, and the library that the code comes from."""


@dataclass(frozen=True, kw_only=True)
class FormatCard(Card):
    """A form in which a run leaves Fukami, in `export/formats/`."""

    file: str
    """What is written: the name of its main file."""
    extra: str = ""
    """The extra of the package that brings the libraries for it."""
    packages: tuple[str, ...] = ()
    """What has to be installed where the file is used, beside what reading the inputs needs."""
    standalone: bool = False
    """Whether a `predict.py` goes with it, which needs neither Fukami nor torch."""
    fixed: bool = False
    """Whether its tensors never vary in size: one example at a time, texts at their longest."""
    use: dict[str, str] = field(default_factory=dict)
    """How the main file is used, as lines of code; by the library that loads it where there are several, else under ``."""
    source: str = ""
    """Where the format is described."""


@dataclass(frozen=True, kw_only=True)
class CompressionCard(Card):
    """A way to make a run smaller or faster, in `compress/ways/`."""

    flag: str
    """How it is asked for on the command line, e.g. `--to int8`."""
    learns: bool = False
    """Whether it trains a network. One such way goes first; the others write one down in another number format."""
    extra: str = ""
    """The extra of the package that brings the libraries for it."""
    source: str = ""
    """The paper, and the library that the code comes from."""

    @property
    def option(self) -> str:
        """The option behind the flag: `to`, `prune`."""
        return self.flag.split()[0].removeprefix("--")


@dataclass(frozen=True, kw_only=True)
class FieldCard(Card):
    """One kind of data: how many columns of a table it reads, what people call them, and which files hold it."""

    columns: str = "one"
    """`one`; `many`: every column that nothing else claims, a matrix being a column for each of its own; or `none`: nothing is
    read, since its values are drawn."""
    usual_inputs: tuple[str, ...] = ()
    """What people call a column of this kind that is an input, as `data/names.py` compares names."""
    usual_targets: tuple[str, ...] = ()
    """What people call a column of this kind that is to be predicted. A kind without any is never a target by itself."""
    extensions: tuple[str, ...] = ()
    """Endings of files that hold one example each, in lower case and with their dot."""
    reference: str = ""
    """The inputs that parameters of models are counted for, in words: `Spec.reference`."""
    files_are: str = "path"
    """What the cells of such files are: their `path`, their `text`, or a `document`, from which examples are cut."""
    offers: tuple[str, ...] = ()
    """What explanations can do with an example: take its `units` away, grow it along a `way`, see a `plane` or a `sequence` of
    elements in it, `exchange` units between examples; `fields/contract.py` says which methods that takes."""
    explained_by: tuple[str, ...] = ()
    """Ways to explain it: the usual one, and what is taken where a network does not allow that; the last asks for answers."""
    exempt: dict[str, str] = field(default_factory=dict)
    """Laws that do not apply, each with the reason."""
    like: tuple[str, ...] = ()
    """For targets: other kinds whose answers have the same form, so that what judges those (metrics, losses, baselines, details
    of an evaluation) judges these: a grade is judged like a number."""


@dataclass(frozen=True, kw_only=True)
class ColumnCard(Card):
    """One kind of column of a row."""

    code: tuple[str, ...] = ()
    """Files of `export/standalone/` and `fields/reading/` that read its cells."""


@dataclass(frozen=True, kw_only=True)
class DatasetCard(Card):
    """A public dataset: the task it is for, its size, licence and address."""

    task: str
    """The task it is usually used for."""
    examples: int
    licence: str
    """As its makers state it; "not stated" where they do not."""
    home: str  # the page that describes it
    names: str = ""
    """Of what a library makes under names of its own, as a regular expression; `knows` and `table` are then told the name."""
    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    """File name → `{"urls": [...], "sha256" or "md5": "…" where known, "bytes": n}`. Empty where a library brings it along."""
    copies: tuple[dict[str, str], ...] = ()
    """Other files in `FUKAMI_DATA` that serve as well: file name as in `files` (or one that `table` knows) → where it lies."""


_KINDS = {kind.__name__: kind for kind in Card.__subclasses__()}


def read_card(path: Path) -> Card | None:
    """The card of one source file, or None where it declares none."""
    for statement in _statements(path.read_text("utf-8"), str(path)):
        if isinstance(statement, ast.Assign) and getattr(statement.targets[0], "id", "") == "CARD":
            call = statement.value
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in _KINDS):
                raise TypeError(f"{path}: CARD is one call of {', '.join(_KINDS)}")
            return _KINDS[call.func.id](**{str(k.arg): ast.literal_eval(k.value) for k in call.keywords})
    return None


def _statements(source: str, name: str) -> list[ast.stmt]:
    """The statement that assigns the card, where it stands as the formatter leaves it; else every statement of the file.

    Parsing whole files costs ten times as much, and a prediction has only milliseconds.
    """
    start = source.find("\nCARD = ") + 1
    if not start:
        return []
    for end in _ENDS.finditer(source, start):
        try:
            return ast.parse(source[start : end.end()]).body
        except SyntaxError:
            continue
    return ast.parse(source, name).body


_ENDS = re.compile(r"^(?:CARD = .*|\).*)$", re.MULTILINE)
"""Lines with which a card may end: the one that it begins with, or one that begins with its closing bracket."""


@cache
def _at(path: Path) -> dict[str, Any]:
    """Card name → card, of one file, read once."""
    found = read_card(path) if path.is_file() else None
    if found is None:
        return {}
    kin = found.kin.items() if isinstance(found, ModelCard) else ()
    return {found.name: found} | {name: replace(found, name=name, **told) for name, told in kin}


def _scanned(room: str) -> dict[str, tuple[File, Any]]:
    """Card name → its file and itself, for every file of `room`."""
    return _read(room, rooms.state())


@cache
def _read(room: str, _state: object) -> dict[str, tuple[File, Any]]:
    found: dict[str, tuple[File, Any]] = {}
    for file in rooms.files(room).values():
        held = _at(file.path) if file.own else _brought(file, {type(card) for _file, card in found.values()})
        for name, card in held.items():
            if name in found:
                raise rooms.taken(name, found[name][0].path, file.path)
            found[name] = file, card
    return found


def _brought(file: File, usual: set[type[Card]]) -> dict[str, Any]:
    """The cards of a plugin's file, which have to be of those kinds that are `usual` in its room."""
    try:
        held = _at(file.path)
        if usual and not {type(card) for card in held.values()} <= usual:
            raise TypeError(f"CARD is a {' or a '.join(sorted(kind.__name__ for kind in usual))} here")
        return held
    except (OSError, SyntaxError, TypeError, ValueError) as error:
        raise rooms.broken(file.path, f"{type(error).__name__}: {error}") from error


def _found(room: str, name: str) -> tuple[File, Any] | None:
    """The file of the card called `name`, and the card. A file is mostly named after its card: then no other is opened."""
    stem = name.replace("-", "_")
    for file in rooms.own(room, stem) if stem.isidentifier() and not rooms.named() else ():
        held = _at(file.path)
        if name in held:
            return file, held[name]
    return _scanned(room).get(name)


def known(room: str, name: str) -> bool:
    """Whether there is a card of this name. Whole sentences and paths may be asked about: they open no file.

    >>> known("tasks", "image-classification"), known("tasks", "A fine film."), known("tasks", "x" * 20_000)
    (True, False, False)
    """
    return re.fullmatch(r"[\w-]{1,60}", name) is not None and _found(room, name) is not None


def cards(room: str) -> dict[str, Any]:
    """Card name → card, for every file of `room`, without importing any."""
    return _listed(room, rooms.state())


@cache
def _listed(room: str, _state: object) -> dict[str, Any]:
    return {name: card for name, (_file, card) in _scanned(room).items()}


_NOUNS = {
    "tasks": N_("task"),
    "models": N_("model"),
    "metrics": N_("metric"),
    "fields": N_("field"),
    "objectives": N_("loss"),
    "evaluate/baselines": N_("baseline"),
    "explain/methods": N_("method"),
    "export/formats": N_("format"),
    "compress/ways": N_("way to compress"),
}


def card(room: str, name: str) -> Any:
    """The card called `name`; an unknown name is answered with the nearest ones."""
    return _named(room, name)[1]


def load(room: str, name: str) -> ModuleType:
    """Imports the file whose card is called `name`."""
    return rooms.loaded(_named(room, name)[0])


def _named(room: str, name: str) -> tuple[File, Any]:
    found = _found(room, name)
    if found is None:
        noun = _NOUNS.get(room, room)
        raise unknown(_(noun), name, _scanned(room), code=f"F-{rooms.single(room).upper()}-NAME")
    return found


def alike(kind: str) -> tuple[str, ...]:
    """The kinds of target by whose metrics, losses and baselines one of `kind` is judged, itself first.

    >>> alike("number")
    ('number',)
    """
    return kind, *(card("fields", kind).like if known("fields", kind) else ())


def suits(told: MetricCard | LossCard | BaselineCard, kind: str) -> bool:
    """Whether a metric, a loss or a baseline applies to targets of that kind.

    >>> suits(card("metrics", "rmse"), "number"), suits(card("metrics", "rmse"), "category")
    (True, False)
    """
    return any(name in told.of for name in alike(kind))


METHODS = "explain/methods"


def methods_for(kind: str) -> dict[str, MethodCard]:
    """The ways to explain inputs of a kind, those that are taken by themselves first.

    >>> list(methods_for("row"))[:2], "grad-cam" in methods_for("text")
    (['shap', 'occlusion'], False)
    """
    told, known = card("fields", kind), cards(METHODS)
    names = dict.fromkeys((*told.explained_by, *known))
    return {name: known[name] for name in names if known[name].asks in told.offers}
