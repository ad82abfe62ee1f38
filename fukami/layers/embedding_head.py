"""The last layer of what learns vectors: features in, a vector out, and how near it is to the centre of each learned identity.

B batch, M members, F features, D dimensions, K identities.
"""

import torch
from torch import nn
from torch.nn.functional import linear, normalize


class EmbeddingHead(nn.Module):
    """`vector = W features`, and the cosines between it and the K `centres`, which losses by classification learn along
    (Deng et al. 2019). Answers are the vector alone; centres leave no trace in a graph.

    >>> head = EmbeddingHead(8, 4, 3)
    >>> {name: list(x.shape) for name, x in head(torch.zeros(2, 8)).items()}
    {'vector': [2, 4], 'cosine': [2, 3]}
    """

    def __init__(self, num_features: int, dimension: int, num_identities: int):
        super().__init__()
        self.num_features = num_features
        self.weight = nn.Parameter(torch.empty(dimension, num_features))
        self.centres = nn.Parameter(torch.empty(num_identities, dimension))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws new weights from torch's generator."""
        nn.init.orthogonal_(self.weight)
        nn.init.normal_(self.centres)

    def forward(self, features: torch.Tensor) -> dict[str, torch.Tensor]:
        """`features_BF`, or `features_BMF` of members, which are averaged → `vector` (B, D) and `cosine` (B, K)."""
        features_BF = features if features.ndim == 2 else features.mean(1)
        vector_BD = linear(features_BF, self.weight)
        cosine_BK = linear(normalize(vector_BD, dim=-1), normalize(self.centres, dim=-1))
        return {"vector": vector_BD, "cosine": cosine_BK}
