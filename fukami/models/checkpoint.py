"""A run's `model/` folder: `model.safetensors` and `config.json`, readable without Fukami.

Where the network comes from timm or transformers and the head is linear, the folder is a checkpoint of that library: names of
weights and configuration are the library's own. Elsewhere the names are those of `Network`. Either way `config.json` has a part
`fukami` that says how to build the encoder again. No pickle, and nothing in the folder is executed.

A network that computes in int8 has `model.onnx` in the place of weights. One that lost channels has the widths of its weights.
"""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fukami.core import rights
from fukami.core.cards import card
from fukami.core.errors import RunError, UsageError
from fukami.core.language import _
from fukami.core.specs import Specs, TokenSpec
from fukami.core.system_errors import system_errors
from fukami.models.choice import Choice

if TYPE_CHECKING:
    import torch
    from torch import nn

    from fukami.models.contract import Network

WEIGHTS, CONFIG, GRAPH = "model.safetensors", "config.json", "model.onnx"
NARROWED = "narrowed"
"""What the configuration of a network says that has other widths than its family gives it."""


@dataclass(frozen=True)
class Saved:
    """How a folder's encoder is built: `registry.build(choice, spec, gives=gives)`.

    `choice` is None where the network was a module of the user's own, called `module`. `format` is fukami, timm or
    transformers, or onnx, where the folder holds the whole network as a graph (`models/onnx_network.py`).
    """

    choice: Choice | None
    spec: Specs | None
    gives: str
    format: str
    module: str = ""


def save(
    network: "Network",
    folder: Path,
    *,
    choice: Choice | None,
    spec: Specs,
    gives: str = "vector",
    options: dict[str, Any] | None = None,
    classes: tuple[str, ...] = (),
    image: dict[str, Any] | None = None,
    tokenizer: str = "",
    dtype: "torch.dtype | None" = None,
) -> None:
    """Writes weights and configuration into `folder`, which is made.

    Args:
        network: encoder and head.
        choice: what the encoder was built from; None for a module of the user's own.
        spec: of the input field, or of several by name.
        gives: kind of features.
        options: the user's options of `registry.build`.
        classes: names of the outputs.
        image: what timm is told about the pictures, `{"mean": […], "std": […]}`.
        tokenizer: JSON of the tokenizer of texts; transformers' `AutoTokenizer` then cuts texts as the text field does.
        dtype: in which floating-point numbers are written; as they are where it is None.
    """
    from safetensors.torch import save_file

    from fukami.models.widths import is_narrowed

    folder.mkdir(parents=True, exist_ok=True)
    narrowed = is_narrowed(network)
    if narrowed:  # the library would build it with its own widths; some are built from their configuration alone
        by_config = getattr(network.encoder, "library", "") == "transformers" and choice is not None and choice.card.prefix
        told = _as_library(network, classes, {}) if by_config else None
        found = ("fukami", network.state_dict(), told[2]) if told else None
    else:
        found = _as_library(network, classes, image or {})
    kind, state, config = found or ("fukami", network.state_dict(), {})
    told = _recipe_of_encoder(network, choice, spec, gives, options or {}, kind)
    config = {**config, "fukami": told | ({NARROWED: True} if narrowed else {})}
    if dtype is not None and "dtype" in config:
        config["dtype"] = str(dtype).removeprefix("torch.")
    with system_errors(folder / WEIGHTS):
        save_file({n: _written(t, dtype) for n, t in state.items()}, folder / WEIGHTS, {"format": "pt"})
    rights.give_usual(folder / WEIGHTS)
    _write_json(folder / CONFIG, config)
    if tokenizer and isinstance(spec, TokenSpec):
        (folder / "tokenizer.json").write_text(tokenizer, "utf-8")
        _write_json(folder / "tokenizer_config.json", _tokenizer_config(tokenizer, spec))


def _written(tensor: "torch.Tensor", dtype: "torch.dtype | None") -> "torch.Tensor":
    tensor = tensor.detach().cpu().contiguous()
    return tensor.to(dtype) if dtype is not None and tensor.is_floating_point() else tensor.clone()


def save_graph(
    model: bytes,
    folder: Path,
    *,
    network: "nn.Module",
    choice: Choice | None,
    spec: Specs,
    gives: str = "vector",
    options: dict[str, Any] | None = None,
) -> None:
    """Writes an ONNX file and a configuration that tells of the network that it was made from; arguments as in `save`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / GRAPH).write_bytes(model)
    _write_json(folder / CONFIG, {"fukami": _recipe_of_encoder(network, choice, spec, gives, options or {}, "onnx")})


def _write_json(place: Path, told: dict[str, Any]) -> None:
    place.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _tokenizer_config(tokenizer: str, spec: TokenSpec) -> dict[str, Any]:
    """What transformers must be told to use `tokenizer.json` as it is, and not as the tokenizer its model was born with."""
    from tokenizers import Tokenizer

    known = Tokenizer.from_str(tokenizer)
    roles = {"pad": spec.pad, **dict(spec.special)}
    tokens = {f"{role}_token": known.id_to_token(number) for role, number in roles.items()}
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": spec.max_tokens, **tokens}


def _as_library(
    network: "Network", classes: tuple[str, ...], image: dict[str, Any]
) -> tuple[str, dict[str, "torch.Tensor"], dict[str, Any]] | None:
    """Library, state and configuration, where the network has the form of a library's."""
    from fukami.layers.heads import LinearHead

    encoder, head = network.encoder, network.head
    if hasattr(encoder, "as_library") and not head.state_dict():  # a whole model
        return str(encoder.library), *encoder.as_library()  # type: ignore[operator]
    if not hasattr(encoder, "to_library") or type(head) is not LinearHead or head.members != 1:
        return None
    found = encoder.to_library(head.weight, head.bias, classes)  # type: ignore[operator]
    if found is None:
        return None
    state, config = found
    if "pretrained_cfg" in config:
        config["pretrained_cfg"] |= image
    return str(encoder.library), state, config


def _recipe_of_encoder(
    network: "nn.Module", choice: Choice | None, spec: Specs, gives: str, options: dict[str, Any], kind: str
) -> dict[str, Any]:
    told: dict[str, Any] = {"schema": 1, "format": kind, "gives": gives, "spec": _told(spec)}
    if choice is None:
        encoder = getattr(network, "encoder", network)
        own = type(getattr(encoder, "module", encoder))
        return told | {"module": f"{own.__module__}.{own.__qualname__}"}
    merged = {**choice.options, **options}
    return told | {"family": choice.card.name, "name": choice.name, "size": choice.size, "options": merged}


def read(folder: Path) -> Saved:
    """How the encoder in a folder that `save` wrote is built.

    Raises:
        RunError: the folder is not one of ours, or from a later version.
    """
    config = config_of(folder)
    told = config.get("fukami")
    if not isinstance(told, dict) or told.get("schema") != 1:
        raise RunError(
            "F-CHECKPOINT-CONFIG",
            _("the configuration was not written by this version of Fukami"),
            where=str(folder / CONFIG),
            expected='"fukami": {"schema": 1, …}',
            got=str(told)[:80],
        )
    spec, gives, kind = _spec(told["spec"]), str(told["gives"]), str(told["format"])
    if "module" in told:
        return Saved(None, spec, gives, kind, str(told["module"]))
    family = card("models", told["family"])
    options = dict(told["options"])
    if "model_type" in config and family.prefix:
        options["architecture"] = str(folder)  # the hub is not asked again
    choice = Choice(family, str(told["name"]), str(told["size"]), options, str(folder))
    return Saved(choice, spec, gives, kind)


def choice_of(folder: Path) -> Choice:
    """The model that a checkpoint's folder holds: ours, timm's or transformers'.

    Raises:
        UsageError: it is none of these.
    """
    config = config_of(folder)
    if "fukami" in config:
        choice = read(folder).choice
        if choice is not None:
            return dataclasses.replace(choice, name=str(folder))
    elif isinstance(config.get("architecture"), str):
        family = card("models", "timm")
        extra = {k: v for k, v in config.get("model_args", {}).items() if k not in ("in_chans", "img_size")}
        return Choice(family, str(folder), "", {**family.options, **extra, "architecture": config["architecture"]}, str(folder))
    elif "model_type" in config:
        family = card("models", "hf")
        return Choice(family, str(folder), "", {**family.options, "architecture": str(folder)}, str(folder))
    raise UsageError(
        "F-MODEL-FOLDER",
        _("the network in this folder is not known"),
        where=str(folder),
        expected=_("a checkpoint of Fukami, timm or transformers"),
    )


def config_of(folder: Path) -> dict[str, Any]:
    """`config.json` of a folder."""
    place = folder / CONFIG
    try:
        found = json.loads(place.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RunError("F-CHECKPOINT-CONFIG", _("the configuration cannot be read"), where=str(place), got=str(error)) from None
    if not isinstance(found, dict):
        raise RunError("F-CHECKPOINT-CONFIG", _("the configuration cannot be read"), where=str(place), got=type(found).__name__)
    return found


def tensors(place: Path) -> dict[str, "torch.Tensor"]:
    """Every tensor of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(place)
    except (OSError, SafetensorError) as error:
        raise RunError("F-CHECKPOINT-FILE", _("the weights cannot be read"), where=str(place), got=str(error)) from None


def load(network: "Network", folder: Path) -> None:
    """Gives `network` exactly the weights that `save` wrote.

    Raises:
        RunError: files are missing or damaged, or a weight is missing, left over, or of another shape.
    """
    told = config_of(folder).get("fukami", {})
    kind = told.get("format", "fukami")
    state = tensors(folder / WEIGHTS)
    if kind != "fukami":
        encoder, head = network.encoder.from_library(state)  # type: ignore[operator]
        state = {f"encoder.{n}": t for n, t in encoder.items()} | {f"head.{n}": t for n, t in head.items()}
    if told.get(NARROWED):
        from fukami.models.widths import take_widths

        take_widths(network, state)
    own = network.state_dict()
    wrong = [
        *(_("{name} is missing").format(name=name) for name in own.keys() - state.keys()),
        *(_("{name} is left over").format(name=name) for name in state.keys() - own.keys()),
        *(
            f"{n}: {tuple(own[n].shape)} ≠ {tuple(state[n].shape)}"
            for n in own.keys() & state.keys()
            if own[n].shape != state[n].shape
        ),
    ]
    if wrong:
        raise RunError(
            "F-CHECKPOINT-KEYS",
            _("the weights do not belong to this network"),
            where=str(folder / WEIGHTS),
            got="; ".join(sorted(wrong)[:5]) + (" …" if len(wrong) > 5 else ""),
        )
    network.load_state_dict(state, strict=True)


def _tuples(value: Any) -> Any:
    return tuple(_tuples(part) for part in value) if isinstance(value, list) else value


def _told(spec: Specs) -> dict[str, Any]:
    return {name: _told(one) for name, one in spec.items()} if isinstance(spec, dict) else dataclasses.asdict(spec)


def _spec(told: dict[str, Any]) -> Any:
    """What `_told` told; of several inputs, each by its name."""
    from fukami.fields.registry import input_class

    if not isinstance(told.get("kind"), str):
        return {name: _spec(one) for name, one in told.items()}
    return input_class(told["kind"]).Spec(**{name: _tuples(value) for name, value in told.items()})
