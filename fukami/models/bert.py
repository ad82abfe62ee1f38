"""BERT: a transformer encoder that others have pretrained; from scratch it is a transformer of that shape.

Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers, and Turc et al. 2019 for the small sizes; code of
transformers. `base` and `large` take Google's English weights where they can be had; other languages: `hf:NAME`.
Pairs of texts are read together, the second as another segment; of two marked spans what stands at their marks is the answer.
For passages it learns as it was pretrained, from hidden words, and with `next_sentence` from exchanged halves of passages.
"""

from typing import Any

from torch import nn

from fukami.core.cards import ModelCard
from fukami.core.specs import TokenSpec
from fukami.models import huggingface

CARD = ModelCard(
    name="bert",
    summary="transformer encoder that is worth its size with pretrained weights",
    takes=("text", "pair", "marked", "passage"),
    gives=("vector", "sequence", "masked"),
    only={"text": ("vector", "sequence"), "pair": ("vector",), "marked": ("vector",), "passage": ("masked",)},
    sizes={
        "tiny": {"width": 128, "depth": 2, "heads": 2},
        "mini": {"width": 256, "depth": 4, "heads": 4},
        "small": {"width": 512, "depth": 4, "heads": 8},
        "medium": {"width": 512, "depth": 8, "heads": 8},
        "base": {"width": 768, "depth": 12, "heads": 12, "checkpoint": "google-bert/bert-base-uncased"},
        "large": {"width": 1024, "depth": 24, "heads": 16, "checkpoint": "google-bert/bert-large-uncased"},
    },
    size="tiny",
    parameters={
        "text": {
            "tiny": 2_527_104,
            "mini": 7_452_928,
            "small": 21_328_384,
            "medium": 33_937_920,
            "base": 98_329_344,
            "large": 320_271_360,
        },
        "pair": {
            "tiny": 2_527_104,
            "mini": 7_452_928,
            "small": 21_328_384,
            "medium": 33_937_920,
            "base": 98_329_344,
            "large": 320_271_360,
        },
        "marked": {
            "tiny": 2_510_592,
            "mini": 7_387_136,
            "small": 21_065_728,
            "medium": 33_675_264,
            "base": 97_738_752,
            "large": 319_221_760,
        },
    },
    options={"width": 128, "depth": 2, "heads": 2, "dropout": 0.1, "checkpoint": "", "next_sentence": False},
    learning={"learning_rate": 2e-4, "weight_decay": 0.01},
    fine_tuning={"learning_rate": 5e-5},
    source="Devlin et al. 2019, arXiv:1810.04805; transformers",
    library="hf",
)


def build(
    spec: TokenSpec,
    *,
    gives: str = "vector",
    width: int = 128,
    depth: int = 2,
    heads: int = 2,
    dropout: float = 0.1,
    checkpoint: str = "",
    next_sentence: bool = False,
    target: Any = None,
) -> nn.Module:
    """A BERT with `depth` blocks of `width` features and `heads` heads; `checkpoint` names where its weights are to be had."""
    from transformers import BertConfig

    config = BertConfig(
        hidden_size=width,
        num_hidden_layers=depth,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        hidden_dropout_prob=dropout,
        attention_probs_dropout_prob=dropout,
        max_position_embeddings=max(512, spec.max_tokens),
    )
    if gives == "masked":
        return masked(config, spec, next_sentence=next_sentence)
    return huggingface.from_config(config, spec, gives=gives)


def masked(config: Any, spec: TokenSpec, *, next_sentence: bool) -> nn.Module:
    """What BERT is pretrained as, with the vocabulary of `spec`."""
    from transformers import BertForMaskedLM, BertForPreTraining

    from fukami.layers.hidden_words import HiddenWords

    config.vocab_size, config.pad_token_id = spec.vocabulary_size, spec.pad
    net = BertForPreTraining(config) if next_sentence else BertForMaskedLM(config)
    return HiddenWords(net, spec, next_sentence=next_sentence)
