"""DPT gives what transformers' own network has before its head, with the same weights."""

import torch
from transformers import DPTConfig, DPTForDepthEstimation

from fukami.models import dpt


def test_the_grid_is_that_of_transformers():
    torch.manual_seed(0)
    told = {"hidden_size": 32, "num_hidden_layers": 4, "num_attention_heads": 2, "intermediate_size": 64, "image_size": 32}
    more = {
        "patch_size": 8,
        "backbone_out_indices": [0, 1, 2, 3],
        "neck_hidden_sizes": [8, 16, 32, 32],
        "fusion_hidden_size": 8,
    }
    net = DPTForDepthEstimation(DPTConfig(**told, **more, neck_ignore_stages=[])).eval()
    torch.nn.init.normal_(net.dpt.embeddings.position_embeddings)
    seen = []
    net.head.register_forward_pre_hook(lambda _module, args: seen.append(args[0][net.config.head_in_index]))
    x_BCHW = torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        net(x_BCHW)
        own = dpt.Dpt(net, 32).eval()(x_BCHW)
    torch.testing.assert_close(own, seen[0])
    assert own.shape == (2, 8, 32, 32)
