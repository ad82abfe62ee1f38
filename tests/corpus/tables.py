"""Tables as they come out of spreadsheets, databases and scripts."""

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.corpus import Corpus, rng

CORPUS = Corpus("tabular-classification")
REGRESSION = "tabular-regression"
TARGET = ("target=y",)


def rows(count: int = 40, *, header: str = "a,b,y", seed: int = 0) -> list[str]:
    """A good table: two numbers, and a class that the first one tells."""
    draws = rng(seed).normal(size=(count, 2)).round(4)
    return [header, *(f"{a},{b},{'high' if a > 0 else 'low'}" for a, b in draws)]


def table(
    name: str, content: str | bytes, expects: str, names: str = "", *, file: str = "t.csv", settings=TARGET, **more
) -> None:
    """A case of one file."""

    def make(folder: Path) -> Path:
        data = content.encode() if isinstance(content, str) else content
        (folder / file).write_bytes(data)
        return folder / file

    CORPUS.given(name, make, expects, names, settings=settings, **more)


def text(*extra: str, **options) -> str:
    return "\n".join([*rows(**options), *extra]) + "\n"


def with_column(name: str, cells: list[str]) -> str:
    first, *rest = rows(len(cells))
    return "\n".join([f"{name},{first}", *(f"{cell},{row}" for cell, row in zip(cells, rest, strict=True))]) + "\n"


# -- bytes ------------------------------------------------------------------------------------------------------------------
JAPANESE = "\n".join(["年齢,b,y", *(f"{i},{i % 7},{'多い' if i % 3 else '少ない'}" for i in range(40))]) + "\n"
table("byte-order-mark", "\ufeff" + text(), "fine")
table("shift-jis", JAPANESE.encode("cp932"), "told", "t.csv")
table("euc-jp", JAPANESE.encode("euc_jp"), "told", "t.csv")
table("utf-16", JAPANESE.encode("utf-16"), "told", "t.csv")
table("utf-16-without-a-mark", text().encode("utf-16-le"), "told", "t.csv")
table("latin-1", text().replace("low", "bäs").encode("latin-1"), "told", "t.csv")
table("a-broken-byte-in-utf-8", JAPANESE.encode()[:-200] + b"\xff\xfe" + JAPANESE.encode()[-200:], "told", "t.csv")
table("nul-bytes", text("\0\0,1,low"), "told", "t.csv")
table("only-nul-bytes", bytes(400), "error", "t.csv")
table("zero-bytes", b"", "error", "t.csv")
table("only-line-ends", "\n\n\n", "error", "t.csv")
table("random-bytes", rng(3).bytes(4000), "error", "t.csv")
table("a-spreadsheet-called-csv", b"PK\x03\x04\x14\0\x06\0" + rng(1).bytes(500), "error", "t.csv")
table("mixed-line-ends", "\r\n".join(rows(10)) + "\r" + "\n".join(rows(10, seed=1)[1:]) + "\r", "fine")
table("old-macintosh-line-ends", "\r".join(rows()), "fine")
table("truncated-gzip", gzip.compress(text().encode())[:-20], "error", "t.csv.gz", file="t.csv.gz")
table("gzip-of-nothing", gzip.compress(b""), "error", "t.csv.gz", file="t.csv.gz")
table("csv-called-gzip", text(), "fine", file="t.csv.gz")

# -- shape ------------------------------------------------------------------------------------------------------------------
table("header-only", "a,b,y\n", "error", "t.csv")
table("one-row", "a,b,y\n1,2,low\n", "error", "t.csv")
table("one-column", "y\n" + "low\nhigh\n" * 20, "error", "t.csv")
table("too-few-cells", text("1.5,low"), "error", "t.csv:42")
table("too-many-cells", text("1.5,2,low,7"), "error", "t.csv:42")
table("an-unclosed-quote", text('"1.5,2,low', "1,2,high"), "told", "t.csv")
table("a-line-break-in-quotes", text('1.5,"2\n",low'), "fine")
table("quotes-in-the-middle", text('1"5,2,low'), "told", "t.csv")
table("duplicate-column-names", text(header="a,a,y"), "told", "a")
table("columns-without-names", text(header=",,y"), "fine")
table("blanks-around-names", text(header=" a , b , y "), "fine")
table("semicolons", text().replace(",", ";"), "fine")
table("tabs-in-csv", text().replace(",", "\t"), "fine")
table("blank-lines", text("", "", "1,2,low", ""), "fine")
table("a-huge-cell", text(f"{'9' * 3_000_000},2,low"), "told")
WIDE = [",".join([*(f"c{i}" for i in range(300)), "y"])]
WIDE += [",".join([*(f"{v:.3f}" for v in rng(k).normal(size=300)), "ab"[k % 2]]) for k in range(24)]
table("300-columns", "\n".join(WIDE), "fine")
table("no-such-target", text(), "error", "z", settings=("target=z",))

# -- targets ----------------------------------------------------------------------------------------------------------------
table("one-class", "a,b,y\n" + "".join(f"{i},{i % 5},low\n" for i in range(40)), "error", "y", code="F-CATEGORY-ONE-CLASS")
EACH_ANOTHER = "a,b,y\n" + "".join(f"{i},{i % 5},n{i}x\n" for i in range(40))
table("every-label-another", EACH_ANOTHER, "error", "y", code="F-CATEGORY-UNIQUE")
table("labels-missing", text("1,2,", "2,3,"), "told", "t.csv:42", code="F-CATEGORY-MISSING")
table("all-labels-missing", "a,b,y\n" + "1,2,\n" * 30, "error", "y")
table("labels-in-mixed-case", text("1,2,LOW", "2,3,High"), "told", "t.csv:42", code="F-CATEGORY-ALIKE")
table("labels-with-blanks", text("1,2, low ", "2,3,low"), "fine")
table("emoji-labels", text().replace("high", "😀").replace("low", "😢"), "fine")
CODE = text().replace("high", "<script>alert(1)</script>").replace("low", "'; DROP TABLE x")
table("labels-that-look-like-code", CODE, "fine")
NUMBERS = "a,b,y\n" + "".join(f"{i},{i % 7},{i * 0.5}\n" for i in range(40))
table("missing-numbers", NUMBERS + "1,2,\n3,4,nan\n", "told", "t.csv:42", code="F-NUMBER-MISSING", task=REGRESSION)
table("infinite-numbers", NUMBERS + "1,2,inf\n3,4,-inf\n", "told", "t.csv:42", code="F-NUMBER-UNREADABLE", task=REGRESSION)
table("words-among-numbers", NUMBERS + "1,2,many\n", "told", "t.csv:42", code="F-NUMBER-UNREADABLE", task=REGRESSION)
table("beyond-all-numbers", NUMBERS + "1,2,1e400\n3,4,1e300\n", "told", "t.csv:42", code="F-NUMBER-UNREADABLE", task=REGRESSION)
CONSTANT = "a,b,y\n" + "".join(f"{i},{i % 5},3.5\n" for i in range(40))
table("one-number", CONSTANT, "error", "y", code="F-NUMBER-CONSTANT", task=REGRESSION)
table("only-words-for-numbers", text(), "error", "y", task=REGRESSION)
table("negative-zero", NUMBERS.replace(",0.0\n", ",-0.0\n"), "fine", task=REGRESSION)
table("thousands-separators", "a,b,y\n" + "".join(f'{i},{i % 7},"{i},500.25"\n' for i in range(1, 40)), "fine", task=REGRESSION)
table("decimal-commas", "a;b;y\n" + "".join(f"{i};{i % 7};{i},5\n" for i in range(40)), "fine", task=REGRESSION)
WIDE_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")
FULL_WIDTH = "a,b,y\n" + "".join(f"{i},{i % 7},{str(i).translate(WIDE_DIGITS)}\n" for i in range(40))
table("full-width-digits", FULL_WIDTH, "fine", task=REGRESSION)

# -- inputs -----------------------------------------------------------------------------------------------------------------
table("a-column-of-nothing", with_column("empty", [""] * 40), "told", "empty")
table("a-constant-column", with_column("same", ["7"] * 40), "told", "same")
table("an-identifier", with_column("key", [f"id-{i:05d}-x" for i in range(150)]), "told", "key")
table("infinities", with_column("wild", ["inf", "-inf", "NaN", "1e308"] * 10), "told", "wild")
table("garbage-dates", with_column("when", ["2024-02-30", "31/31/31", "yesterday", "2024-01-01"] * 10), "fine")
table("numbers-and-words", with_column("mix", ["1", "2", "many", "?"] * 10), "fine")
DISGUISED = ["copy,a,b,y", *(f"{'H' if row.endswith('high') else 'L'},{row}" for row in rows(200)[1:])]
table("the-target-in-disguise", "\n".join(DISGUISED), "told", "copy", code="F-DATA-LEAK")
table("copies-with-other-labels", text("7,7,low", "7,7,high"), "told", "t.csv:42", code="F-DATA-CONFLICT")
table("the-same-row-again-and-again", "a,b,y\n" + "1,2,low\n3,4,high\n" * 30, "told", "t.csv", code="F-DATA-DUPLICATE")

# -- JSON lines, Parquet -------------------------------------------------------------------------------------------------------
LINES = [json.dumps({"a": i, "b": i % 5, "y": "low" if i % 3 else "high"}) for i in range(40)]


def lines(name: str, *extra: str, expects: str, names: str = "", keep: int = 40) -> None:
    table(name, "\n".join([*LINES[:keep], *extra]) + "\n", expects, names, file="t.jsonl")


lines("a-broken-json-line", '{"a": 1, "b":', expects="error", names="41")
lines("a-json-line-that-is-a-list", "[1, 2, 3]", expects="error", names="41")
lines("json-lines-with-other-keys", '{"c": 1}', expects="told", names="41")
lines("blank-json-lines", "", "", LINES[0], expects="fine")
lines("json-with-nan-and-huge-integers", '{"a": NaN, "b": 123456789012345678901234567890, "y": "low"}', expects="fine")
lines("deeply-nested-json", '{"a": ' + "[" * 100_000 + "]" * 100_000 + ', "y": "low"}', expects="error", names="41")
lines("json-of-half-a-character", '{"a": 1, "b": 2, "y": "\\ud800"}', expects="error", names="41")
lines("json-with-records-as-cells", '{"a": {"x": 1}, "b": 2, "y": "low"}', expects="fine")
lines("json-with-mixed-cells", '{"a": "many", "b": [1], "y": "low"}', expects="fine")
lines("json-labels-that-are-lists", *(f'{{"a": {i}, "b": 1, "y": ["low"]}}' for i in range(40)), expects="error", keep=0)
table("json-lines-without-lines", "", "error", "t.jsonl", file="t.jsonl")
table("html-called-json-lines", "<html>", "error", "t.jsonl", file="t.jsonl")


def parquet() -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table({"a": list(range(40)), "y": ["low", "high"] * 20}), sink)
    return sink.getvalue().to_pybytes()


def parquet_of(**columns) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue().to_pybytes()


table("truncated-parquet", parquet()[:-30], "error", "t.parquet", file="t.parquet")
table("damaged-parquet", parquet()[:100] + bytes(60) + parquet()[160:], "error", "t.parquet", file="t.parquet")
table("parquet-of-nothing", b"PAR1", "error", "t.parquet", file="t.parquet")
FORTY = {"a": list(range(40)), "y": ["low", "high"] * 20}
NO_ROWS = parquet_of(a=pa.array([], pa.int64()), y=pa.array([], pa.string()))
table("parquet-without-rows", NO_ROWS, "error", "t.parquet", file="t.parquet")
table("parquet-with-records", parquet_of(**FORTY, r=[{"x": 1}] * 40), "told", "r", file="t.parquet")
table("parquet-with-nulls-only", parquet_of(**FORTY, n=pa.nulls(40)), "told", "n", file="t.parquet")
