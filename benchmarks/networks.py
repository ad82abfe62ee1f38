"""The networks, each built in one place for every side that takes a `torch.nn.Module`.

B examples, L tokens, D features, K classes.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn


def small_cnn() -> nn.Module:
    """For 28 × 28 grey pictures: two pairs of 3 × 3 convolutions (32, 64), each pair pooled; a layer of 128; 10 classes."""

    def block(channels: int, out_channels: int) -> nn.Module:
        layer = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
        return nn.Sequential(layer, nn.BatchNorm2d(out_channels), nn.ReLU())

    features = (block(1, 32), block(32, 32), nn.MaxPool2d(2), block(32, 64), block(64, 64), nn.MaxPool2d(2))
    return nn.Sequential(*features, nn.Flatten(), nn.Linear(64 * 49, 128), nn.ReLU(), nn.Dropout(0.2), nn.Linear(128, 10))


def resnet18() -> nn.Module:
    """torchvision's ResNet-18 with a 3 × 3 stem and no first pooling, as is usual for 32 × 32 pixels; 10 classes."""
    import torchvision

    network: Any = torchvision.models.resnet18(num_classes=10)
    network.conv1 = nn.Conv2d(3, 64, 3, padding=1, bias=False)
    network.maxpool = nn.Identity()
    return network


BERT = {"hidden_size": 256, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 1024}
VOCABULARY, LONGEST = 8000, 128


def bert() -> nn.Module:
    """transformers' BERT for two classes: 4 layers, 256 wide, 8,000 pieces of words, at most 128 of them."""
    from transformers import BertConfig, BertForSequenceClassification

    config: Any = BertConfig  # its arguments are not all declared
    sizes = {"vocab_size": VOCABULARY, "max_position_embeddings": LONGEST, "num_labels": 2, "pad_token_id": 0}
    return BertForSequenceClassification(config(**sizes, **BERT))


class SentenceClassifier(nn.Module):
    """`bert()` called with ids and lengths. Counts what it learns from, so that the share of padding can be told.

    Shapes: `ids_BL`, `lengths_B` → `logits_BK`.
    """

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network
        self.real = self.padded = 0

    def forward(self, ids_BL: torch.Tensor, lengths_B: torch.Tensor) -> torch.Tensor:
        if self.training:
            self.real += int(lengths_B.sum())
            self.padded += ids_BL.numel()
        mask_BL = torch.arange(ids_BL.shape[1], device=ids_BL.device) < lengths_B[:, None]
        return self.network(input_ids=ids_BL, attention_mask=mask_BL.long()).logits


def mlp(num_features: int, *, width: int = 128, depth: int = 2) -> nn.Module:
    """`depth` hidden layers of `width`, and two classes."""
    layers: list[nn.Module] = []
    for before in (num_features, *[width] * (depth - 1)):
        layers += [nn.Linear(before, width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, 2))
