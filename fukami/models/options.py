"""What the options of models mean: a family's card gives their defaults, this page their sentences, by name."""

from typing import Any

from fukami.core.cards import TaskCard
from fukami.core.language import N_, _
from fukami.core.options import kind_of
from fukami.models import registry
from fukami.models.choice import Choice

MEANINGS = {
    "activation": N_("The function between layers: tanh or relu."),
    "anchor_px": N_("Side of the smallest boxes that are tried, in pixels of the network's picture."),
    "architecture": N_("The name of the network in the library that it comes from."),
    "attention_dropout": N_("Share of what attention sees that is hidden at random in training."),
    "backbone": N_("What finds features in the picture: pyramid, the small one, or a ResNet of torchvision by name."),
    "bank": N_("Normal examples that are kept, at most."),
    "blocks": N_("Residual blocks at each size of the picture."),
    "cell": N_("Cells of the recurrent layers: gru, lstm or rnn."),
    "channels": N_("Channels of the convolutions at the beginning."),
    "blur": N_("How wide the mark of a point is in what is learned from, in cells of its map."),
    "checkpoint": N_("The name under which a library's hub has the first weights."),
    "code": N_("Numbers that an example is squeezed into."),
    "convolutions": N_("Convolutions in each head."),
    "copies": N_("Networks that share most of their weights, and whose answers are averaged."),
    "copying": N_("Whether what stands in the source may be copied, where source and target have the same pieces."),
    "depth": N_("Number of layers, or of blocks of layers; where the size of a picture halves, how often."),
    "double": N_("Whether one network chooses the action and another judges it."),
    "drop_path": N_("Share of the blocks that are passed over at random in training."),
    "dropout": N_("Share of the features that are hidden at random in training."),
    "dueling": N_("Whether the worth of a state and that of each action are learned apart."),
    "embedding": N_("Features that a token, or a number of a row, is first turned into."),
    "encoder": N_("The model that finds features in the picture, by name: any that gives a grid."),
    "filters": N_("Filters that stand for the bands of a spectrum."),
    "follow": N_("By which share the network that judges follows the one that learns, at each step."),
    "head": N_("Features of the heads, a multiple of 32."),
    "heads": N_("Heads of each attention; they divide the width."),
    "hidden": N_("Units of the dense layers at the end."),
    "individual": N_("Whether every channel has layers of its own."),
    "kernel": N_("Steps over which the trend of a series is averaged."),
    "leaves": N_("Leaves of a tree, at most."),
    "length": N_("Choices of a history that are read, the latest ones."),
    "letter": N_("Features that a letter is turned into."),
    "letter_width": N_("Features of a word that come from its letters."),
    "look": N_("Features that the look of a word (capitals, digits, signs) is turned into."),
    "mlp_ratio": N_("Size of the first dense layer, as a share of 4,096 units."),
    "moments": N_("Steps between noise and picture."),
    "negatives": N_("Items that a true one is compared with in learning."),
    "neighbours": N_("Nearest normal examples whose mean distance counts."),
    "next_sentence": N_("Whether it also learns if the second half of a passage is its own."),
    "noise": N_("Random numbers that a picture is made from."),
    "normalise": N_("Whether features are normalised after each convolution."),
    "one_to_one": N_("Whether a second head tells each thing once, so that no answers have to be left out."),
    "outputs": N_("Outputs of each part; found out when it is fitted."),
    "pairs": N_("Choices of each user that a step learns from."),
    "parts": N_("Models that are trained and may be averaged, joined by +."),
    "patch_px": N_("Side of a patch in pixels; 0 chooses it from the picture."),
    "places": N_("Numbers that the distance from a word to a span is turned into."),
    "proposals": N_("Boxes of a picture that are looked at again, at most."),
    "reach": N_("Steps that the longest convolution sees."),
    "queries": N_("Boxes of a picture that are asked for, at most."),
    "repeats": N_("How often the row of dilated convolutions is gone through."),
    "samples": N_("Boxes of a picture that are learned from, at most."),
    "smoothing": N_("Share of the target given to the other words."),
    "stem": N_("Pixels that are folded into one place at the beginning, along each side."),
    "stride": N_("Frames of a spectrogram that one step is made of: 1, 2 or 4."),
    "temperature": N_("How sharply likeness is told apart in learning: lower is sharper."),
    "trees": N_("Trees at most; 0 grows as many as help."),
    "widest": N_("Most features anywhere."),
    "window": N_("Words of a text that are read at once; longer texts are read in windows that overlap."),
    "width": N_("Features of a layer; of the first one where later ones have more."),
}


def rows(choice: Choice) -> list[dict[str, Any]]:
    """A row for each option of a model as it was asked for, in the form of `core.options.declared`."""
    return [
        {
            "name": name,
            "section": f"model {choice.card.name}",
            "kind": kind_of(default),
            "default": default,
            "meaning": _(MEANINGS[name]) if name in MEANINGS else "",
            "choices": [],
            "low": None,
            "high": None,
        }
        for name, default in choice.options.items()
    ]


def families(task: TaskCard, model: str | None = None) -> list[Choice]:
    """The model that is named, else every family that fits the task, in the size that is taken where none is named."""
    if model:
        return [registry.resolve(model, takes=task.asked, needs=task.needs)]
    fit = registry.fitting(task.asked, task.needs)
    return [Choice(card, card.name, card.size, card.options | card.sizes.get(card.size, {})) for card in fit]


def recommending(found: list[dict[str, Any]], choice: Choice) -> list[dict[str, Any]]:
    """The rows, each with what the model's family recommends instead of the default."""
    own = {"recommended": choice.card.learning, "fine_tuned": choice.card.fine_tuning}
    return [row | {key: told[row["name"]] for key, told in own.items() if row["name"] in told} for row in found]
