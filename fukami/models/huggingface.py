"""Every text encoder of transformers, and every detector like DETR, by its name on the hub or as a local folder:
`hf:distilbert-base-uncased`, `hf:PekingU/rtdetr_r50vd`.

The one adapter to that library; detectors are in `models/detr.py`. The encoder is the library's own sequence classifier without
its last layer, so that what our head sees is what the library's would; a saved folder loads with
`AutoModelForSequenceClassification.from_pretrained(FOLDER)`.

Shapes: B batch, L tokens, D features, K classes.
"""

import re
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fukami.core import hub
from fukami.core.cards import ModelCard
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.core.specs import ImageSpec, TokenSpec
from fukami.fields.contract import Tokens
from fukami.fields.marked.spec import MarkedSpec, place_of
from fukami.fields.pair.spec import segments
from fukami.layers.pooling import Sequence, valid

CARD = ModelCard(
    name="hf",
    summary="any text encoder or detector of the transformers library, by its name on the hub or as a local folder",
    takes=("text", "pair", "marked", "image"),
    gives=("vector", "sequence", "boxes"),
    only={"text": ("vector", "sequence"), "pair": ("vector",), "marked": ("vector",), "image": ("boxes",)},
    prefix="hf:",
    library="hf",
    options={"architecture": ""},
    learning={"learning_rate": 2e-4, "weight_decay": 0.01},
    fine_tuning={"learning_rate": 5e-5},
    source="transformers, https://github.com/huggingface/transformers",
)

_MARK = 9973
"""Number of labels by which the last layer is recognised."""


def build(spec: TokenSpec | ImageSpec, *, gives: str = "vector", architecture: str, target: Any = None) -> nn.Module:
    """The network whose configuration is at `architecture`, with new weights and the vocabulary of `spec`.

    Args:
        spec: vocabulary and longest text; or pictures.
        gives: `vector` (as the library's classifier pools) or `sequence`; of pictures `boxes`.
        architecture: a name on the hub, or a folder with `config.json`.
        target: of boxes, how many classes there are.

    Raises:
        UsageError: the configuration is not to be had, or is not that of an encoder.
    """
    config = config_of(architecture)
    if isinstance(spec, ImageSpec):
        return detector(config, spec, target)
    limit = longest(config)
    if spec.max_tokens > limit:
        raise UsageError(
            "F-MODEL-SPEC",
            _("the texts are too long for {model}").format(model=architecture),
            expected=_("{n} tokens or fewer").format(n=limit),
            got=str(spec.max_tokens),
            fix=f"--set max_tokens={limit}",
        )
    return from_config(config, spec, gives=gives)


def detector(config: Any, spec: ImageSpec, target: Any) -> nn.Module:
    """The detector of a configuration. Raises `UsageError` where it is none, or is none for pictures of these channels."""
    from fukami.models import detr

    channels = getattr(getattr(config, "backbone_config", None), "num_channels", 3)
    if config.model_type not in detr.KNOWN or channels != spec.channels:
        raise UsageError(
            "F-MODEL-DETECTOR",
            _("{model} is no detector of transformers for these pictures").format(model=config.model_type),
            expected=_("one of {names}, with pictures of {n} channels").format(names=", ".join(detr.KNOWN), n=channels),
            got=_("pictures of {n} channels").format(n=spec.channels),
        )
    return detr.from_config(config, target)


def from_config(config: Any, spec: TokenSpec, *, gives: str) -> "TransformersEncoder":
    """The encoder of a configuration of transformers, which is changed to the vocabulary of `spec`."""
    from transformers import AutoModelForSequenceClassification

    config.vocab_size, config.pad_token_id, config.num_labels = spec.vocabulary_size, spec.pad, _MARK
    try:
        net = AutoModelForSequenceClassification.from_config(config)
    except ValueError:
        net = None
    classifiers = [] if net is None else [n for n, m in net.named_modules() if getattr(m, "out_features", 0) == _MARK]
    if net is None or not classifiers or net.get_submodule(classifiers[-1]).bias is None:
        raise UsageError(
            "F-MODEL-ENCODER",
            _("{model} is no text encoder that transformers can classify with").format(model=config.model_type),
            fix=_("choose an encoder such as bert, roberta, distilbert, deberta or electra"),
        )
    if isinstance(spec, MarkedSpec):
        return SpansEncoder(net, classifiers[-1], spec.marks)
    return TransformersEncoder(net, classifiers[-1], gives=gives, divider=getattr(spec, "divider", None))


def check(architecture: str) -> None:
    """Raises `UsageError` unless the configuration of `architecture` can be had."""
    config_of(architecture)


def config_of(architecture: str) -> Any:
    """The configuration at a folder or a name of the hub. Code that comes with a model is never run."""
    from transformers import AutoConfig

    place = Path(architecture)
    try:
        folder = place if place.is_dir() else hub.fetch(architecture, "config.json").parent
        return AutoConfig.from_pretrained(folder, trust_remote_code=False)
    except hub.NotHereError as error:
        got, fix = str(error), _("connect, or give the folder of a copy: {example}").format(example="hf:FOLDER")
    except (OSError, ValueError, KeyError) as error:
        got, fix = str(error).strip().splitlines()[0], ""
    raise UsageError(
        "F-MODEL-HUB",
        _("the configuration of {model} cannot be read").format(model=architecture),
        expected=_("a name on the Hugging Face Hub, or a folder with config.json"),
        got=got,
        fix=fix,
    )


def longest(config: Any) -> int:
    """The most tokens that the positions of `config` reach. RoBERTa and its kin begin to count after the padding's number."""
    limit = getattr(config, "max_position_embeddings", None) or 1_000_000
    late = any(kin in config.model_type for kin in ("roberta", "camembert", "longformer", "mpnet", "xmod"))
    return limit - (config.pad_token_id or 0) - 1 if late else limit


def hub_address(options: dict[str, Any]) -> tuple[str, str] | None:
    """Repository and file of the pretrained weights."""
    repository = options.get("checkpoint") or options.get("architecture")
    return (repository, "model.safetensors") if repository and not Path(repository).is_dir() else None


class TransformersEncoder(nn.Module):
    """A sequence classifier of transformers whose last layer is left to the head. `divider` is the token that stands between
    two texts, which the encoder is then told apart where it has numbers for segments."""

    library = "transformers"

    def __init__(self, net: nn.Module, classifier: str, *, gives: str, divider: int | None = None):
        super().__init__()
        has_segments = getattr(net.config, "type_vocab_size", 0) > 1  # type: ignore[union-attr]
        self.divider = divider if has_segments else None
        self.gives, self.classifier = gives, classifier
        self.num_features = int(net.get_submodule(classifier).in_features)  # type: ignore[arg-type]
        parent, _dot, leaf = classifier.rpartition(".")
        net.get_submodule(parent)._modules[leaf] = nn.Identity()
        if gives == "sequence":
            net = net.base_model  # type: ignore[assignment]
            if isinstance(getattr(net, "pooler", None), nn.Module):
                net.pooler = None  # type: ignore[assignment]
            self.num_features = int(net.config.hidden_size)  # type: ignore[union-attr,arg-type]
        self.net = net

    def forward(self, tokens: Tokens) -> torch.Tensor | Sequence:
        """`Tokens(ids_BL, lengths_B)` → `features_BD` or `Sequence(x_BLD, lengths_B)`."""
        ids_BL, lengths_B = tokens
        if ids_BL.shape[1] == 0:
            ids_BL = ids_BL.new_full((len(ids_BL), 1), self.net.config.pad_token_id)  # type: ignore[union-attr,call-overload]
        mask_BL = valid(lengths_B.clamp(min=1), ids_BL.shape[1])
        told = {} if self.divider is None else {"token_type_ids": segments(ids_BL, self.divider)}
        found = self.net(input_ids=ids_BL, attention_mask=mask_BL.long(), **told)
        if self.gives == "sequence":
            return Sequence(found.last_hidden_state * mask_BL.unsqueeze(2), mask_BL.sum(1))
        return found.logits

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """The embeddings, each block, and what follows the blocks together with the last of them."""
        depths: dict[int, list[nn.Parameter]] = {}
        named = list(self.net.named_parameters())
        numbered = [re.search(r"(?:layers?|blocks?|h)\.(\d+)\.", name) for name, _parameter in named]
        deepest = max((int(found[1]) for found in numbered if found), default=0)
        for (name, parameter), found in zip(named, numbered, strict=True):
            depth = int(found[1]) + 1 if found else 0 if "embed" in name else deepest + 1
            depths.setdefault(depth, []).append(parameter)
        return [depths[depth] for depth in sorted(depths)]

    # -- the library's own checkpoints -------------------------------------------------------------------------------
    def to_library(
        self, weight_KD: torch.Tensor, bias_K: torch.Tensor, classes: tuple[str, ...]
    ) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """State and configuration as transformers saves them, with a linear head as its last layer; None for sequences."""
        if self.gives != "vector":
            return None
        state = {**self.net.state_dict(), f"{self.classifier}.weight": weight_KD, f"{self.classifier}.bias": bias_K}
        labels = dict(enumerate(classes or (f"LABEL_{k}" for k in range(len(bias_K)))))
        told = self.net.config.to_dict()  # type: ignore[union-attr,operator]
        told |= {"architectures": [type(self.net).__name__], "num_labels": len(bias_K), "dtype": "float32"}
        told |= {"id2label": {str(k): name for k, name in labels.items()}, "label2id": {name: k for k, name in labels.items()}}
        return state, told

    def from_library(self, state: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """A state as transformers saves it → the encoder's own, and the linear head's (empty where it has none).

        Checkpoints of the bare encoder and of other heads (masked words, say) are understood as well.
        """
        state = {k.replace(".gamma", ".weight").replace(".beta", ".bias"): v for k, v in state.items()}
        weight, bias = state.pop(f"{self.classifier}.weight", None), state.pop(f"{self.classifier}.bias", None)
        head = {} if weight is None or bias is None else {"weight": weight, "bias": bias}
        prefix = f"{self.net.base_model_prefix}."  # type: ignore[union-attr]
        bare = not any(name.startswith(prefix) for name in state)
        if self.gives == "sequence":
            state = {name.removeprefix(prefix): tensor for name, tensor in state.items()}
        elif bare:
            state = {f"{prefix}{name}": tensor for name, tensor in state.items()}
        return {f"net.{name}": tensor for name, tensor in state.items()}, head


class SpansEncoder(TransformersEncoder):
    """What an encoder says at the marks before two spans (Baldini Soares et al. 2019, Matching the Blanks)."""

    def __init__(self, net: nn.Module, classifier: str, marks: tuple[int, int, int, int]):
        super().__init__(net, classifier, gives="sequence")
        self.marks = marks[::2]
        self.num_features *= 2

    def forward(self, tokens: Tokens) -> torch.Tensor:
        """`Tokens(ids_BL, lengths_B)` with marks → `features_BD`."""
        found = super().forward(tokens)
        assert isinstance(found, Sequence)
        at_B = torch.arange(len(found.lengths), device=found.lengths.device)
        return torch.cat([found.x[at_B, place_of(tokens.ids, mark)] for mark in self.marks], dim=1)
