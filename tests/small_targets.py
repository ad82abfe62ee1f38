"""Target fields as if they had learned, shared by the tests of what judges answers. Not a test itself."""

from collections.abc import Iterable
from typing import Any

from fukami.fields.registry import field_class
from fukami.fields.scored import Scored


def small_target(kind: str = "category", classes: int | Iterable[str] = 2) -> Scored:
    """A target of that kind with so many classes, or with those; a number has a mean of 0 and a deviation of 1.

    >>> small_target("category", "abc").labels(), small_target("number", 1).num_outputs
    (['a', 'b', 'c'], 1)
    """
    names = [str(k) for k in range(classes)] if isinstance(classes, int) else list(classes)
    learned: Any = field_class(kind)
    return learned(state={"mean": 0.0, "std": 1.0} if kind == "number" else {"classes": names, "counts": [1] * len(names)})
