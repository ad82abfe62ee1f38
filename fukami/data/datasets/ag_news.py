"""AG's news, headlines and first lines in four classes: Zhang, Zhao, LeCun 2015 (arXiv:1509.01626).

Only the test part may lie in `FUKAMI_DATA` (`ag-news-test/test.csv`); it is then divided anew, and the table says so.
"""

from dataclasses import replace
from pathlib import Path

from fukami.core.cards import DatasetCard
from fukami.core.language import _
from fukami.core.tables import Table

CARD = DatasetCard(
    name="ag-news",
    summary="127,600 news items in four classes: World, Sports, Business, Sci/Tech",
    task="text-classification",
    examples=127600,
    licence="non-commercial research",
    home="http://groups.di.unipi.it/~gulli/AG_corpus_of_news_articles.html",
    files={
        "train.csv": {
            "urls": ["https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/train.csv"],
            "sha256": "76a0a2d2f92b286371fe4d4044640910a04a803fdd2538e0f3f29a5c6f6b672e",
            "md5": "b1a00f826fdfbd249f79597b59e1dc12",
        },
        "test.csv": {
            "urls": ["https://raw.githubusercontent.com/mhjabreel/CharCnn_Keras/master/data/ag_news_csv/test.csv"],
            "sha256": "521465c2428ed7f02f8d6db6ffdd4b5447c1c701962353eb2c40d548c3c85699",
            "md5": "d52ea96a97a2d943681189a97654912d",
            "bytes": 1857427,
        },
    },
    copies=({"test.csv": "ag-news-test/test.csv"},),
)

CLASSES = {"1": "World", "2": "Sports", "3": "Business", "4": "Sci/Tech"}


def table(files: dict[str, Path]) -> Table:
    from fukami.data.datasets._text import tables_of

    parts = {part: files[f"{part}.csv"] for part in ("train", "test") if f"{part}.csv" in files}
    found = tables_of(parts, ["class", "title", "description"], target="class", classes=CLASSES)
    found = _with_text(found)
    return found if "train" in parts else _told(found, parts["test"])


def _with_text(found: Table) -> Table:
    """Title and first lines as one text, as the published figures use them."""
    import pyarrow as pa

    titles, bodies = (found.columns[n].values.to_pylist() for n in ("title", "description"))
    texts = [f"{title or ''} {body or ''}".replace("\\", " ").strip() for title, body in zip(titles, bodies, strict=True)]
    text = replace(found.columns["title"], name="text", values=pa.array(texts, pa.string()))
    return replace(found, columns={"text": text, "class": found.columns["class"]}, hints={"text": "text", **found.hints})


def _told(found: Table, path: Path) -> Table:
    from fukami.core.problems import Problem

    told = Problem(
        code="F-DATASET-COPY",
        severity="warning",
        what=_("only the published test part is here and is divided anew; figures do not compare with published ones"),
        where=str(path),
        expected="train.csv, test.csv",
        got="test.csv",
        fix=_("put both files into FUKAMI_DATA/{name}").format(name=CARD.name),
    )
    return replace(found, problems=(*found.problems, told))
