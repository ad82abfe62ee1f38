"""The least that answers for a picture with the weights of a Fukami run: `python bare.py RUN PICTURE`.

The network is Fukami's `cnn` of size tiny for 28 × 28 grey pixels, written out.
B examples, C channels, H and W pixels, D features.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn


def block(channels: int, out_channels: int) -> nn.Sequential:
    """3 × 3 convolution, batch normalisation, ReLU."""
    layer = nn.Conv2d(channels, out_channels, 3, padding=1, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True))


class Encoder(nn.Module):
    """A stem of 8 channels, then two stages that halve the grid, of 32 and 64; mean and maximum over what is left."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(block(1, 8))
        pairs = ((8, 32), (32, 64))
        self.stages = nn.ModuleList(nn.Sequential(nn.MaxPool2d(2), block(*pair)) for pair in pairs)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        x_BDHW = self.stem(x_BCHW)
        for stage in self.stages:
            x_BDHW = stage(x_BDHW)
        return torch.cat([x_BDHW.mean((2, 3)), x_BDHW.amax((2, 3))], dim=1)


class Network(nn.Module):
    """The encoder and a linear head."""

    def __init__(self, num_classes: int):
        super().__init__()
        self.encoder = Encoder()
        self.head = nn.Linear(128, num_classes)

    def forward(self, x_BCHW: torch.Tensor) -> torch.Tensor:
        return self.head(self.encoder(x_BCHW))


def main(run: Path, picture: str) -> None:
    from PIL import Image

    told = json.loads((run / "run.json").read_text("utf-8"))
    image, target = (told["fields"][name]["state"] for name in ("image", "label"))
    network = Network(len(target["classes"])).eval()
    network.load_state_dict(load_file(run / "model" / "model.safetensors"))
    pixels = torch.frombuffer(bytearray(Image.open(picture).convert("L").tobytes()), dtype=torch.uint8).view(1, 1, 28, 28)
    with torch.inference_mode():
        logits = network((pixels / 255 - image["mean"][0]) / image["std"][0]) / told["temperature"]
    scores = logits.softmax(1)[0]
    best = int(scores.argmax())
    print(json.dumps({"label": target["classes"][best], "score": float(scores[best])}))


main(Path(sys.argv[1]), sys.argv[2])
