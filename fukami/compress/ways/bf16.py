"""Weights in bfloat16: half the size, with eight bits of precision and the range of float32.

The file holds bfloat16; what is loaded computes in float32 unless the machine's step plan says otherwise, so answers take as
long as before. Kalamkar et al. 2019, arXiv:1905.12322.
"""

import copy
from dataclasses import replace

import torch

from fukami.compress.asked import Asked
from fukami.compress.contract import Form, Work
from fukami.core.cards import CompressionCard

CARD = CompressionCard(
    name="bf16",
    summary="weights in half the bytes, nearly the same answers; as fast as before",
    flag="--to bf16",
    source="Kalamkar et al. 2019, arXiv:1905.12322",
)


def compress(form: Form, work: Work, asked: Asked) -> Form:
    """The form with every weight rounded to bfloat16."""
    network = copy.deepcopy(form.predictor.network)
    with torch.no_grad():
        for tensor in (*network.parameters(), *network.buffers()):
            if tensor.is_floating_point():
                tensor.copy_(tensor.to(torch.bfloat16))
    predictor = replace(form.predictor, network=network)
    return replace(form, predictor=predictor, dtype=torch.bfloat16, how=(*form.how, "bf16"))
