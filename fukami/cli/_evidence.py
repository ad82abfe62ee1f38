"""The figures that a diagnosis rests on, in words: what `--json` calls by a name, people read in their language."""

from collections.abc import Mapping
from typing import Any

from fukami.cli._screen import number
from fukami.core.cards import cards
from fukami.core.language import N_, _, listed

WORDS = {
    "all_layers": N_("in all layers"),
    "at_least": N_("at least"),
    "baselines_beyond_chance": N_("simple models better than chance, in standard errors"),
    "batch_norms": N_("batch norms"),
    "batch_size": N_("batch size"),
    "batches_ahead": N_("batches prepared ahead"),
    "better_baseline": N_("the simple model that is better"),
    "beyond_chance": N_("better than chance, in standard errors"),
    "close_to_training": N_("close to training examples"),
    "commonest": N_("share of the commonest input"),
    "contradicted_among_the_easiest": N_("labels contradicted among the easiest examples"),
    "contradicted_by_guessing": N_("by guessing"),
    "contradicted_in_all": N_("among all examples"),
    "copies": N_("copies"),
    "deviation": N_("standard deviation"),
    "different_inputs": N_("different inputs"),
    "drawn_gradient": N_("gradient of freshly drawn weights"),
    "drawn_loss": N_("loss of freshly drawn weights"),
    "examples": N_("examples"),
    "first": N_("the first layer of them"),
    "first_gradient": N_("gradient at the start"),
    "first_loss": N_("loss at the start"),
    "first_to_last": N_("gradient of the first layer to that of the last"),
    "gradient_norm": N_("size of the gradient"),
    "held_out": N_("held-out examples"),
    "its_skill": N_("its skill on held-out examples"),
    "kept_aside": N_("held-out examples"),
    "layers": N_("layers"),
    "layers_of_equal_units": N_("layers whose units are all equal"),
    "layers_of_zeros": N_("layers of zeros"),
    "learned": N_("learned"),
    "learned_by_heart": N_("learned by heart"),
    "learned_in_evaluation": N_("learned, in evaluation"),
    "learned_in_the_last_quarter": N_("learned in the last quarter"),
    "learned_while_training": N_("learned, while training"),
    "learning_rate": N_("learning rate"),
    "mean": N_("mean"),
    "moved_in_a_step": N_("how far a step moved the weights"),
    "near_copies": N_("near copies"),
    "range_test": N_("learning rate found by the range test"),
    "range_test_on_few": N_("learning rate found by the range test on few examples"),
    "rectifiers": N_("ReLU layers"),
    "rolled_back": N_("steps taken back"),
    "rows": N_("rows"),
    "share": N_("share"),
    "size": N_("size of the inputs"),
    "skill_held_out": N_("skill on held-out examples"),
    "skill_on_training": N_("skill on training examples"),
    "steps": N_("steps"),
    "training_learned": N_("learned by the training"),
    "training_s": N_("seconds of training"),
    "trial_as_it_is": N_("learned by a trial as it is"),
    "trial_learned": N_("learned by a trial"),
    "trial_normalised": N_("learned by a trial with scaled inputs"),
    "trial_real_labels": N_("a trial with the real labels, in standard errors beyond chance"),
    "trial_shuffled_labels": N_("a trial with shuffled labels"),
    "trial_steps": N_("steps of the trial"),
    "usual": N_("usual"),
    "waited_s": N_("seconds of waiting"),
    "worst_layer": N_("in the worst layer"),
}


def told(evidence: Mapping[str, Any]) -> str:
    """Name and value of each figure, one after another.

    >>> told({"skill_on_training": 0.1234, "better_baseline": "linear", "trial_steps": 20})
    'skill on training examples 0.1234, the simple model that is better: a linear model, steps of the trial 20'
    """
    return listed([_one(name, value) for name, value in evidence.items()])


def _one(name: str, value: Any) -> str:
    word = _(WORDS[name]) if name in WORDS else _named(name)
    if isinstance(value, Mapping):
        return f"{word}: {listed([_one(key, part) for key, part in value.items()])}"
    if isinstance(value, (list, tuple)):
        return f"{word}: {listed([_figure(part) for part in value])}"
    return f"{word}{': ' if isinstance(value, str) else ' '}{_figure(value)}"


def _figure(value: Any) -> str:
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else _named(str(value))


def _named(name: str) -> str:
    """A simple model by what it is; anything else as it is called."""
    found = cards("evaluate/baselines").get(name)
    return name if found is None else _(found.summary)
