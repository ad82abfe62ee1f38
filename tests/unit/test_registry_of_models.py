"""Names of models: what is understood, and what is said where something is not."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from fukami.core.cards import card, cards
from fukami.core.errors import RunError, UsageError
from fukami.core.recipe import Recipe
from fukami.core.specs import ImageSpec, RowSpec, TokenSpec
from fukami.fields.contract import Cells, Tokens
from fukami.layers.heads import LinearHead
from fukami.models import checkpoint, registry
from fukami.models.contract import Network
from tests.small_models import small_batch, small_model

SMALL = ImageSpec(channels=1, height=8, width=8)


def image(name, size=""):
    return registry.resolve(name, size, takes="image", needs="vector")


@pytest.mark.parametrize(
    ("name", "architecture"),
    [
        ("resnet18", "resnet18"),
        ("ResNet50", "resnet50"),
        ("vgg16", "vgg16"),
        ("efficientnet_b0", "efficientnet_b0"),
        ("efficientnet-b0", "efficientnet_b0"),
        ("mobilenet_v3_small", "mobilenetv3_small_100"),
        ("mobilenetv3_small_100", "mobilenetv3_small_100"),
        ("vit_tiny", "vit_tiny_patch16_224"),
        ("inception_v3", "inception_v3"),
        ("timm:convnext_tiny", "convnext_tiny"),
        ("timm:resnet18.a1_in1k", "resnet18.a1_in1k"),
    ],
)
def test_well_known_names(name, architecture):
    choice = image(name)
    assert choice.options["architecture"] == architecture and choice.name == name


def test_a_size_may_stand_behind_a_colon():
    assert image("cnn:tiny") == image("cnn", "tiny") == image("cnn:tiny", "tiny") and image("resnet:small").size == "small"
    recipe = registry.apart(Recipe("image-classification").changed({"model.name": "cnn:tiny"}))
    assert (recipe.model.name, recipe.model.size) == ("cnn", "tiny") and {"name", "size"} <= recipe.chosen
    assert registry.apart(recipe) is recipe


def test_sizes_go_before_defaults_and_the_users_options_before_both():
    assert image("cnn").options["width"] == 16
    choice = image("cnn", "tiny")
    assert choice.size == "tiny" and choice.options["width"] == 8
    encoder = registry.build(choice, SMALL, options={"width": 4, "depth": 1})
    assert encoder.stem[0][0].out_channels == 4


@pytest.mark.parametrize(
    ("name", "size", "code", "words"),
    [
        ("resnt18", "", "F-MODEL-NAME", "resnet18"),
        ("convnext_tiny", "", "F-MODEL-NAME", "timm:NAME"),
        ("timm:convnxt_tiny", "", "F-MODEL-NAME", "timm:convnext_tiny"),
        ("resnet", "huge", "F-MODEL-SIZE", "tiny, small, base, large"),
        ("cnn:tny", "", "F-MODEL-SIZE", "tiny"),
        ("cn:tiny", "", "F-MODEL-NAME", "cnn"),
        ("cnn:tiny", "large", "F-MODEL-SIZE", "cnn:tiny | cnn:large"),
        ("resnet18:tiny", "", "F-MODEL-SIZE", "leave out the size"),
        ("lenet", "tiny", "F-MODEL-SIZE", "lenet"),
        ("resnet18", "large", "F-MODEL-SIZE", "resnet18"),
        ("gru", "", "F-KIND-FIT", "cnn"),
        ("./nowhere", "", "F-MODEL-FOLDER", "config.json"),
    ],
)
def test_what_is_said_about_a_name_that_cannot_be_used(name, size, code, words):
    with pytest.raises(UsageError) as caught:
        image(name, size)
    assert caught.value.code == code and words in str(caught.value)


def test_a_misfit_of_features_names_what_fits():
    with pytest.raises(UsageError) as caught:
        registry.resolve("bag-of-embeddings", takes="text", needs="sequence")
    assert caught.value.code == "F-KIND-FIT" and "gru" in caught.value.fix and "bag" not in caught.value.fix


@pytest.mark.parametrize(
    ("options", "words"),
    [({"widht": 3}, "width"), ({"width": "wide"}, "int"), ({"width": 2.5}, "int"), ({"dropout": True}, "float")],
)
def test_options_are_checked(options, words):
    with pytest.raises(UsageError) as caught:
        registry.build(image("cnn"), SMALL, options=options)
    assert caught.value.code == "F-MODEL-OPTION" and words in str(caught.value)


def test_pictures_that_are_too_small():
    with pytest.raises(UsageError) as caught:
        registry.build(image("inception"), ImageSpec(channels=3, height=64, width=64))
    assert caught.value.code == "F-MODEL-SPEC" and "size_px=96" in caught.value.fix


def test_every_family_has_pictures_of_one_pixel_enlarged_to_what_it_can_use():
    from fukami.training.prepare import size_settings

    for name, family in cards("models").items():
        if "image" in family.takes:
            wanted = size_settings(family, Recipe("image-classification"), {"size_px": 1})
            assert wanted.get("size_px", 1) >= family.image.get("least_size_px", 1), name


def test_what_the_library_says_reaches_the_user():
    with pytest.raises(UsageError) as caught:
        registry.build(image("timm:vit_tiny_patch16_224"), ImageSpec(channels=3, height=8, width=8))
    assert caught.value.code == "F-MODEL-SPEC" and "8 × 8" in caught.value.got


@pytest.mark.parametrize(("side", "grid"), [(4, 4), (8, 4), (12, 6), (28, 7), (32, 4), (64, 4), (96, 6), (224, 7)])
def test_the_small_network_takes_pictures_of_every_size(side, grid):
    spec = ImageSpec(channels=3, height=side, width=side + 1)
    encoder = registry.build(image("cnn", "tiny"), spec, gives="grid")
    assert encoder(torch.zeros(1, 3, side, side + 1)).shape[2] == grid


def test_rows_list_what_fits_with_parameters():
    task = card("tasks", "text-classification")
    rows = {row["name"]: row for row in registry.rows(task)}
    assert {"gru", "bert", "transformer", "text-cnn", "hf:NAME"} <= rows.keys() and "cnn" not in rows
    assert rows["bert"]["sizes"]["base"] > 90e6 > rows["bert"]["sizes"]["tiny"] > 1e6
    assert rows["hf:NAME"]["sizes"] == {} and rows["gru"]["default"] == "small"


def test_a_configuration_out_of_reach_says_so():
    with pytest.raises(UsageError) as caught:
        registry.resolve("hf:nobody/nothing", takes="text", needs="vector")
    assert caught.value.code == "F-MODEL-HUB" and "HF_HUB_OFFLINE" in caught.value.got


# -- the user's own modules ----------------------------------------------------------------------------------------------
class TwoArguments(nn.Module):
    def __init__(self):
        super().__init__()
        self.table, self.last = nn.Embedding(40, 4), nn.Linear(4, 3)

    def forward(self, ids, lengths):
        return self.last(self.table(ids).sum(1) / lengths.unsqueeze(1))


class Encoder(nn.Module):
    num_features = 3

    def __init__(self):
        super().__init__()
        self.last = nn.LazyLinear(3)

    def forward(self, x):
        return self.last(x)


def test_a_whole_network_of_the_users_is_used_as_it_is():
    own = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    network = registry.wrap(own, SMALL, 3)
    batch = small_batch(SMALL)
    assert torch.equal(network({"image": batch}), own(batch).unsqueeze(1))


class Features(nn.Sequential):
    """A module that says how many features it gives."""

    def __init__(self, num_features, *layers):
        super().__init__(*layers)
        self.num_features = num_features


def test_an_encoder_of_the_users_gets_a_head():
    for own, outputs in ((Features(5, nn.Flatten(), nn.Linear(64, 5)), 3), (Features(3, nn.Flatten(), Encoder()), 2)):
        network = registry.wrap(own, SMALL, outputs)
        assert network({"image": small_batch(SMALL)}).shape == (3, 1, outputs)
        assert isinstance(network.head, LinearHead)
    row = RowSpec(num_numbers=2, cardinalities=(3,))
    network = registry.wrap(Encoder(), row, 3)  # the attribute num_features says that it is no whole network
    assert isinstance(network.head, LinearHead) and network.head.num_features == 3
    batch = Cells(torch.ones(4, 2), torch.tensor([[0], [1], [2], [0]]))
    assert network({"row": batch}).shape == (4, 1, 3) and network.encoder.module.last.in_features == 5


def test_a_module_is_called_as_its_arguments_say():
    words = TokenSpec(vocabulary_size=40, max_tokens=16)
    batch = small_batch(words)
    own = TwoArguments()
    assert torch.equal(registry.wrap(own, words, 3)({"text": batch})[:, 0], own(batch.ids, batch.lengths))
    bag = nn.Sequential(nn.Embedding(40, 4), nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten())
    assert registry.wrap(bag, words, 4)({"text": Tokens(batch.ids, batch.lengths)}).shape == (3, 1, 4)


def test_a_module_that_does_not_fit():
    with pytest.raises(UsageError, match="F-MODULE-CALL"):
        registry.wrap(nn.Linear(5, 3), SMALL, 3)
    with pytest.raises(UsageError, match="F-MODULE-OUTPUT"):
        registry.wrap(nn.Conv2d(1, 3, 1), SMALL, 3)


# -- model folders -------------------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path):
    choice, spec, encoder = small_model("lenet", "image")
    checkpoint.save(Network(encoder, LinearHead(84, 3)), tmp_path / "somewhere", choice=choice, spec=spec)
    return tmp_path / "somewhere"


def test_a_folder_is_a_model_too(folder):
    choice = image(str(folder))
    assert choice.card.name == "lenet" and choice.weights == str(folder)
    folder.rename(folder.parent / "model")
    assert image(str(folder.parent)).weights == str(folder.parent / "model")


def test_weights_of_another_network_are_refused(folder):
    _choice, _spec, encoder = small_model("lenet", "image")
    with pytest.raises(RunError) as caught:
        checkpoint.load(Network(encoder, LinearHead(84, 4)), folder)
    assert caught.value.code == "F-CHECKPOINT-KEYS" and "(4, 84)" in caught.value.got


def test_damaged_files_are_named(folder):
    _choice, _spec, encoder = small_model("lenet", "image")
    network = Network(encoder, LinearHead(84, 3))
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(RunError, match="F-CHECKPOINT-FILE"):
        checkpoint.load(network, folder)
    (folder / "config.json").write_text(json.dumps({"fukami": {"schema": 99}}))
    with pytest.raises(RunError, match="F-CHECKPOINT-CONFIG"):
        checkpoint.read(folder)
    (folder / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="F-MODEL-FOLDER"):
        image(str(folder))


def test_a_module_of_the_users_is_saved_by_its_weights(tmp_path):
    own = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    network = registry.wrap(own, SMALL, 3)
    checkpoint.save(network, tmp_path, choice=None, spec=SMALL)
    saved = checkpoint.read(tmp_path)
    assert saved.choice is None and saved.module == "torch.nn.modules.container.Sequential"
    again = registry.wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), SMALL, 3)
    checkpoint.load(again, tmp_path)
    assert torch.equal(again.encoder.module[1].weight, own[1].weight)


# -- heads ---------------------------------------------------------------------------------------------------------------
def test_members_have_weights_of_their_own():
    head = LinearHead(5, 2, members=3)
    features_BMD = torch.randn(4, 3, 5)
    expected = torch.stack([features_BMD[:, m] @ head.weight[m].T + head.bias[m] for m in range(3)], dim=1)
    torch.testing.assert_close(head(features_BMD), expected)
    shared = head(features_BMD[:, 0])
    torch.testing.assert_close(shared, head(features_BMD[:, :1].expand(-1, 3, -1)))
    plain = LinearHead(5, 2)
    torch.testing.assert_close(
        plain(features_BMD[:, 0])[:, 0], nn.functional.linear(features_BMD[:, 0], plain.weight, plain.bias)
    )


def test_families_of_one_file_are_families_like_others(tmp_path):
    """Each has its name, its sizes, its own learning, and runs of it name it alone."""
    plain = registry.resolve("rnn:tiny", takes="text", needs="vector")
    assert (plain.card.name, plain.size, plain.card.learning["learning_rate"]) == ("rnn", "tiny", 1e-3)
    assert registry.resolve("lstm", takes="text", needs="vector").card.learning["learning_rate"] == 2e-3
    spec = TokenSpec(vocabulary_size=9, max_tokens=5)
    kinds = {
        name: registry.build(replace(plain, card=card("models", name)), spec).forwards[0] for name in ("gru", "lstm", "rnn")
    }
    assert {name: type(layer).__name__.lower() for name, layer in kinds.items()} == {name: name for name in kinds}
    checkpoint.save_graph(b"", tmp_path, network=torch.nn.Identity(), choice=plain, spec=spec)
    told = json.loads((tmp_path / "config.json").read_text())["fukami"]
    assert told["family"] == "rnn" and set(told["options"]) == {"embedding", "width", "depth", "dropout"}
    saved = checkpoint.read(tmp_path).choice
    assert saved is not None and saved.card == plain.card
