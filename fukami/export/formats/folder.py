"""The model's own library: a folder that timm or transformers load by themselves, with weights in safetensors."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch

from fukami.core.cards import FormatCard, cards
from fukami.core.errors import UsageError
from fukami.core.language import _
from fukami.export.contract import Asked, Material
from fukami.export.onnx_graph import quiet

CARD = FormatCard(
    name="folder",
    summary="the folder that timm or transformers load by themselves",
    file="config.json",
    source="https://huggingface.co/docs/timm; https://huggingface.co/docs/transformers",
)
STANDALONE = False
USE = """\
import timm
timm.create_model("local-dir:.", pretrained=True)                          # pictures
from transformers import AutoModelForSequenceClassification
AutoModelForSequenceClassification.from_pretrained(".")                    # texts
"""


def write(material: Material, folder: Path) -> Asked:
    """Copies the run's `model/`, without what only Fukami reads, and asks the library for the answers.

    Raises:
        UsageError: F-EXPORT-FOLDER where the model is Fukami's own.
    """
    source = material.folder / "model"
    config = json.loads((source / "config.json").read_text("utf-8"))
    library = config.pop("fukami", {}).get("format", "")
    if library not in ("timm", "transformers"):
        others = ", ".join(f"--to {name}" for name in cards("export/formats") if name != CARD.name)
        raise UsageError(
            "F-EXPORT-FOLDER",
            _("no other library knows this model"),
            where=str(source),
            expected=_("a run whose model comes from timm or transformers"),
            got=material.predictor.choice.name if material.predictor.choice else _("a module of your own"),
            fix=others,
        )
    for file in sorted(source.iterdir()):
        if file.name != "config.json":
            shutil.copy2(file, folder / file.name)
    (folder / "config.json").write_text(json.dumps(config, indent=2, ensure_ascii=False) + "\n", "utf-8")
    with quiet():
        network = _timm(folder) if library == "timm" else _transformers(folder)
    return _asker(material, network.eval())


def _timm(folder: Path) -> torch.nn.Module:
    import timm

    return timm.create_model(f"local-dir:{folder}", pretrained=True)


def _transformers(folder: Path) -> torch.nn.Module:
    from transformers import AutoModelForSequenceClassification

    return AutoModelForSequenceClassification.from_pretrained(folder, local_files_only=True, trust_remote_code=False)


def _asker(material: Material, network: Any) -> Asked:
    from fukami.layers.pooling import valid

    def asked(inputs: dict[str, Any]) -> np.ndarray:
        (batch,) = inputs.values()
        with torch.inference_mode():
            if isinstance(batch, torch.Tensor):
                outputs_BK = network(batch)
            else:
                mask_BL = valid(batch.lengths, batch.ids.shape[1]).long()
                outputs_BK = network(input_ids=batch.ids, attention_mask=mask_BL).logits
            return material.after(outputs_BK.unsqueeze(1)).numpy()

    return asked
