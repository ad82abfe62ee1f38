"""From a recipe's name to the settings it recommends.

`images/classification` is the function `classification` in `recipes/images.py`. A recommending function takes the facts of the data
(`num_examples`, `num_classes`, `size_px`, …) and returns settings, to be applied wherever the user chose nothing.
"""

import importlib
from typing import Any

from fukami.core.recipe import Recipe


def recommend(name: str, facts: dict[str, Any], recipe: Recipe) -> dict[str, Any]:
    """Settings for data with these `facts`. What the user chose already (a model, say) is in the facts under its own name."""
    file, _slash, function = name.partition("/")
    module = importlib.import_module(f"fukami.recipes.{file}")
    return getattr(module, function)({**facts, "model": recipe.model.name})
