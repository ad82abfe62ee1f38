"""Every image model of timm (pytorch-image-models), by its name: `timm:convnext_tiny`.

The one adapter to that library; families such as `resnet` and `vit` are sizes of it. A saved folder is a checkpoint that
timm loads by itself: `timm.create_model("local-dir:FOLDER", pretrained=True)`.

Shapes: B batch, C channels, H and W pixels, D features, L patches, K classes.
"""

import sys
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from fukami.core.cards import ModelCard
from fukami.core.errors import UsageError, nearest
from fukami.core.language import _
from fukami.core.specs import ImageSpec
from fukami.layers.pooling import Sequence

CARD = ModelCard(
    name="timm",
    summary="any of the image models of the timm library, by its name",
    takes=("image",),
    gives=("vector", "grid", "sequence"),
    prefix="timm:",
    library="timm",
    options={"architecture": "", "dropout": 0.0, "drop_path": 0.0},
    learning={"learning_rate": 1e-3, "weight_decay": 0.05},
    fine_tuning={"learning_rate": 2e-4},
    image={"min_size_px": 64, "multiple_px": 32},
    source="timm, https://github.com/huggingface/pytorch-image-models",
)


def build(
    spec: ImageSpec,
    *,
    gives: str = "vector",
    architecture: str,
    dropout: float = 0.0,
    drop_path: float = 0.0,
    pad_to: int = 1,
    **model_args: Any,
) -> "TimmEncoder":
    """The network that timm calls `architecture`, without its classifier and with new weights.

    Args:
        spec: channels and size of the pictures.
        gives: `vector` (as timm pools), `grid` (before pooling) or `sequence` (patches, row by row).
        architecture: a name of `timm.list_models()`; a tag after a dot is accepted.
        dropout: share of the pooled features dropped in training.
        drop_path: share of residual branches dropped in training (stochastic depth), where the network has them.
        pad_to: height and width are filled up with zeros to a multiple of this.
        model_args: further arguments of timm's constructor.

    Raises:
        UsageError: timm cannot build this network for pictures of this size, or it cannot give features of that kind.
    """
    import timm

    check(architecture)
    height, width = (-(-side // pad_to) * pad_to for side in (spec.height, spec.width))
    made: dict[str, Any] = {"in_chans": spec.channels, **model_args}
    found = timm.get_pretrained_cfg(architecture)
    if found is not None and found.fixed_input_size:
        made["img_size"] = [height, width]
    extra = {"drop_rate": dropout, "drop_path_rate": drop_path}
    given = {**made, **{k: v for k, v in extra.items() if v}}
    if gives != "vector":
        given["global_pool"] = ""
    try:
        net = timm.create_model(architecture, pretrained=False, num_classes=0, **given)
        return TimmEncoder(net, spec, gives=gives, pad=(width - spec.width, height - spec.height), model_args=made)
    except (AssertionError, RuntimeError, TypeError, ValueError, IndexError) as error:
        raise UsageError(
            "F-MODEL-SPEC",
            _("{model} cannot be built for these pictures").format(model=architecture),
            got=f"{spec.channels} × {spec.height} × {spec.width}: {error}",
            fix=_("try pictures of 224 pixels: {option}").format(option="--set size_px=224"),
        ) from None


def check(architecture: str) -> None:
    """Raises `UsageError` with the nearest names unless timm knows `architecture`."""
    import timm

    if not timm.is_model(architecture):
        close = nearest(architecture.partition(".")[0], timm.list_models())
        raise UsageError(
            "F-MODEL-NAME",
            _("timm has no model called {name}").format(name=architecture),
            got=architecture,
            fix=_("did you mean {names}?").format(names=", ".join(f"timm:{name}" for name in close)) if close else "",
        )


def hub_address(options: dict[str, Any]) -> tuple[str, str] | None:
    """Repository and file of timm's pretrained weights, or None where it has none."""
    import timm

    told = timm.get_pretrained_cfg(options["architecture"])
    if told is None or not told.hf_hub_id:
        return None
    return told.hf_hub_id, told.hf_hub_filename or "model.safetensors"


def _whole(features_BLD: torch.Tensor) -> Sequence:
    """Patches as a sequence: a picture has no padding."""
    return Sequence(features_BLD, torch.full((len(features_BLD),), features_BLD.shape[1], device=features_BLD.device))


def _no_such_features(encoder: "TimmEncoder") -> UsageError:
    return UsageError(
        "F-KIND-FIT",
        _("{model} does not fit this task").format(model=encoder.architecture),
        expected=_("features of kind `{kind}`").format(kind=encoder.gives),
    )


class TimmEncoder(nn.Module):
    """A network of timm whose features are what its classifier would see."""

    library = "timm"

    def __init__(self, net: nn.Module, spec: ImageSpec, *, gives: str, pad: tuple[int, int], model_args: dict[str, Any]):
        super().__init__()
        self.net, self.gives, self.pad, self.model_args = net, gives, pad, model_args
        self.input_size = [spec.channels, spec.height + pad[1], spec.width + pad[0]]
        if gives != "vector" and hasattr(net, "pre_logits") and type(net).__name__ == "VGG":
            net.pre_logits = nn.Identity()  # its two dense layers belong to the classifier, not to the grid
        self.num_features = self._probe(spec)

    def _probe(self, spec: ImageSpec) -> int:
        """D, from one empty picture: it also shows that the network takes pictures of this size."""
        training = self.training
        self.eval()
        device = next(self.parameters()).device
        with torch.no_grad():
            found = self(torch.zeros(1, spec.channels, spec.height, spec.width, device=device))
        self.train(training)
        features = found.x if isinstance(found, Sequence) else found
        if features.ndim != {"vector": 2, "grid": 4, "sequence": 3}[self.gives]:
            raise _no_such_features(self)
        return int(features.shape[-1] if self.gives == "sequence" else features.shape[1])

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor | Sequence:
        """Normalised pictures `x_BCHW` → `features_BD`, `features_BDHW` or `Sequence(x_BLD, lengths_B)`."""
        if any(self.pad):
            x_BCHW = F.pad(x_BCHW, (0, self.pad[0], 0, self.pad[1]))
        features: torch.Tensor = self.net(x_BCHW)
        if self.gives == "vector":
            return features
        if features.ndim == 4 and getattr(self.net, "output_fmt", "NCHW") == "NHWC":
            features = features.permute(0, 3, 1, 2)
        if features.ndim == 3:  # patches after class and register tokens
            features = features[:, int(getattr(self.net, "num_prefix_tokens", 0)) :]
            return _whole(features) if self.gives == "sequence" else self._grid(features)
        return features if self.gives == "grid" else _whole(features.flatten(2).transpose(1, 2))

    def _grid(self, features_BLD: torch.Tensor) -> torch.Tensor:
        if not hasattr(self.net, "patch_embed"):
            raise _no_such_features(self)
        height, width = self.net.patch_embed.grid_size  # type: ignore[union-attr]
        return features_BLD.transpose(1, 2).unflatten(2, (int(height), int(width)))

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """Stages (of convolutional networks) or blocks (of transformers), from the input to the output."""
        from timm.models import group_parameters

        named = dict(self.net.named_parameters())
        groups = group_parameters(self.net, self.net.group_matcher(coarse=True))  # type: ignore[operator]
        return [[named[name] for name in groups[number]] for number in sorted(groups)]

    # -- the library's own checkpoints -------------------------------------------------------------------------------
    @property
    def architecture(self) -> str:
        """The name by which timm builds it."""
        return str(self._cfg["architecture"])

    @property
    def _cfg(self) -> dict[str, Any]:
        return self.net.pretrained_cfg  # type: ignore[return-value]

    @property
    def _classifiers(self) -> tuple[str, ...]:
        names = self._cfg["classifier"]
        return (names,) if isinstance(names, str) else tuple(names)

    def to_library(
        self, weight_KD: torch.Tensor, bias_K: torch.Tensor, classes: tuple[str, ...]
    ) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """State and configuration as timm saves them, with a linear head as its classifier.

        Networks with two classifiers (distilled ones) answer with their mean, so both get the same weights. None where timm's
        network has another form than encoder and classifier.
        """
        import timm

        state = dict(self.net.state_dict())
        with torch.device("meta"):
            whole = timm.create_model(self.architecture, num_classes=len(bias_K), **self.model_args).state_dict()
        for name in self._classifiers:
            if f"{name}.weight" in whole:
                state[f"{name}.weight"] = weight_KD.reshape(
                    whole[f"{name}.weight"].shape
                )  # some classify by a 1 × 1 convolution
                state[f"{name}.bias"] = bias_K
        if {k: v.shape for k, v in whole.items()} != {k: v.shape for k, v in state.items()} or self.gives != "vector":
            return None
        keep = ("crop_pct", "interpolation", "first_conv", "classifier", "pool_size", "fixed_input_size")
        told = {k: self._cfg[k] for k in keep if self._cfg.get(k) is not None}
        told["input_size"] = self.input_size
        return state, {
            "architecture": self.architecture,
            "num_classes": len(bias_K),
            "num_features": self.num_features,
            "model_args": self.model_args,
            "pretrained_cfg": told,
            **({"label_names": list(classes)} if classes else {}),
        }

    def from_library(self, state: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """A state as timm saves it → the encoder's own, and the linear head's (empty where it has none)."""
        state = dict(state)
        head: dict[str, torch.Tensor] = {}
        for name in self._classifiers:
            weight, bias = state.pop(f"{name}.weight", None), state.pop(f"{name}.bias", None)
            if weight is not None and bias is not None:
                head = {"weight": weight.flatten(1), "bias": bias}
        return {f"net.{name}": tensor for name, tensor in state.items()}, head

    def adapt(self, state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """Pretrained weights made to fit: other channels in the first convolution, other numbers and sizes of patches.

        `state` is the encoder's own, as `from_library` gives it. Uses timm's own rules (sums or repeats the colour channels,
        interpolates position embeddings).
        """
        from timm.models import adapt_input_conv

        plain = {name.removeprefix("net."): tensor for name, tensor in state.items()}
        rule = getattr(sys.modules[type(self.net).__module__], "checkpoint_filter_fn", None)
        if rule is not None:
            plain = rule(plain, self.net)
        firsts = self._cfg.get("first_conv") or ()
        for first in (firsts,) if isinstance(firsts, str) else firsts:
            weight = plain.get(f"{first}.weight")
            channels = self.model_args["in_chans"]
            if weight is not None and weight.shape[1] == 3 and channels != 3:
                plain[f"{first}.weight"] = adapt_input_conv(channels, weight)
            elif weight is not None and weight.shape[1] == 1 and channels == 3:
                plain[f"{first}.weight"] = weight.expand(-1, 3, *weight.shape[2:]) / 3
        return {f"net.{name}": tensor for name, tensor in plain.items()}
