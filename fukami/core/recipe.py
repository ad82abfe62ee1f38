"""Every choice of a training, as plain values: what `--set` changes, what `recipe.toml` holds, what a rerun repeats.

Each option is declared once, with its default, its sentence (the help and the documentation come from it) and its limits
(the messages come from them). Sections keep the file readable; names are unique, so `--set epochs=5` needs no section.
A field's own options (`size_px`, `flip`, …) are declared in the field's file and live in `[fields.NAME]`.

>>> recipe = Recipe(task="image-classification").changed({"epochs": "5", "learning_rate": "3e-4"})
>>> recipe.learning.epochs, recipe.learning.learning_rate
(5.0, 0.0003)
"""

import dataclasses
import math
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from fukami.core.cards import card, cards
from fukami.core.errors import UsageError, nearest
from fukami.core.language import _
from fukami.core.synonyms import likely


def option(
    default: Any,
    doc: str,
    *,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
    recommended: bool = False,
) -> Any:
    """Declares one option: its default, its sentence, and what it may be.

    `recommended`: the default stands for what the recipe recommends, so whoever types it has chosen nothing (auto always does).
    """
    told = {"doc": doc, "choices": choices, "low": low, "high": high, "open": recommended or default == "auto"}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: type(default)(default), metadata=told)
    return field(default=default, metadata=told)


@dataclass(frozen=True)
class DataChoices:
    """Where the examples come from and how they are divided."""

    source: str = option("", "The folder, file or public name of the data.")
    columns: dict = option({}, "Which column each input or target is read from.")
    ignore: list = option([], "Columns that are left out.")
    group: str = option("", "A column whose values never stand in two parts (a patient, a camera, a shop).")
    time: str = option("", "A column to split by: the oldest examples train, the newest test.")
    label_from: str = option("", "How file names hold the label, where folders do not, as {label}_{speaker}_*; * is anything.")
    groups: list = option([], "Columns for which the evaluation reports every metric by value.")
    valid_fraction: float = option(0.1, "Share of the examples kept for validation where the data names none.", low=0, high=0.9)
    test_fraction: float = option(
        0.2, "Share of the examples kept for the final test where the data names none.", low=0, high=0.9
    )
    folds: int = option(0, "Number of parts of a cross-validation; 0 for none.", low=0, high=100)
    limit: int = option(
        0, "For a quick trial: this many training examples, and as large a share of the held-out ones; 0 for all.", low=0
    )
    layout: str = option("auto", "How to read the data where two readings are possible.")
    encoding: str = option("auto", "The text encoding of a table; found out where it is auto.")
    delimiter: str = option("auto", "The character between the columns of a table.")
    sheet: str = option("", "The sheet of a spreadsheet; the only one that holds a table where it is empty.")
    header: str = option("auto", "Whether the first line of a table names its columns.", choices=("auto", "yes", "no"))


@dataclass(frozen=True)
class ModelChoices:
    """Which network, and what it starts from."""

    name: str = option("auto", "The model; auto takes the one that the recipe recommends for this data.")
    size: str = option("", "The size of the model; empty for the family's own default.")
    pretrained: str = option("auto", "Where the first weights come from: auto, no, yes, or the folder of a checkpoint.")
    freeze_epochs: float = option(1.0, "Epochs in which only the new head learns, where the weights are pretrained.", low=0)
    layer_decay: float = option(
        0.75,
        "Factor on the learning rate for each layer further from the head, where the weights are pretrained.",
        low=0.01,
        high=1,
    )
    prune: float = option(0.0, "Share of channels and hidden widths taken out of pretrained weights.", low=0, high=0.95)
    pruning: str = option(
        "structured", "Whether whole channels or single weights are taken out.", choices=("structured", "unstructured")
    )
    options: dict = option({}, "The family's own options, such as depth or dropout.")


@dataclass(frozen=True)
class LearningChoices:
    """How it learns. 0 and auto are replaced by what the recipe recommends; recipe.toml holds the result."""

    epochs: float = option(
        0.0, "How many times every training example is seen; 0 for the recommended number.", low=0, recommended=True
    )
    minutes: float = option(0.0, "Stop, with the schedule completed, within this many minutes; 0 for no limit.", low=0)
    batch_size: int = option(0, "Examples per step; 0 for the recommended number.", low=0, recommended=True)
    optimizer: str = option("adamw", "The optimiser.", choices=("sgd", "rmsprop", "adam", "adamw", "muon"))
    learning_rate: float = option(0.0, "The highest learning rate; 0 for the recommended one.", low=0, recommended=True)
    find_learning_rate: bool = option(False, "Measure the learning rate with a range test before the training.")
    momentum: float = option(0.9, "Momentum, for sgd, rmsprop and muon.", low=0, high=0.9999)
    weight_decay: float = option(0.01, "Decay of the weights (L2; decoupled in adamw and muon).", low=0)
    l1: float = option(0.0, "Weight of the L1 penalty on the weights.", low=0)
    schedule: str = option("one-cycle", "How the learning rate moves.", choices=("constant", "step", "cosine", "one-cycle"))
    warmup: float = option(0.2, "Share of the training in which the rate rises.", low=0, high=0.9)
    step_every: float = option(
        0.33, "For the step schedule: share of the training after which the rate falls tenfold.", low=0.01, high=1
    )
    clip_norm: float = option(1.0, "Gradients are scaled down to this norm; 0 for no limit.", low=0)
    ema: float = option(0.0, "Decay of the moving average of the weights that is evaluated; 0 for none.", low=0, high=0.99999)
    patience: int = option(0, "Stop after this many validations without improvement; 0 to run to the end.", low=0)
    keep_best: bool = option(True, "Keep the weights of the best validation rather than the last.")
    loss: str = option("auto", "The loss; auto takes the first one that the target offers.")
    label_smoothing: float = option(0.0, "Share of the target given to the other classes.", low=0, high=0.9)
    focal_gamma: float = option(2.0, "For the focal loss: how much easy examples are discounted.", low=0)
    huber_delta: float = option(
        1.0, "For the Huber loss: errors above it, in deviations of the target, count linearly.", low=1e-6
    )
    margin: float = option(
        0.0, "For losses of what is alike: how much nearer the same has to be than others; 0 for what the loss takes.", low=0
    )
    scale: float = option(
        0.0, "For losses of what is alike: what similarities are multiplied by, one over the temperature; 0 likewise.", low=0
    )
    imbalance: str = option(
        "auto",
        "What is done about rare classes; auto decides from the counts.",
        choices=("auto", "none", "weights", "resample"),
    )
    class_weights: dict = option(
        {},
        "How much an example of a class counts, such as yes=5,no=1; 1 for the others. It goes before the rule for rare ones.",
    )
    mixup: float = option(0.0, "Strength of mixup: each example is blended with another.", low=0)
    cutmix: float = option(0.0, "Strength of cutmix: a rectangle of each picture comes from another.", low=0)
    teacher: str = option("", "The folder of a run whose answers are learned from, besides the labels.")
    distill_weight: float = option(
        0.5, "With a teacher: share of its answers in the loss; the rest is for the labels.", low=0, high=1
    )
    distill_temperature: float = option(2.0, "With a teacher: how far its probabilities are softened.", low=0.01, high=100)
    distill_features: float = option(
        1.0, "With a teacher: weight of how alike it finds the examples of a batch; 0 for answers alone.", low=0
    )
    seed: int = option(0, "The number from which every draw of the training follows.", low=0)


@dataclass(frozen=True)
class PlanChoices:
    """How the machine is used. auto is measured on this hardware in the first steps and written back."""

    plan: str = option(
        "auto", "auto measures the choices below, default takes the framework's own.", choices=("auto", "default")
    )
    precision: str = option("auto", "Number format of the heavy arithmetic.", choices=("auto", "float32", "bfloat16"))
    memory_format: str = option("auto", "Order of an image's axes in memory.", choices=("auto", "contiguous", "channels-last"))
    compile: str = option("auto", "Whether the model is compiled before training.", choices=("auto", "yes", "no"))
    threads: int = option(0, "Processor threads; 0 to measure.", low=0)
    micro_batch: int = option(0, "Examples computed at a time, whose gradients are added up to a step; 0 to measure.", low=0)
    batches_ahead: int = option(
        -1, "Batches that are prepared while earlier ones are computed; -1 to decide by measuring.", low=-1, high=64
    )
    snapshot_steps: int = option(0, "Steps between two snapshots, to which a broken training goes back; 0 to measure.", low=0)
    device: str = option("auto", "cpu, cuda, mps; auto takes the fastest there is.")
    devices: int = option(1, "Processes that share each step: one for each GPU, or a share of the cores each.", low=1)
    parallel: str = option(
        "ddp",
        "What several processes do with the weights: ddp keeps a copy in each, fsdp divides them among all.",
        choices=("ddp", "fsdp"),
    )


SECTIONS = {"data": DataChoices, "model": ModelChoices, "learning": LearningChoices, "plan": PlanChoices}
FREE_TABLES = {"columns": "data", "options": "model"}


def option_names(section: Any) -> dict[str, dataclasses.Field]:
    return {f.name: f for f in fields(section)}


@dataclass(frozen=True)
class Recipe:
    """One training: the task's name and four sections, with one more section for each input and target field."""

    task: str
    data: DataChoices = field(default_factory=DataChoices)
    model: ModelChoices = field(default_factory=ModelChoices)
    learning: LearningChoices = field(default_factory=LearningChoices)
    plan: PlanChoices = field(default_factory=PlanChoices)
    fields: dict[str, Any] = field(default_factory=dict)
    """Input or target name → that field's options."""
    task_options: Any = None
    """The task's own options, where it declares any (how many beams, how many steps to look ahead)."""
    chosen: frozenset[str] = frozenset()
    """Names of the options that the user set: recommendations never overwrite these."""

    def sections(self) -> dict[str, Any]:
        named = {name: getattr(self, name) for name in SECTIONS}
        own = {} if self.task_options is None else {"task_options": self.task_options}
        return named | own | {f"fields.{name}": options for name, options in self.fields.items()}

    def _find(self, key: str) -> list[tuple[str, str]]:
        section, _dot, leaf = key.rpartition(".")
        return [
            (name, leaf)
            for name, options in self.sections().items()
            if leaf in option_names(options) and (not section or section in (name, name.removeprefix("fields.")))
        ]

    def all_names(self) -> list[str]:
        """Every name that `--set` accepts besides column and model options."""
        return [leaf for options in self.sections().values() for leaf in option_names(options)]

    def changed(
        self, settings: dict[str, Any], *, by_user: bool = True, free: dict[str, tuple[str, str]] | None = None
    ) -> "Recipe":
        """A recipe with `settings` applied; values may be text, as typed.

        `free` maps further names to (table, key): `{"target": ("columns", "label"), "depth": ("options", "depth")}`.
        Unknown names and values outside their limits raise `UsageError` naming the nearest option.
        """
        recipe, free = self, free or {}
        for key, value in settings.items():
            found, left_open = recipe._find(key), False
            if key in free and not found:
                table, name = free[key]
                section = FREE_TABLES[table]
                old = getattr(recipe, section)
                new = {**getattr(old, table), name: _literal(value) if table == "options" else str(value)}
                recipe = replace(recipe, **{section: replace(old, **{table: new})})
            elif len(found) == 1 or (found and all(name.startswith("fields.") for name, _leaf in found)):
                for name, leaf in found:
                    recipe = recipe._with(name, leaf, value, typed=key)
                left_open = all(recipe._is_open(name, leaf) for name, leaf in found)
            elif found:
                raise UsageError(
                    "F-SET-AMBIGUOUS",
                    _("the option {key} exists in several sections").format(key=key),
                    expected=" | ".join(f"{n}.{leaf}" for n, leaf in found),
                    got=key,
                )
            else:
                known = [*recipe.all_names(), *free]
                close = likely(key, known)
                raise UsageError(
                    "F-SET-NAME",
                    _("there is no option called {key}").format(key=key),
                    expected=_("one of {names}").format(names=", ".join(sorted(set(known)))),
                    got=key,
                    fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "",
                )
            if by_user:
                leaf = {key.rpartition(".")[2]}
                recipe = replace(recipe, chosen=recipe.chosen - leaf if left_open else recipe.chosen | leaf)
        return recipe

    def _is_open(self, section: str, leaf: str) -> bool:
        """Whether the option's value stands for what is recommended."""
        options = self.sections()[section]
        declared = option_names(options)[leaf]
        return bool(declared.metadata.get("open")) and getattr(options, leaf) == declared.default

    def _with(self, section: str, leaf: str, value: Any, *, typed: str = "") -> "Recipe":
        options = self.sections()[section]
        checked = check_value(option_names(options)[leaf], value, key=typed or f"{section}.{leaf}")
        new = replace(options, **{leaf: checked})
        if section.startswith("fields."):
            return replace(self, fields={**self.fields, section.removeprefix("fields."): new})
        return replace(self, **{section: new})

    def recommended(self, settings: dict[str, Any]) -> "Recipe":
        """A recipe with `settings` applied where the user chose nothing."""
        return self.changed({k: v for k, v in settings.items() if k.rpartition(".")[2] not in self.chosen}, by_user=False)

    def as_dict(self) -> dict[str, Any]:
        out: dict[str, Any] = {"task": self.task, "chosen": sorted(self.chosen)}
        for name in SECTIONS:
            out[name] = dataclasses.asdict(getattr(self, name))
        if self.task_options is not None:
            out["task_options"] = dataclasses.asdict(self.task_options)
        out["fields"] = {name: dataclasses.asdict(options) for name, options in self.fields.items()}
        return out

    def to_toml(self) -> str:
        """The text of `recipe.toml`."""
        import tomli_w

        head = "# Every choice of this training. `fukami train recipe.toml` repeats it.\n"
        return head + tomli_w.dumps(self.as_dict())


def free_names(task: str, fields: list[str]) -> dict[str, tuple[str, str]]:
    """What `--set` accepts besides the recipe's options: a column for each input and target, and models' own options."""
    found = card("tasks", task)
    names = {name: ("columns", name) for name in fields}
    if len(found.targets) == 1:
        names["target"] = ("columns", fields[len(found.inputs)])
    for family in cards("models").values():
        if set(found.inputs) & set(family.takes):
            sized = {key for size in family.sizes.values() for key in size}
            names |= {key: ("options", key) for key in {*family.options, *sized}}
    return names


def from_dict(told: dict[str, Any], field_options: dict[str, Any], task_options: Any = None) -> Recipe:
    """The recipe that `as_dict` told. `field_options` and `task_options` give each field's and the task's, with defaults."""
    recipe = Recipe(task=str(told["task"]), fields=dict(field_options), task_options=task_options)
    for section in recipe.sections():
        part: Any = told
        for word in section.split("."):
            part = part.get(word, {})
        for key, value in part.items():
            if key not in option_names(recipe.sections()[section]):
                recipe.changed({f"{section}.{key}": value})  # raises with the nearest names
            recipe = recipe._with(section, key, value)
    return replace(recipe, chosen=frozenset(told.get("chosen", ())))


def read_toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("F-RECIPE-FILE", _("the recipe cannot be read"), where=str(path), got=str(error)) from None


def _literal(value: Any) -> Any:
    """Text as typed → number, truth value or text."""
    if not isinstance(value, str):
        return value
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    return {"true": True, "false": False, "yes": True, "no": False}.get(value.lower(), value)


def whole_names(parts: Sequence[str], known: Iterable[str]) -> list[str]:
    """Names that were divided at commas, put together again where they are one of the `known` names.

    >>> whole_names(["dist", "km", "age"], ["dist, km", "age"])
    ['dist, km', 'age']
    """
    whole = {tuple(part.strip() for part in name.split(",")): name for name in known}
    found, start = [], 0
    while start < len(parts):
        end = next((end for end in range(len(parts), start + 1, -1) if tuple(parts[start:end]) in whole), start + 1)
        found.append(whole.get(tuple(parts[start:end]), parts[start]))
        start = end
    return found


_TRUTHS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


def check_value(declared: dataclasses.Field, value: Any, *, key: str) -> Any:
    """`value` as the type of the option's default, within its limits."""
    told = declared.metadata
    default = declared.default if declared.default is not dataclasses.MISSING else declared.default_factory()  # type: ignore[misc]
    kind = type(default)
    expected, result = "", value
    try:
        if kind is bool:
            expected = _("yes or no")
            result = value if isinstance(value, bool) else _TRUTHS[str(value).lower()]
        elif kind in (int, float):
            expected = _("a number")
            number = float(value)
            if not math.isfinite(number) or (kind is int and number != int(number)):
                raise ValueError
            result = kind(number)
        elif kind is list:
            result = [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else list(value)
        elif kind is dict:
            expected = _("names with their values, such as yes=5,no=1")
            if isinstance(value, str):
                value = (part.rpartition("=")[::2] for part in value.split(",") if part.strip())
            result = {str(name).strip(): worth for name, worth in dict(value).items()}
        else:
            result = str(value)
    except (ValueError, KeyError, TypeError, OverflowError):
        raise UsageError("F-SET-VALUE", _("{key} cannot be that").format(key=key), expected=expected, got=repr(value)) from None
    low, high, choices = told.get("low"), told.get("high"), told.get("choices")
    if choices and result not in choices:
        close = nearest(str(result), choices)
        raise UsageError(
            "F-SET-VALUE",
            _("{key} cannot be that").format(key=key),
            expected=_("one of {names}").format(names=", ".join(choices)),
            got=str(value),
            fix=f"--set {key.rpartition('.')[2]}={close[0]}" if close else "",
        )
    if (low is not None and result < low) or (high is not None and result > high):
        shown = f"{low} … {high}" if high is not None else f"≥ {low}"
        raise UsageError("F-SET-VALUE", _("{key} is out of range").format(key=key), expected=shown, got=str(value))
    return result
