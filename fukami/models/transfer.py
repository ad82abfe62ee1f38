"""Transfer: first weights from a checkpoint. The engine freezes them at first and then fine-tunes them.

Weights come from a local folder (a run, its `model/`, or one of timm or transformers) or from the hub of the model's library,
where it can be reached. Only safetensors files are read: nothing in a checkpoint is executed.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core import hub
from fukami.core.cards import load
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.models import checkpoint
from fukami.models.choice import Choice

if TYPE_CHECKING:
    import torch

    from fukami.models.contract import Network


_TABLES = ("word_embeddings.weight", "tok_embeddings.weight", "embedding.table.weight")
"""How the names of tables of words end."""


@dataclass(frozen=True)
class Weights:
    """A checkpoint's file of weights, and where it is from, for people."""

    file: Path
    source: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """The checkpoint's `config.json`; empty where there is none."""
        return checkpoint.config_of(self.file.parent) if (self.file.parent / checkpoint.CONFIG).is_file() else {}

    @property
    def tokenizer(self) -> Path | None:
        """The tokenizer that the weights were learned with: texts must be cut by it and no other."""
        place = self.file.parent / "tokenizer.json"
        return place if place.is_file() else None

    @property
    def image(self) -> dict[str, Any]:
        """`mean`, `std` and `input_size` of the pictures that the weights were learned with, where the checkpoint tells."""
        told = self.config.get("pretrained_cfg", {})
        return {name: told[name] for name in ("mean", "std", "input_size") if name in told}

    def into(self, network: "Network") -> dict[str, Any]:
        """Gives `network` every weight that fits by name and shape, and reports it.

        The head's are taken only where they have the same shape (the same number of answers).

        Returns:
            `{"source", "matched": how many weights, "missing": names, "different": names of another shape, "left_over": how
            many, "head": "taken" or "new"}`.

        Raises:
            UsageError: F-TRANSFER-MATCH where less than half of the encoder is in the file, F-TRANSFER-VOCABULARY where the
                checkpoint's words are not those of the text field.
        """
        state, head = self._translated(network)
        if self.config.get("fukami", {}).get(checkpoint.NARROWED):
            from fukami.models.widths import take_widths

            take_widths(network, {f"encoder.{n}": t for n, t in state.items()} | {f"head.{n}": t for n, t in head.items()})
        own = network.encoder.state_dict()
        fits = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
        different = sorted(name for name in state.keys() & own.keys() - fits.keys())
        if sum(own[n].numel() for n in fits) * 2 < sum(t.numel() for t in own.values()):
            raise self._mismatch(network, len(fits), len(own), different)
        network.encoder.load_state_dict(fits, strict=False)
        own_head = network.head.state_dict()
        same_head = bool(head) and {n: t.shape for n, t in head.items()} == {n: t.shape for n, t in own_head.items()}
        if same_head:
            network.head.load_state_dict(head)
        return {
            "source": self.source,
            "matched": len(fits),
            "missing": sorted(own.keys() - state.keys()),
            "different": different,
            "left_over": len(state.keys() - own.keys()),
            "head": "taken" if same_head else "new",
        }

    def _translated(self, network: "Network") -> tuple[dict[str, "torch.Tensor"], dict[str, "torch.Tensor"]]:
        """The file's weights under the encoder's and the head's own names."""
        state, encoder = checkpoint.tensors(self.file), network.encoder
        if any(name.startswith("encoder.") for name in state) and self.config.get("fukami", {}).get("format") == "fukami":
            head = {n.removeprefix("head."): t for n, t in state.items() if n.startswith("head.")}
            found = {n.removeprefix("encoder."): t for n, t in state.items() if n.startswith("encoder.")}
        elif hasattr(encoder, "from_library"):
            found, head = encoder.from_library(state)  # type: ignore[operator]
        else:
            found, head = state, {}
        found = encoder.adapt(found) if hasattr(encoder, "adapt") else found  # type: ignore[operator]
        return self._without_spare_words(found, encoder.state_dict()), head

    def _without_spare_words(
        self, state: dict[str, "torch.Tensor"], own: dict[str, "torch.Tensor"]
    ) -> dict[str, "torch.Tensor"]:
        """Tables of words that a checkpoint rounded up are cut to the words that its tokenizer has."""
        if self.tokenizer is None:
            return state
        from tokenizers import Tokenizer

        words = Tokenizer.from_file(str(self.tokenizer)).get_vocab_size(with_added_tokens=True)
        spare = [n for n, t in state.items() if n.endswith(_TABLES) and n in own and len(own[n]) == words < len(t)]
        return state | {name: state[name][:words] for name in spare}

    def _mismatch(self, network: "Network", matched: int, total: int, different: list[str]) -> UsageError:
        vocabulary = [name for name in different if name.endswith(_TABLES)]
        if vocabulary:
            fix = f"--set tokenizer={self.file.parent}" if self.tokenizer else ""
            return UsageError(
                "F-TRANSFER-VOCABULARY",
                _("the pretrained weights were learned with another vocabulary"),
                where=self.source,
                expected=_("the texts cut by the tokenizer of the checkpoint"),
                fix=fix,
            )
        return UsageError(
            "F-TRANSFER-MATCH",
            _("the pretrained weights are those of another network"),
            where=self.source,
            expected=_("at least half of the weights of {model}").format(model=type(network.encoder).__name__),
            got=_("{matched} of {total} fit by name and shape").format(matched=matched, total=total),
            fix=_("name the model that the checkpoint was made with, or --set pretrained=no"),
        )


@dataclass(frozen=True)
class Found:
    """What `find` found: weights or None, and the sentences to tell the user."""

    weights: Weights | None
    notes: tuple[str, ...] = ()


def find(choice: Choice, wanted: str = "auto", *, seconds: float = 5.0) -> Found:
    """The weights to start `choice` from. Does not build anything, so it can be asked before the fields learn.

    Args:
        choice: from `registry.resolve`.
        wanted: `auto` (where there are any), `no`, `yes` (an error where there are none), or the folder of a checkpoint.
        seconds: how long to wait for a sign of a connection.

    Raises:
        UsageError: `yes` without weights to be had, or a folder without a checkpoint.
    """
    if wanted in ("no", "none", "false", "off"):
        return Found(None)
    if wanted not in ("auto", "yes", "") or choice.weights:
        return Found(_in_folder(wanted if wanted not in ("auto", "yes", "") else choice.weights))
    address = _hub_address(choice)
    if address is None:
        if wanted != "yes":
            return Found(None)
        raise UsageError(
            "F-TRANSFER-NONE",
            _("there are no pretrained weights for {model}").format(model=choice.name),
            fix=_("give the folder of a checkpoint: {option}").format(option="--set pretrained=FOLDER"),
        )
    try:
        weights = _on_hub(address, choice, seconds)
    except hub.NotHereError as error:
        if wanted == "yes":
            raise UsageError(
                "F-TRANSFER-OFFLINE",
                _("the pretrained weights of {model} are not to be had").format(model=choice.name),
                where=f"{address[0]}/{address[1]}",
                got=str(error),
                fix=_("give the folder of a copy: {option}").format(option="--set pretrained=FOLDER"),
            ) from None
        note = _("no pretrained weights for {model}: {reason}; training starts from scratch")
        return Found(None, (note.format(model=choice.name, reason=str(error)),))
    return Found(weights, (_("pretrained weights: {source}").format(source=weights.source),))


def _in_folder(name: str) -> Weights:
    place = Path(name).expanduser()
    for file in (place / checkpoint.WEIGHTS, place / "model" / checkpoint.WEIGHTS, place):
        if file.is_file() and file.suffix == ".safetensors":
            return Weights(file, str(file.parent))
    pickled = next((p for ending in ("*.bin", "*.pt", "*.pth", "*.ckpt") for p in place.glob(ending)), None)
    raise UsageError(
        "F-TRANSFER-FOLDER",
        _("there are no weights in this place"),
        where=name,
        expected=_("a folder with {file}").format(file=checkpoint.WEIGHTS),
        got=pickled.name if pickled else "",
        fix=_("convert it to safetensors: files of other kinds can run code when they are opened") if pickled else "",
    )


def _hub_address(choice: Choice) -> tuple[str, str] | None:
    """Where the library's weights are; for the kinds of input that the library has networks for, not for rows of a table."""
    if not choice.card.library:
        return None
    adapter = load("models", choice.card.library)
    return adapter.hub_address(choice.options) if choice.takes in adapter.CARD.takes else None


def _on_hub(address: tuple[str, str], choice: Choice, seconds: float) -> Weights:
    repository, filename = address
    file = hub.fetch(repository, filename, seconds=seconds)
    companions = ("config.json", "tokenizer.json") if "text" in choice.card.takes else ("config.json",)
    for companion in companions:
        try:
            hub.fetch(repository, companion, seconds=seconds)
        except hub.NotHereError:
            continue  # a checkpoint without one is still of use: its absence is seen where it would be read
    return Weights(file, repository)
