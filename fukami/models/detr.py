"""DETR and its kin: a transformer asks a picture with learned or chosen questions, each of which is answered by one box.

`detr`: Carion et al. 2020 (arXiv:2005.12872); `rt-detr`: Zhao et al. 2023 (arXiv:2304.08069), whose questions are the likeliest
places of three grids; `d-fine`: Peng et al. 2024 (arXiv:2410.13842), which refines distributions of edges from layer to layer.
Networks, matching and losses are those of transformers. Sizes are for processors and little data, from scratch; those of the
papers, with their weights, come by name or folder: `hf:facebook/detr-resnet-50`, `hf:PekingU/rtdetr_r50vd`, `hf:FOLDER`.

What differs: batch normalisation learns along, where the library has it frozen. Pictures are normalised by those that are
learned from, whatever weights were made with.

Not read on BCCD: from scratch these ask for far more pictures and epochs than its 205 and 24.

Shapes: B pictures, Q questions, K classes.
"""

import copy
from typing import Any

import torch
from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import ImageSpec
from fukami.models.detector import learnable

CARD = ModelCard(
    name="detr",
    summary="DETR: learned questions to a picture, each answered by one box",
    takes=("image",),
    gives=("boxes",),
    sizes={"tiny": {"width": 32, "depth": 2, "queries": 20}, "small": {}},
    size="small",
    parameters={"image": {"tiny": 84_046, "small": 997_854}},
    small={"width": 16, "heads": 2},
    options={"width": 96, "depth": 3, "heads": 4, "queries": 100},
    learning={"learning_rate": 4e-4, "weight_decay": 1e-4},
    image={"min_size_px": 64, "multiple_px": 32},
    source="Carion et al. 2020, arXiv:2005.12872; transformers",
    kin={
        "rt-detr": {
            "summary": "RT-DETR: the likeliest places of three grids are the questions, each answered by one box",
            "parameters": {"image": {"tiny": 210_171, "small": 1_964_744}},
            "source": "Zhao et al. 2023, arXiv:2304.08069; transformers",
        },
        "d-fine": {
            "summary": "D-FINE: RT-DETR that refines how far edges are likely to be, layer by layer",
            "parameters": {"image": {"tiny": 161_249, "small": 1_446_535}},
            "source": "Peng et al. 2024, arXiv:2410.13842; transformers",
        },
    },
)


def build(
    spec: ImageSpec,
    *,
    gives: str = "boxes",
    target: Any,
    family: str = "detr",
    width: int = 96,
    depth: int = 3,
    heads: int = 4,
    queries: int = 100,
) -> nn.Module:
    """Args:
    spec: channels of the pictures; any size does.
    gives: `boxes`.
    target: how many classes there are.
    family: `detr`, `rt-detr` or `d-fine`.
    width: features of the transformer; those of the grids grow from a quarter to twice that.
    depth: layers of what answers, at least two.
    heads: heads of each attention; they divide the width.
    queries: boxes of a picture at most.
    """
    config = CONFIGS[family](spec.channels, width, depth, heads, queries)
    return from_config(config, target)


def detr(channels: int, width: int, depth: int, heads: int, queries: int) -> Any:
    from transformers import DetrConfig, ResNetConfig

    seeing: dict[str, Any] = {
        "num_channels": channels,
        "embedding_size": width // 4,
        "hidden_sizes": [width // 4, width // 2, width],
        "depths": [1, 1, 1],
        "layer_type": "basic",
        "out_features": ["stage3"],
    }
    sized = _sized(width, depth, heads)
    layers: dict[str, Any] = {f"{part}_{name}": value for part in ("encoder", "decoder") for name, value in sized.items()}
    return DetrConfig(
        backbone_config=ResNetConfig(**seeing),
        num_channels=channels,
        d_model=width,
        num_queries=queries,
        auxiliary_loss=True,
        dropout=0.0,
        **layers,
    )


def rt_detr(channels: int, width: int, depth: int, heads: int, queries: int) -> Any:
    from transformers import RTDetrConfig
    from transformers.models.rt_detr.configuration_rt_detr_resnet import RTDetrResNetConfig

    sizes = [width // 4, width // 2, width, 2 * width]
    seeing: dict[str, Any] = {
        "num_channels": channels,
        "embedding_size": width // 4,
        "hidden_sizes": sizes,
        "depths": [1, 1, 1, 1],
        "layer_type": "basic",
        "out_features": ["stage2", "stage3", "stage4"],
    }
    return RTDetrConfig(backbone_config=RTDetrResNetConfig(**seeing), **_grids(sizes[1:], width, depth, heads, queries))


def d_fine(channels: int, width: int, depth: int, heads: int, queries: int) -> Any:
    from transformers import DFineConfig, HGNetV2Config

    sizes = [width // 4, width // 2, width, 2 * width]
    seeing: dict[str, Any] = {
        "num_channels": channels,
        "embedding_size": width // 4,
        "stem_channels": [channels, width // 4, width // 4],
        "stage_in_channels": [width // 4, *sizes[:3]],
        "stage_mid_channels": [size // 2 for size in sizes],
        "stage_out_channels": sizes,
        "hidden_sizes": sizes,
        "stage_num_blocks": [1, 1, 1, 1],
        "stage_numb_of_layers": [3, 3, 3, 3],
        "depths": [1, 1, 1, 1],
        "use_learnable_affine_block": True,
        "out_features": ["stage2", "stage3", "stage4"],
    }
    return DFineConfig(backbone_config=HGNetV2Config(**seeing), **_grids(sizes[1:], width, depth, heads, queries))


KNOWN = ("detr", "rt_detr", "rt_detr_v2", "d_fine")
"""Types of configurations of transformers whose detectors answer in the same way."""
CONFIGS = {"detr": detr, "rt-detr": rt_detr, "d-fine": d_fine}


def _sized(width: int, depth: int, heads: int) -> dict[str, int]:
    return {"layers": depth, "attention_heads": heads, "ffn_dim": 4 * width}


def _grids(sizes: list[int], width: int, depth: int, heads: int, queries: int) -> dict[str, Any]:
    """Settings of those that look at three grids."""
    return {
        "encoder_in_channels": sizes,
        "encoder_hidden_dim": width,
        "decoder_in_channels": [width] * 3,
        "d_model": width,
        "num_queries": queries,
        "num_denoising": queries,
        "hidden_expansion": 0.5,
        "freeze_backbone_batch_norms": False,
        "encoder_ffn_dim": 4 * width,
        "encoder_attention_heads": heads,
        **{f"decoder_{name}": value for name, value in _sized(width, depth, heads).items()},
    }


def from_config(config: Any, target: Any) -> nn.Module:
    """The network of a configuration of transformers, for the classes of `target`."""
    from transformers import AutoModelForObjectDetection

    labels, config.num_labels = config.num_labels, target["num_classes"]
    return Asked(AutoModelForObjectDetection.from_config(config), labels)


class Asked(nn.Module):
    """A detector of transformers that answers questions with boxes, as a whole model. Checkpoints know `labels` classes."""

    num_features = 0

    def __init__(self, net: Any, labels: int):
        super().__init__()
        self.labels = labels
        net.requires_grad_(True)  # some of the library's begin with layers that do not learn
        thawed(net)
        self.net = net

    @torch.compiler.disable  # things are matched with questions outside of torch
    def losses(self, inputs: dict[str, Any], targets: dict[str, Any], rng: torch.Generator) -> dict[str, torch.Tensor]:
        (x_BCHW,), (boxes,) = inputs.values(), targets.values()
        wanted = [told(one, x_BCHW.shape[2:]) for one in learnable(boxes, int(x_BCHW.shape[2]), int(x_BCHW.shape[3]))]
        seed = int(torch.randint(1 << 30, (), generator=rng, device=rng.device)) if self.training else 0
        with torch.random.fork_rng(devices=[x_BCHW.device] if x_BCHW.is_cuda else []):
            torch.manual_seed(seed)  # for what the library draws itself
            if self.training:
                return {"loss": self.loss(x_BCHW, wanted)}
            # each picture by itself: what is asked of an answer must not depend on its company
            return {"loss": torch.stack([self.loss(x_BCHW[b : b + 1], wanted[b : b + 1]) for b in range(len(x_BCHW))])}

    def loss(self, x_BCHW: torch.Tensor, wanted: list[dict[str, torch.Tensor]]) -> torch.Tensor:
        """The library's: parts of every layer, added up by the weights of the configuration."""
        return self.net(pixel_values=x_BCHW, labels=wanted).loss

    def forward(self, x_BCHW: torch.Tensor) -> dict[str, torch.Tensor]:
        """`boxes` (B, Q, 4) in shares of the sides, cut to the picture, and `scores` (B, Q, K)."""
        found = self.net(pixel_values=x_BCHW)
        alone = getattr(self.net.config, "use_focal_loss", False)  # else nothing is a class as well, the last
        scores_BQK = found.logits.sigmoid() if alone else found.logits.softmax(2)[..., :-1]
        middle, sides = found.pred_boxes[..., :2], found.pred_boxes[..., 2:]
        return {"boxes": torch.cat([middle - sides / 2, middle + sides / 2], 2).clamp(0, 1), "scores": scores_BQK}

    def answers(self, inputs: dict[str, Any], rng: torch.Generator, options: Any) -> dict[str, torch.Tensor]:
        (x_BCHW,) = inputs.values()
        return self(x_BCHW)

    def layer_groups(self) -> list[list[nn.Parameter]]:
        """What sees, and what asks."""
        groups: tuple[list[nn.Parameter], list[nn.Parameter]] = [], []
        for name, parameter in self.net.named_parameters():
            groups["backbone" not in name].append(parameter)
        return list(groups)

    def from_library(self, state: dict[str, torch.Tensor]) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        """A state as transformers saves it → the network's own, and nothing for a head.

        The library gives some weights other names than its files have; it alone knows which, so it reads them itself.
        """
        config = copy.deepcopy(self.net.config)
        config.num_labels = self.labels
        theirs = type(self.net).from_pretrained(None, config=config, state_dict=state)
        return {f"net.{name}": tensor for name, tensor in theirs.state_dict().items()}, {}


def told(one: dict[str, torch.Tensor], size: Any) -> dict[str, torch.Tensor]:
    """The things of a picture as transformers takes them: middles and sides as shares of the picture's."""
    height, width = size
    corners_T4 = one["boxes"] / one["boxes"].new_tensor([width, height, width, height])
    low, high = corners_T4[:, :2], corners_T4[:, 2:]
    return {"class_labels": one["labels"], "boxes": torch.cat([(low + high) / 2, high - low], 1)}


def thawed(net: nn.Module) -> None:
    """Batch normalisation that does not learn becomes one that does, with the same weights."""
    for part in list(net.modules()):
        for name, inner in part.named_children():
            if type(inner).__name__.endswith("FrozenBatchNorm2d"):
                learning = nn.BatchNorm2d(len(inner.weight))  # type: ignore[arg-type]
                learning.load_state_dict(inner.state_dict(), strict=False)
                setattr(part, name, learning)
