"""DETR and its kin are those of transformers: losses, answers, and checkpoints by folder; their graphs answer as they do."""

import numpy as np
import pytest
import torch

from fukami.core.specs import ImageSpec
from fukami.fields.batch import Rows
from fukami.models import detr, huggingface, registry
from fukami.models.contract import Network
from fukami.models.transfer import find

SIDE, CLASSES = 64, 3
FAMILIES = tuple(detr.CONFIGS)


@pytest.fixture(scope="module")
def built():
    """Each family, once."""
    found = {}

    def build(family: str) -> detr.Asked:
        if family not in found:
            torch.manual_seed(0)
            spec, sizes = ImageSpec(channels=3, height=SIDE, width=SIDE), {"width": 16, "depth": 2, "heads": 2, "queries": 12}
            found[family] = detr.build(spec, target={"num_classes": CLASSES}, family=family, **sizes)
        return found[family]

    return build


def pictures() -> tuple[torch.Tensor, Rows]:
    rng = np.random.default_rng(0)
    corner = rng.uniform(0, 0.5, (3, 2))
    box = torch.from_numpy(np.concatenate([corner, corner + rng.uniform(0.2, 0.5, (3, 2))], 1).astype(np.float32))
    x = torch.from_numpy(rng.random((3, 3, SIDE, SIDE), np.float32))
    rows = Rows({"box": box, "class": torch.tensor([0, 1, 2]), "ignored": torch.zeros(3).long()}, torch.tensor([2, 0, 1]))
    return x, rows


@pytest.mark.parametrize("family", FAMILIES)
def test_losses_and_boxes_are_the_librarys(built, family):
    own = built(family).eval()
    x, rows = pictures()
    wanted = [
        {"class_labels": one["class"], "boxes": torch.cat([(b[:, :2] + b[:, 2:]) / 2, b[:, 2:] - b[:, :2]], 1)}
        for one in rows.each()
        for b in [one["box"]]
    ]
    with torch.no_grad():
        found, answers = own.losses({"image": x}, {"boxes": rows}, torch.Generator()), own(x)
        for b in range(3):
            torch.manual_seed(0)
            their = own.net(pixel_values=x[b : b + 1], labels=wanted[b : b + 1])
            torch.testing.assert_close(found["loss"][b], their.loss, rtol=1e-4, atol=1e-4)
            middle, sides = their.pred_boxes[0].chunk(2, 1)
            corners = torch.cat([middle - sides / 2, middle + sides / 2], 1).clamp(0, 1)
            torch.testing.assert_close(answers["boxes"][b], corners, rtol=1e-4, atol=1e-5)
            scores = their.logits[0].softmax(1)[:, :CLASSES] if family == "detr" else their.logits[0].sigmoid()
            torch.testing.assert_close(answers["scores"][b], scores, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_weight_learns(built, family):
    own = built(family).train()
    x, rows = pictures()
    own.zero_grad()
    own.losses({"image": x}, {"boxes": rows}, torch.Generator().manual_seed(0))["loss"].backward()
    assert not [name for name, p in own.named_parameters() if p.grad is None or not p.grad.isfinite().all()]
    assert sum(len(group) for group in own.layer_groups()) == len(list(own.parameters()))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_folder_of_the_library_is_a_model_with_its_weights(built, family, tmp_path):
    own = built(family).eval()
    own.net.save_pretrained(tmp_path)
    choice = registry.resolve(f"hf:{tmp_path}", takes="image", needs="boxes")
    spec = ImageSpec(channels=3, height=SIDE, width=SIDE)
    other = registry.build(choice, spec, gives="boxes", target={"num_classes": CLASSES})
    weights = find(choice, "yes").weights
    told = weights.into(Network(other, torch.nn.Identity()))
    assert not told["different"] and not told["left_over"]
    x, _rows = pictures()
    with torch.no_grad():
        for name, found in other.eval()(x).items():
            torch.testing.assert_close(found, own(x)[name])
    fewer = registry.build(choice, spec, gives="boxes", target={"num_classes": 2})
    told = weights.into(Network(fewer, torch.nn.Identity()))
    assert told["different"] and told["matched"] > 10  # what names classes is new


def test_what_is_no_detector_is_refused(tmp_path):
    from transformers import BertConfig

    from fukami.core.errors import UsageError

    BertConfig().save_pretrained(tmp_path)
    spec = ImageSpec(channels=3, height=SIDE, width=SIDE)
    with pytest.raises(UsageError, match="F-MODEL-DETECTOR"):
        huggingface.build(spec, gives="boxes", architecture=str(tmp_path), target={"num_classes": CLASSES})
