"""What people usually call the columns of a table, by the kind of field that reads them. Data, not logic.

Names are compared in lower case with blanks, hyphens and underscores taken alike.
"""

import re

INPUTS: dict[str, tuple[str, ...]] = {
    "image": (
        "image", "images", "img", "picture", "photo", "path", "image_path", "img_path", "filepath", "file_path", "file",
        "filename", "file_name", "image_name", "image_file", "url", "画像", "写真", "ファイル", "ファイル名", "パス",
    ),
    "text": (
        "text", "sentence", "review", "comment", "content", "body", "document", "tweet", "message", "utterance", "description",
        "question", "title", "headline",
        "本文", "文", "文章", "テキスト", "レビュー", "コメント", "内容", "口コミ", "発話", "質問",
    ),
}  # fmt: skip

TARGETS: dict[str, tuple[str, ...]] = {
    "category": (
        "target", "label", "labels", "class", "y", "category", "sentiment", "ラベル", "分類", "正解", "カテゴリ", "カテゴリー",
        "クラス", "感情", "目的変数",
    ),
    "categories": ("target", "labels", "label", "tags", "classes", "categories", "y", "タグ", "ラベル", "正解"),
    "number": ("target", "y", "label", "value", "score", "目的変数", "正解", "値"),
}  # fmt: skip

OFTEN_TARGETS = (
    "outcome", "income", "survived", "churn", "species", "diagnosis", "default", "fraud", "is_fraud", "attrition", "response",
    "quality", "price", "saleprice", "sale_price", "salary", "rating", "polarity", "topic", "intent", "emotion", "language",
    "median_house_value", "medv", "結果", "合否", "判定", "価格", "売上", "評価", "解約",
)  # fmt: skip
"""Names that are nearly always what is to be predicted; asked only after the names above."""


def plain(name: str) -> str:
    """A name as it is compared.

    >>> plain(" Sale-Price ")
    'sale_price'
    """
    return re.sub(r"[\s_\-]+", "_", name.strip().lower())


USUAL = frozenset(plain(n) for names in (*INPUTS.values(), *TARGETS.values(), OFTEN_TARGETS) for n in names) | {
    "id", "name", "age", "sex", "gender", "date", "time", "group", "split", "part",
}  # fmt: skip
"""Every name by which a first row is recognised as names."""
