"""The model's own library: a folder that timm or transformers load by themselves, with weights in safetensors."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from fukami.core.cards import FormatCard, cards
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.export.contract import Asked, Material, require_one_pass
from fukami.export.onnx_graph import quiet
from fukami.layers.pooling import valid

CARD = FormatCard(
    name="folder",
    summary="the folder that timm or transformers load by themselves",
    file="config.json",
    packages=("torch",),
    use={
        "timm": """\
import timm
import torch
from preprocess import tensors

network = timm.create_model("local-dir:.", pretrained=True).eval()
outputs = network(*map(torch.from_numpy, tensors([{example}]).values()))
""",
        "transformers": """\
import torch
from preprocess import tensors
from transformers import AutoModelForSequenceClassification

network = AutoModelForSequenceClassification.from_pretrained(".").eval()
ids, lengths = map(torch.from_numpy, tensors([{example}]).values())
mask = torch.arange(ids.shape[1]) < lengths[:, None]
outputs = network(input_ids=ids, attention_mask=mask.long()).logits
""",
    },
    source="https://huggingface.co/docs/timm; https://huggingface.co/docs/transformers",
)


def write(material: Material, folder: Path) -> Asked:
    """Copies the run's `model/`, without what only Fukami reads, and asks the library for the answers.

    Raises:
        UsageError: F-EXPORT-FOLDER where the model is Fukami's own.
    """
    require_one_pass(material, CARD.name)
    if material.library not in _LOADED:
        others = ", ".join(f"--to {name}" for name in cards("export/formats") if name != CARD.name)
        raise UsageError(
            "F-EXPORT-FOLDER",
            _("no other library knows this model"),
            where=str(material.folder / "model"),
            expected=_("a run whose model comes from timm or transformers"),
            got=material.predictor.choice.name if material.predictor.choice else _("a module of your own"),
            fix=others,
        )
    if not material.is_plain:
        raise UsageError(
            "F-EXPORT-FOLDER",
            _("what follows this network another library does not compute"),
            where=str(material.folder / "model"),
            fix="--to onnx",
        )
    source = material.folder / "model"
    for file in sorted(source.iterdir()):
        if file.name != "config.json":
            shutil.copy2(file, folder / file.name)
    config = json.loads((source / "config.json").read_text("utf-8"))
    del config["fukami"]
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with quiet():
        network = _LOADED[material.library](folder)

    def asked(inputs: dict[str, Any]) -> Any:
        (batch,) = inputs.values()
        with torch.inference_mode():
            return material.answers(material.after(network(batch).unsqueeze(1)))

    return asked


Network = Callable[[Any], torch.Tensor]
"""A field's batch → `outputs_BK`, as the library gives them."""


def _timm(folder: Path) -> Network:
    import timm

    return timm.create_model(f"local-dir:{folder}", pretrained=True).eval()


def _transformers(folder: Path) -> Network:
    from transformers import AutoModelForSequenceClassification

    found: Any = AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    network = found.eval()
    return lambda batch: network(input_ids=batch.ids, attention_mask=valid(batch.lengths, batch.ids.shape[1]).long()).logits


_LOADED: dict[str, Callable[[Path], Network]] = {"timm": _timm, "transformers": _transformers}
