"""What people usually call the columns of a table. What they call those of one kind of data stands on that field's card.

Names are compared in lower case with blanks, hyphens and underscores taken alike.
"""

from fukami.core.cards import cards
from fukami.core.tables import plain

OFTEN_TARGETS = (
    "outcome", "income", "survived", "churn", "species", "diagnosis", "default", "fraud", "is_fraud", "attrition", "response",
    "quality", "price", "saleprice", "sale_price", "salary", "rating", "polarity", "topic", "intent", "emotion", "language",
    "median_house_value", "medv", "結果", "合否", "判定", "価格", "売上", "評価", "解約",
)  # fmt: skip
"""Names that are nearly always what is to be predicted; asked only after the names above."""


WEAK_TARGETS = frozenset(("y", "category", "value", "score", "カテゴリ", "カテゴリー", "値"))
"""Usual names of targets, as `plain` gives them, that columns of other things (coordinates, kinds of goods) have too."""


def usual(kind: str, *, target: bool) -> frozenset[str]:
    """The usual names of columns of this kind, as `plain` gives them.

    >>> "sentiment" in usual("category", target=True), "image_path" in usual("image", target=False)
    (True, True)
    """
    told = cards("fields")[kind]
    return frozenset(map(plain, told.usual_targets if target else told.usual_inputs))


USUAL = frozenset(plain(n) for n in OFTEN_TARGETS).union(
    *(usual(kind, target=target) for kind in cards("fields") for target in (False, True)),
    ("id", "name", "age", "sex", "gender", "date", "time", "group", "split", "part"),
)
"""Every name by which a first row is recognised as names."""
