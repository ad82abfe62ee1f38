"""Raw inputs as an exported program reads them, the gate, and what an exported folder holds."""

import ast
import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from sklearn.datasets import load_digits
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import fukami
from fukami import api
from fukami.cli.main import main
from fukami.core.cards import cards, load
from fukami.core.errors import GateError, RunError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.specs import ImageSpec
from fukami.core.tables import Column
from fukami.data import read
from fukami.export import assemble, onnx_graph, parity, probing, surroundings
from fukami.export.onnx_graph import answered, session, write_graph
from fukami.export.recurrent import Loop, scan_sweep, with_loops
from fukami.export.standalone import single, table
from fukami.fields.category.field import Category
from fukami.fields.image.field import Image as ImageField
from fukami.fields.row.field import Row
from fukami.fields.text.field import Text
from fukami.fields.text.tokenization import has_text
from fukami.models import registry
from fukami.models.onnx_network import OnnxNetwork
from tests.synthetic import columns as synthetic

ALLOWED = {*sys.stdlib_module_names, "numpy", "onnxruntime", "PIL"}


def told_of(field):
    """What a field says, as it comes back from its file."""
    return json.loads(json.dumps(field.portable(), ensure_ascii=False))


# -- texts -----------------------------------------------------------------------------------------------------------------
POOLS = (
    [chr(c) for c in range(32, 127)],
    [chr(c) for c in (*range(0xA0, 0x250), *range(0x300, 0x370), *range(0x391, 0x3C9), *range(0x410, 0x44F))],
    [chr(c) for c in (*range(0x3041, 0x30FF), *range(0x4E00, 0x4E80), *range(0xFF01, 0xFFEE))],
    [chr(c) for c in (*range(0x2010, 0x2070), *range(0x2460, 0x2473), *range(0x1F300, 0x1F350), 0x1F150)],
    list(" \t\n\r\x0b\x0c\x1c\x85\u3000'’"),
)
SAID = (
    "don't it's 's 've 'd' the dogs' ’s we’re",
    "ΟΔΟΣ İstanbul ǅ ß ﬁ",
    "①②½ ² Ⅷ １２，５",
    "a_b ２０２４年",
    "",
    "\u200b\ufeff x",
)


def odd_texts(count: int) -> list[str]:
    rng = random.Random(0)
    drawn = ["".join(rng.choice(rng.choice(POOLS)) for _ in range(rng.randint(1, 50))) for _ in range(count)]
    # a later Unicode than Python's knows characters that this one does not
    return [*SAID, *("".join(c for c in text if unicodedata.category(c) != "Cn") for text in drawn)]


def ids_of(field: Text, texts: list[str]) -> list[list[int]]:
    found = field.encode([Column("text", pa.array(texts))])["ids"]
    return [found.values[a:b].tolist() for a, b in zip(found.offsets, found.offsets[1:], strict=False)]


def read_ids(field: Text, texts: list[str]) -> list[list[int]]:
    found = assemble.read(told_of(field), texts)
    return [ids[:length].tolist() for ids, length in zip(found["text_ids"], found["text_lengths"], strict=True)]


@pytest.mark.parametrize("lowercase", ["yes", "no"])
@pytest.mark.parametrize("level", ["word", "character", "subword"])
def test_texts_are_cut_as_the_learned_tokenizer_cuts_them(level, lowercase):
    texts = [text for text in odd_texts(400) if has_text(text)]
    options = Text.Options(level=level, min_count=1, max_tokens=30, lowercase=lowercase)
    field = Text(options=options).learn([Column("text", pa.array([*texts[:200], *["the cat's film, die Straße"] * 9]))])
    assert read_ids(field, texts) == ids_of(field, texts)


def saved(tokenizer: Tokenizer, folder: Path) -> str:
    folder.mkdir(exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return str(folder)


def bert(folder: Path, texts: list[str], **normal: bool) -> str:
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**normal)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=special, show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return saved(tokenizer, folder)


def roberta(folder: Path, texts: list[str], *, space: bool) -> str:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=special, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=space, trim_offsets=True)
    return saved(tokenizer, folder)


@pytest.mark.parametrize(
    ("make", "option"),
    [
        (bert, {"lowercase": True}),
        (bert, {"lowercase": False}),
        (bert, {"lowercase": False, "strip_accents": True, "handle_chinese_chars": False}),
        (bert, {"lowercase": True, "strip_accents": False, "clean_text": False}),
        (roberta, {"space": True}),
        (roberta, {"space": False}),
    ],
)
def test_texts_are_cut_as_pretrained_tokenizers_cut_them(tmp_path, make, option):
    texts = [text for text in odd_texts(300) if has_text(text)]
    folder = make(tmp_path / "tokenizer", [*texts, *["the unaffable film was affable"] * 9], **option)
    field = Text(options=Text.Options(tokenizer=folder, max_tokens=30)).learn([Column("text", pa.array(texts))])
    assert told_of(field)["before"] and told_of(field)["after"]
    assert read_ids(field, texts) == ids_of(field, texts)


def test_a_tokenizer_of_another_kind_is_refused_by_name(tmp_path):
    tokenizer = Tokenizer(models.Unigram([("<unk>", 0.0), ("a", -1.0)], unk_id=0))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    field = Text(options=Text.Options(tokenizer=saved(tokenizer, tmp_path))).learn([Column("text", pa.array(["a a", "a"]))])
    with pytest.raises(UsageError) as caught:
        field.portable()
    assert caught.value.code == "F-EXPORT-TOKENIZER" and "Unigram" in caught.value.got


# -- pictures --------------------------------------------------------------------------------------------------------------
def pictures(folder: Path) -> list[str]:
    """Files of many modes and forms."""
    rng = np.random.default_rng(0)

    def pixels(height: int, width: int, *channels: int) -> np.ndarray:
        small = rng.integers(0, 256, (height // 8 + 1, width // 8 + 1, *channels), dtype=np.uint8)
        return small.repeat(8, 0).repeat(8, 1)[:height, :width]

    colour, grey = Image.fromarray(pixels(61, 90, 3)), Image.fromarray(pixels(40, 40))
    turned = Image.Exif()
    turned[0x0112] = 6
    seen = {
        "plain.jpg": (colour, {"quality": 90}),
        "turned.jpg": (colour, {"exif": turned}),
        "large.jpg": (Image.fromarray(pixels(400, 300, 3)), {}),
        "grey.jpg": (grey, {}),
        "cmyk.jpg": (colour.convert("CMYK"), {}),
        "phone.jpg": (colour, {"format": "MPO", "save_all": True, "append_images": [colour]}),
        "plain.png": (colour, {}),
        "clear.png": (Image.fromarray(pixels(50, 30, 4), "RGBA"), {}),
        "palette.png": (colour.convert("P"), {"transparency": 3}),
        "two.png": (grey.convert("1"), {}),
        "both.png": (grey.convert("LA"), {}),
        "deep.png": (Image.fromarray(pixels(24, 24).astype(np.uint16) * 16), {}),
        "plain.webp": (colour, {}),
        "first.gif": (colour.convert("P"), {}),
    }
    for name, (image, options) in seen.items():
        image.save(folder / name, **options)
    return [str(folder / name) for name in seen]


@pytest.mark.parametrize("resize", ["squash", "crop", "pad"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_read_as_the_field_reads_them(tmp_path, channels, resize):
    paths = pictures(tmp_path)
    field = ImageField(options=ImageField.Options(size_px=24, channels=channels, resize=resize))
    column = Column("image", pa.array(paths))
    field = field.learn([column])
    want = field.batch(field.encode([column]), np.arange(len(paths))).numpy()
    got = assemble.read(told_of(field), paths)["image"]
    np.testing.assert_allclose(got, want, atol=1e-5)


def test_deep_pictures_of_unknown_range_are_read_alike(tmp_path):
    plain, deep = np.zeros((9, 9), np.uint8), np.linspace(0, 4000, 81).reshape(9, 9).astype(np.uint16)
    plain[2:5] = 200
    Image.fromarray(plain).save(tmp_path / "plain.png")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    learned = ImageField().learn([Column("image", pa.array([str(tmp_path / "plain.png")] * 3))])
    column = Column("image", pa.array([str(tmp_path / "deep.png")]))
    want = learned.batch(learned.encode([column]), np.arange(1)).numpy()
    np.testing.assert_allclose(assemble.read(told_of(learned), [str(tmp_path / "deep.png")])["image"], want, atol=1e-5)


def test_arrays_are_handed_on_as_files_with_the_same_pixels(tmp_path):
    digits = np.random.default_rng(0).integers(0, 17, (6, 8, 8))
    field = ImageField().learn([Column("image", digits)])
    values = field.as_inputs([Column("image", digits)], np.array([4, 1]), tmp_path)
    want = field.batch(field.encode([Column("image", digits)]), np.array([4, 1])).numpy()
    np.testing.assert_allclose(assemble.read(told_of(field), values)["image"], want, atol=1e-5)


# -- rows ------------------------------------------------------------------------------------------------------------------
CELLS = {
    "plain": ["1", "2.5", "-3", "?", "", "1e3", " 7 ", "NaN", "inf", "twelve"],
    "money": ["$1,200", "$3", "$1,200.50", "$ 7", "-$2", "12%", "1,2", "n/a", "€5", "１２"],
    "comma": ["3,14", "2,7", "1.000,5", "1 000,25", "0,5", "7", "x", "-", "1,", ",5"],
    "town": ["Kyoto", "Nara", " Kyoto ", "kyoto", "?", "Oslo", "Nara", "TRUE", "True", "none"],
    "day": ["2024-02-29", "2023-02-29", "2024/1/5", "2024年3月4日", "2024-05-06T07:08:09Z", "2024-05-06 23:30:00+09:00",
            "2024-05-06 11:59 PM", "", "yesterday", "0000-01-01"],
    "late": ["3 Jan 2024", "Monday, 5 February 2024", "5 Foo 2024", "31-dec-1969", "1 Mar 2000 12:00 am", "?", "7 May 2020",
             "8 Jun 2021", "9 Jul 2022", "10 August 2023"],
}  # fmt: skip


def learned_row() -> tuple[Row, list[Column]]:
    """A row of every kind of column, and its columns."""
    clean = {"plain": "3", "money": "$1,000", "comma": "3,14", "town": "Kyoto", "day": "2024-01-02", "late": "3 Jan 2024"}
    rng = np.random.default_rng(0)
    columns = []
    for name, odd in CELLS.items():
        usual = [*odd, *(clean[name] for _ in range(400))]
        columns.append(Column(name, pa.array(usual)))
    total = len(columns[0])
    words = ["some words that hardly repeat " + "x" * int(n) + f" {i}" for i, n in enumerate(rng.integers(0, 9, total))]
    columns.append(Column("said", pa.array([None, " two  words ", *words[2:]])))
    columns.append(Column("typed", pa.array([None if i == 3 else float(v) for i, v in enumerate(rng.normal(size=total))])))
    columns.append(Column("flag", pa.array([None if i == 5 else bool(v) for i, v in enumerate(rng.integers(0, 2, total))])))
    columns.append(Column("whole", pa.array([int(v) for v in rng.integers(0, 5, total)])))
    moments = np.datetime64("2020-01-01T05:06:07", "s") + rng.integers(0, 10**8, total)
    columns.append(Column("moment", pa.array(moments)))
    columns.append(Column("several", rng.normal(size=(total, 3))))
    return Row(options=Row.Options(category=["whole"], transform="robust")).learn(columns), columns


def test_rows_are_read_as_the_field_reads_them(tmp_path):
    field, columns = learned_row()
    kinds = {told["kind"] for told in field.describe()}
    assert kinds == {"number", "category", "date", "text", "vector"}
    rows = np.arange(20)
    values = json.loads(json.dumps(field.as_inputs(columns, rows, tmp_path)))
    want = field.batch(field.encode([c.take(rows) for c in columns]), rows)
    got = assemble.read(told_of(field), values)
    np.testing.assert_allclose(got["row_numbers"], want.numbers.numpy(), atol=1e-5)
    assert (got["row_categories"] == want.categories.numpy()).all()
    again = field.gather(values)  # the run reads these objects as the program does
    np.testing.assert_allclose(field.encode(again)["numbers"], want.numbers.numpy(), atol=1e-5)


TIMES = (
    *(
        "24:00",
        "23:60",
        "10:30:60",
        "10:30:61",
        "10:30:60.5",
        "13:05 pm",
        "13:05 am",
        "12:05 PM",
        "12:05am",
        "0:05 pm",
        "24:00 am",
    ),
    *("7:05", "07:05:09.25", "10:00 -0130", "23:00-05:00", "00:10 +01:30", "10:00Z", "10:00 UTC", "10:0", "1:2:3"),
)


def test_times_of_day_are_read_as_the_field_reads_them():
    usual = [f"2024-0{1 + i % 9}-1{i % 9} {i % 24}:30" for i in range(60)]
    field = Row().learn([Column("when", pa.array(usual))])
    cells = [f"2024-05-31 {time}" for time in TIMES]
    want = field.encode([Column("when", pa.array(cells))])
    got = assemble.read(told_of(field), [{"when": cell} for cell in cells])
    assert want["categories"].shape[1] == 3 and 4 <= (want["categories"][:, 0] == 0).sum() <= 9
    np.testing.assert_allclose(got["row_numbers"], want["numbers"], atol=1e-6)
    assert (got["row_categories"] == want["categories"]).all()


@pytest.mark.parametrize("transform", ["quantile", "standard"])
def test_numbers_are_scaled_as_the_field_scales_them(transform):
    values = np.random.default_rng(0).lognormal(size=300)
    column = Column("x", pa.array([None, *values]))
    field = Row(options=Row.Options(transform=transform)).learn([column])
    cells = [None, 0.01, 1.0, 99.0]
    got = assemble.read(told_of(field), [{" X": cell} for cell in cells])["row_numbers"]
    np.testing.assert_allclose(got, field.encode([Column("x", pa.array(cells))])["numbers"], atol=1e-6)


def test_a_missing_column_is_named():
    field = Row().learn([Column("age", pa.array([1.0, 2.0, 4.0]))])
    with pytest.raises(ValueError, match="'age'"):
        assemble.read(told_of(field), [{"size": 1}])


@pytest.mark.parametrize("mark", [",", ";", "\t"])
def test_a_program_of_rows_takes_tables_and_objects(tmp_path, mark):
    path = tmp_path / "table.csv"
    path.write_bytes(b"\xef\xbb\xbf" + f'age{mark}town\r\n31{mark}"Kyo\nto, {mark}"\r\n'.encode())
    assert table.inputs(str(path), {}) == [{"age": "31", "town": f"Kyo\nto, {mark}"}]
    assert table.inputs('{"age": 31}', {}) == [{"age": 31}]


# -- probes ----------------------------------------------------------------------------------------------------------------
class Stand:
    """What the gate looks at of a predictor when it asks about probes."""

    def __init__(self, field):
        told = {
            "input": field,
            "inputs": {field.name: field},
            "usable": lambda _self, columns: field.usable(columns[field.name]),
        }
        self.field, self.task = field, type("T", (), told)()

    def batch(self, columns, rows):
        return {self.field.name: self.field.batch(self.field.encode(columns[self.field.name]), rows)}


def learned(kind: str):
    """A field that has learned from usual cells alone."""
    if kind == "row":
        ages, towns = [str(20 + i % 17) for i in range(60)], ["Kyoto", "Nara"] * 30
        days = [f"2024-01-{1 + i % 28:02d} 10:30" for i in range(60)]
        return Row().learn([Column("age", pa.array(ages)), Column("town", pa.array(towns)), Column("day", pa.array(days))])
    if kind == "text":
        return Text(options=Text.Options(max_tokens=12)).learn([Column("text", pa.array(["a fine film", "a dull one"] * 9))])
    if kind == "table":
        return learned_row()[0]
    return ImageField().learn([Column("image", np.random.default_rng(0).integers(0, 256, (9, 16, 16, 3)))])


def probe(kind: str, folder: Path, **changed):
    stand = Stand(learned(kind))
    probing.require_alike(probing.probes(stand, folder), probing.in_process({**told_of(stand.field), **changed}))


@pytest.mark.parametrize("kind", ["image", "text", "row", "table"])
def test_probes_are_answered_and_refused_as_the_field_does(kind, tmp_path):
    found = probing.probes(Stand(learned(kind)), tmp_path)
    assert sum(one.batch is None for one in found) >= 2 and sum(one.batch is not None for one in found) >= 8
    probe(kind, tmp_path)


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("image", {"levels": {"I;16": [0, 65535]}}),
        ("image", {"formats": ["PNG"]}),
        ("image", {"ranges": []}),
        ("text", {"lower": False}),
        ("text", {"form": "NFC"}),
        ("text", {"pattern": "[a-z]+"}),
        ("text", {"longest": 10**9, "most_tokens": 13}),
        ("text", {"refused": "nothing"}),
        ("row", {"words": {"kyoto": ""}}),
        ("row", {"largest": float("inf")}),
        ("table", {"indicated": []}),
    ],
    ids=str,
)
def test_a_fault_that_ordinary_examples_would_not_show_is_caught(kind, fault, tmp_path):
    with pytest.raises(GateError) as caught:
        probe(kind, tmp_path, **fault)
    assert caught.value.code in ("F-EXPORT-INPUT", "F-EXPORT-PROBE") and caught.value.where


@pytest.mark.parametrize(("place", "change"), [(0, {"pattern": "(?P<body>[0-9]+) ?%?"}), (2, {"zone": 0})])
def test_a_column_that_is_read_otherwise_is_caught(place, change, tmp_path):
    columns = told_of(learned("row"))["columns"]
    columns[place]["how"] |= change
    with pytest.raises(GateError):
        probe("row", tmp_path, columns=columns)


def test_a_picture_that_is_not_turned_is_caught(tmp_path, monkeypatch):
    honest = assemble.program
    turning = "ImageOps.exif_transpose(image, in_place=True)"
    monkeypatch.setattr(assemble, "program", lambda *a, **k: honest(*a, **k).replace(turning, "pass"))
    monkeypatch.setattr(assemble, "member", assemble.member.__wrapped__)
    with pytest.raises(GateError, match=r"turned\.jpg"):
        probe("image", tmp_path)


@pytest.mark.parametrize("value", ["\ud800 a", "", None, ["a"], {"a": "b"}])
def test_what_is_no_text_is_refused(value):
    with pytest.raises(ValueError):
        assemble.read(told_of(learned("text")), [value])


def test_a_table_of_texts_is_not_read_as_one_text(tmp_path):
    (tmp_path / "reviews.csv").write_text("text\nA fine film.\n")
    told = told_of(learned("text"))
    with pytest.raises(ValueError, match="the name of a table"):
        assemble.read(told, [str(tmp_path / "reviews.csv")])
    assert assemble.read(told, [str(tmp_path / "none.csv"), "x" * 5000 + ".csv"])


@pytest.mark.parametrize("value", [{}, {"age": 3}, "age", None, [1, 2]])
def test_what_is_no_whole_row_is_refused(value):
    with pytest.raises(ValueError):
        assemble.read(told_of(learned("row")), [value])


@pytest.mark.parametrize("argument", ["", "word " * 100, "x" * 5000, "no such folder"])
def test_an_argument_of_any_length_stands_for_itself(argument, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert single.inputs(argument, {"extensions": [".txt"]}) == [argument]


def test_a_table_with_torn_rows_is_refused(tmp_path):
    (tmp_path / "torn.csv").write_text("a,b\n1,2\n3\n")
    with pytest.raises(ValueError, match="number of cells"):
        table.inputs(str(tmp_path / "torn.csv"), {})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_tables_in_shift_jis_are_read_as_the_run_reads_them(tmp_path, encoding):
    text = "年齢,住所,備考\n31,東京都千代田区,△1,000\n45,ﾄｳｷｮｳ,①\n".replace("△1,000", '"△1,000"')
    (tmp_path / "t.csv").write_bytes(text.encode(encoding))
    rows = table.inputs(str(tmp_path / "t.csv"), {})
    own = read(str(tmp_path / "t.csv"), DataChoices())
    assert rows == [
        dict(zip(own.columns, cells, strict=True)) for cells in zip(*(c.strings() for c in own.columns.values()), strict=True)
    ]


@pytest.mark.parametrize("text", ["name,y\nMüller,é\nGarçon,à\n", "a,y\n\u00ff\u00fe,1\n"])
def test_tables_in_other_encodings_are_refused(tmp_path, text):
    (tmp_path / "t.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="neither UTF-8 nor Shift-JIS"):
        table.inputs(str(tmp_path / "t.csv"), {})


# -- the program -----------------------------------------------------------------------------------------------------------
CODE = (
    ["folder", "single", "image_squash", "image"],
    ["folder", "single", "text_normal", "text_words", "text"],
    ["folder", "single", "text_normal", "text_joined", "text"],
    ["folder", "single", "text_wordpiece", "text"],
    ["folder", "single", "text_bytes", "text_joined", "text"],
    [
        *("folder", "decoded", "table", "row", "row_quantile", "plain_cells", "cell_number", "cell_span", "cell_date"),
        *("row_number", "row_date", "row_category", "row_text", "row_vector"),
    ],
)


@pytest.mark.parametrize("code", CODE, ids="+".join)
@pytest.mark.parametrize("answer", ["category", "categories", "number"])
def test_a_program_imports_nothing_but_what_it_says(code, answer):
    code = [*code, answer, "program", "command"]
    text = assemble.program(code, head="t")
    module = ast.parse(text)
    names = {a.name for node in ast.walk(module) if isinstance(node, ast.Import) for a in node.names}
    names |= {str(node.module) for node in ast.walk(module) if isinstance(node, ast.ImportFrom)}
    roots = {name.split(".")[0] for name in names}
    assert roots <= ALLOWED
    packages = {{"PIL": "pillow"}.get(root, root) for root in roots - set(sys.stdlib_module_names)}
    assert sorted(packages) == assemble.requirements(code)
    defined = [node.name for node in module.body if isinstance(node, ast.FunctionDef)]
    assert len(defined) == len(set(defined)) and {"read", "inputs", "answer", "predict"} <= set(defined)


def lines_of_code(text: str) -> int:
    """Lines that are neither blank, comment nor docstring."""
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.Module, ast.FunctionDef))]
    told = [node.body[0] for node in nodes if ast.get_docstring(node) is not None]
    beside = {line for node in told for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)}
    lines = enumerate(text.splitlines(), 1)
    return sum(number not in beside and bool(line.strip()) and not line.lstrip().startswith("#") for number, line in lines)


@pytest.mark.parametrize("code", CODE, ids="+".join)
@pytest.mark.parametrize("answer", ["category", "categories", "number"])
def test_a_program_is_short_enough_to_be_read(code, answer):
    text = assemble.program([*code, answer, "program", "command"], head="t")
    assert lines_of_code(text) <= (60 if "table" not in code else 190) and max(map(len, text.splitlines())) <= 128


def test_every_format_offers_what_the_contract_says():
    for name in cards("export/formats"):
        module = load("export/formats", name)
        assert callable(module.write) and module.CARD.packages
        assert all("{example}" in code and compile(code, name, "exec") for code in module.CARD.use.values())


# -- graphs ----------------------------------------------------------------------------------------------------------------
class Own(torch.nn.Module):
    """A module of somebody's own with recurrent layers."""

    def __init__(self, kind: str, **options):
        super().__init__()
        torch.manual_seed(0)
        self.loop = getattr(torch.nn, kind)(5, 4, num_layers=2, bidirectional=True, **options)

    def forward(self, x):
        out, state = self.loop(x)
        return out, torch.cat(state) if isinstance(state, tuple) else state


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "options"),
    [("RNN", {}), ("RNN", {"nonlinearity": "relu"}), ("GRU", {"batch_first": True}), ("LSTM", {"bias": False})],
)
def test_loops_answer_as_the_layers_they_replace(kind, options):
    own, x = Own(kind, **options).eval(), torch.randn(3, 2, 5)
    with torch.no_grad():
        want = own(x)
        got = with_loops(own, scan_sweep)(x)
    assert isinstance(own.loop, Loop)
    for left, right in zip(want, got, strict=True):
        torch.testing.assert_close(left, right)


@pytest.mark.slow
def test_onnx_s_loops_answer_as_pytorch_s(tmp_path):
    layers = {name: Own(kind, batch_first=True).eval() for name, kind in (("a", "RNN"), ("b", "GRU"), ("c", "LSTM"))}

    class All(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.own = torch.nn.ModuleDict(layers)

        def forward(self, inputs):
            return torch.cat([part.mean((0, 1)) for own in self.own.values() for part in own(inputs["x"])], 0).unsqueeze(0)

    network = All().eval()
    graph = write_graph(network, {"x": torch.randn(3, 6, 5)}, tmp_path / "model.onnx")
    assert graph.inputs == ["x"] and any(type(layer.loop) is not Loop for layer in layers.values())
    x = torch.randn(3, 6, 5)
    with torch.no_grad():
        np.testing.assert_allclose(answered(session(graph.path), {"x": x})["outputs"], network({"x": x}).numpy(), atol=1e-5)


@pytest.mark.slow
def test_a_graph_that_is_there_already_gets_scores_behind_it(tmp_path):
    """As an int8 run has one."""
    network = registry.wrap(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(16, 3)), ImageSpec(1, 4, 4), 3).eval()
    inputs = {"image": torch.randn(3, 1, 4, 4)}
    model = OnnxNetwork.read(write_graph(network, inputs, tmp_path / "raw.onnx").path)
    with torch.no_grad():
        want = network(inputs).softmax(-1).mean(1).numpy()
    graph = write_graph(model, inputs, tmp_path / "joined.onnx", after=lambda o: o.softmax(-1).mean(1), output="scores")
    assert graph.inputs == ["image"]
    opened = session(tmp_path / "joined.onnx")
    assert [node.name for node in opened.get_outputs()] == ["scores"]
    np.testing.assert_allclose(answered(opened, inputs)["scores"], want, atol=1e-6)
    assert len(answered(opened, {"image": torch.randn(7, 1, 4, 4)})["scores"]) == 7


def test_a_module_whose_course_depends_on_values_is_refused(tmp_path):
    class Moody(torch.nn.Module):
        def forward(self, x):
            return x.flatten(1)[:, :3] if x.sum() > 0 else -x.flatten(1)[:, :3]

    network = registry.wrap(Moody(), ImageSpec(1, 4, 4), 3)
    with pytest.raises(RunError) as caught:
        write_graph(network, {"image": torch.randn(3, 1, 4, 4)}, tmp_path / "model.onnx")
    assert caught.value.code == "F-EXPORT-TRACE" and caught.value.where == "Moody"


# -- the verb --------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Digits, badly learned, in a moment."""
    place = tmp_path_factory.mktemp("runs") / "digits"
    return fukami.train("image-classification", "digits", model="linear", out=place, epochs=2, limit=300)


@pytest.fixture(scope="module")
def report_before(run):
    return (run.path / "report.html").read_text("utf-8")


@pytest.fixture(scope="module")
def exported(run, report_before):
    return api.export(run)


def test_what_an_export_tells(run, exported):
    assert {"run", "to", "out", "files", "parity"} <= set(exported)
    told = exported["parity"]
    assert {"claim", "test", "held", "max_difference", "tolerance", "examples", "metrics", "worst"} <= set(told)
    assert told["held"] and told["max_difference"] < 1e-4 and told["raw"]["examples"] >= 100
    assert all(set(both) == {"run", "exported"} for both in told["metrics"].values())
    assert exported["out"] == f"{run.path}-onnx"
    assert all((Path(exported["out"]) / name).is_file() for name in exported["files"])
    assert "model.onnx" in exported["files"] and "predict.py" in exported["files"]


def test_the_run_and_its_report_tell_of_the_proof(run, exported):
    again = fukami.load(run.path)  # whole and unaltered, says its manifest
    assert again.proofs["parity"]["held"] and again.proofs["parity"]["exports"]["onnx"]["held"]
    page = (run.path / "report.html").read_text("utf-8")
    assert "the exported model answers as the run does" in page and page.count("<img") > 3


def test_only_the_proofs_of_the_report_are_others_after_an_export(run, exported, report_before):
    page = (run.path / "report.html").read_text("utf-8")
    (before, old, after), (first, new, rest) = (
        one.partition(re.search('<section id="proofs".*?</section>', one, re.S)[0]) for one in (report_before, page)
    )
    assert (before, after) == (first, rest) and old != new and page.endswith("</html>")


def test_a_judgement_on_other_data_has_a_page_of_its_own(run, exported):
    before = (run.path / "report.html").read_bytes()
    digits = load_digits()
    told = api.evaluate(run, {"image": digits.images[-40:], "label": digits.target[-40:]})
    page = Path(told["report"]).read_text("utf-8")
    assert Path(told["report"]).name == "report-dict.html" and "<h1>dict</h1>" in page
    assert (run.path / "report.html").read_bytes() == before
    assert fukami.load(run.path).metrics == run.metrics


def test_the_folder_tells_nothing_of_the_machine(exported):
    places = (b"site-packages", str(Path(fukami.__file__).parent).encode(), str(Path.home()).encode() + b"/")
    for name in exported["files"]:
        content = (Path(exported["out"]) / name).read_bytes()
        assert not [place for place in places if place in content], name


def test_the_program_answers_as_the_run_does(run, exported, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 20), dtype=np.uint8)
    paths = [str(tmp_path / f"{i}.png") for i in range(3)]
    for path, one in zip(paths, pixels, strict=True):
        Image.fromarray(one).save(path)
    program = str(Path(exported["out"]) / "predict.py")
    lines = "".join(json.dumps(path) + "\n" for path in paths[1:])
    done = subprocess.run([sys.executable, "-I", program, paths[0], "-"], input=lines, capture_output=True, text=True)
    assert not done.returncode, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    for own, theirs in zip(api.predict(run, paths)["predictions"], said, strict=True):
        assert parity.same_answers(own, theirs), (own, theirs)


@pytest.mark.parametrize("words", [["none.png"], ["nan.tif"], ["-"], ["--help"], []])
def test_the_program_says_in_a_line_what_it_cannot_do(exported, words, tmp_path):
    Image.fromarray(np.full((9, 9), np.nan, np.float32)).save(tmp_path / "nan.tif")
    command = [sys.executable, "-I", str(Path(exported["out"]) / "predict.py"), *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, input="")
    assert "Traceback" not in done.stderr and done.returncode == (0 if words == ["--help"] else 2)
    assert (f"predict.py: {words[0]}: " if words not in ([], ["--help"]) else "python predict.py") in done.stdout + done.stderr


def test_the_program_answers_the_files_of_a_folder(exported, tmp_path):
    for name in ("b.png", "a/c.PNG", ".cache/d.png", "notes.txt"):
        (tmp_path / "given" / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.eye(9, dtype=np.uint8) * 200).save(tmp_path / "given" / name, "PNG")
    (tmp_path / "empty").mkdir()
    command = [sys.executable, "-I", str(Path(exported["out"]) / "predict.py"), "given", "empty"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert [json.loads(line)["input"] for line in done.stdout.splitlines()] == ["given/a/c.PNG", "given/b.png"]
    assert done.returncode == 2 and done.stderr == "predict.py: empty: there is no input that can be read\n"


def test_the_readme_says_what_the_model_is_and_how_good(run, exported):
    text = (Path(exported["out"]) / "README.md").read_text("utf-8")
    head = text.split("```")[0]
    assert text.startswith(f"# {run.path.name}\n")
    assert all(said in head for said in ("`image-classification`", "| learned from | `digits` |", "`0`, `1`", "| accuracy | "))
    assert "| 95 % interval | " in head and run.told["created"][:10] in head and "| linear, " in head


def test_the_example_of_a_row_is_of_cells_that_there_could_be():
    field, _columns = learned_row()
    example = told_of(field)["example"]
    assert (example["plain"], example["town"]) == (7, "Kyoto") and example["whole"] in "01234"  # a cell holds " 7 "
    assert example["late"].split()[1].isalpha() and len(example["several"]) == 3
    found = field.encode(field.gather([example]))
    shown = dict(zip(field.restore_names()[0], found["numbers"][0], strict=True))
    missing = [name for name in shown if name.endswith(" is missing")]
    assert len(missing) > 5 and not any(shown[name] for name in missing)


def test_a_wrong_mean_is_caught_and_nothing_is_written(run, monkeypatch):
    honest = ImageField.portable
    monkeypatch.setattr(
        ImageField, "portable", lambda self, **_how: {**honest(self), "mean": [m + 0.3 for m in self.state["mean"]]}
    )
    out = run.path.parent / "faulty"
    before = (run.path / "manifest.json").read_bytes()
    with pytest.raises(GateError) as caught:
        api.export(fukami.load(run.path), out=out)
    assert caught.value.code == "F-EXPORT-PARITY" and caught.value.exit_code == 1
    assert caught.value.where and caught.value.expected and caught.value.got
    assert not list(out.parent.glob("*faulty*")) and (run.path / "manifest.json").read_bytes() == before


def test_a_mean_so_little_wrong_that_no_score_tells_is_caught(run, monkeypatch):
    honest = ImageField.portable
    monkeypatch.setattr(
        ImageField, "portable", lambda self, **_how: {**honest(self), "mean": [m + 0.002 for m in self.state["mean"]]}
    )
    out = run.path.parent / "a-little"
    with pytest.raises(GateError, match="F-EXPORT-INPUT"):
        api.export(fukami.load(run.path), out=out, tolerance=1.0, points=100.0)
    assert not list(out.parent.glob("*a-little*"))


def test_a_program_that_needs_torch_is_caught(run, monkeypatch):
    honest = assemble.program
    monkeypatch.setattr(assemble, "program", lambda *a, **k: honest(*a, **k) + "\nimport torch\n")
    with pytest.raises(GateError) as caught:
        api.export(fukami.load(run.path), out=run.path.parent / "needy")
    assert caught.value.code == "F-EXPORT-PROGRAM" and "torch" in caught.value.got


def test_other_classes_in_the_answer_are_caught(run, monkeypatch):
    target = type(run.predictor.task.target)
    honest = target.portable
    monkeypatch.setattr(target, "portable", lambda self, **_how: {**honest(self), "classes": self.state["classes"][::-1]})
    with pytest.raises(GateError) as caught:
        api.export(fukami.load(run.path), out=run.path.parent / "renamed")
    assert caught.value.code == "F-EXPORT-ANSWER"


@pytest.mark.slow
def test_weights_too_large_for_one_file_lie_beside_it(run, monkeypatch):
    monkeypatch.setattr(onnx_graph, "LARGEST_FILE", 100)
    told = api.export(run, out=run.path.parent / "large")
    assert {"model.onnx", "model.onnx.data"} <= set(told["files"]) and told["parity"]["held"]
    sealed = json.loads((Path(told["out"]) / "manifest.json").read_text("utf-8"))["files"]
    assert "model.onnx.data" in sealed and "model.onnx.data" in (Path(told["out"]) / "README.md").read_text("utf-8")


def test_a_lone_file_says_what_it_is(exported):
    said = session(Path(exported["out"]) / "model.onnx").get_modelmeta().custom_metadata_map
    assert said["task"] == "image-classification" and said["producer"].startswith("Fukami") and json.loads(said["classes"])
    told = json.loads((Path(exported["out"]) / "preprocessing.json").read_text("utf-8"))["tensors"]
    assert told["inputs"] == [{"name": "image", "dtype": "float32", "shape": ["batch", 1, 8, 8]}]
    assert told["outputs"][0]["shape"] == ["batch", 10]


@pytest.mark.parametrize("to", ["onnx", pytest.param("pt2", marks=pytest.mark.slow)])
@pytest.mark.parametrize("trouble", ["disk", "signal"])
def test_a_full_disk_and_a_signal_leave_nothing(run, monkeypatch, capsys, trouble, to):
    def fail(*_told, **_more):
        if trouble == "disk":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)

    monkeypatch.setattr(*((Path, "write_text") if to == "onnx" else (surroundings, "write")), fail)
    out = run.path.parent / "troubled"
    assert main(["export", str(run.path), "--to", to, "--out", str(out)]) != 0
    monkeypatch.undo()
    assert ("F-FILE-SPACE" in capsys.readouterr().err) == (trouble == "disk")
    assert not list(out.parent.glob("*troubled*")) and fukami.load(run.path)


def test_a_model_of_our_own_is_no_folder_of_another_library(run):
    with pytest.raises(UsageError) as caught:
        api.export(run, "folder")
    assert caught.value.code == "F-EXPORT-FOLDER" and "--to onnx" in caught.value.fix


def test_the_command_line(run, exported, capsys, monkeypatch, tmp_path):
    assert main(["export", str(run.path), "--to", "onnnx"]) == 2
    assert "onnx" in capsys.readouterr().err
    assert main(["export", str(run.path)]) == 2  # it is there already
    out = run.path.parent / "second"
    assert main(["export", str(run.path), "--to", "pt2", "--out", str(out), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (
        told["parity"]["held"]
        and (out / "model.pt2").is_file()
        and (out / "preprocess.py").is_file()
        and not (out / "predict.py").exists()
    )
    assert set(fukami.load(run.path).proofs["parity"]["exports"]) == {"onnx", "pt2"}
    monkeypatch.chdir(out)
    monkeypatch.syspath_prepend(out)
    monkeypatch.delitem(sys.modules, "preprocess", raising=False)  # of another exported folder
    Image.fromarray(np.eye(9, dtype=np.uint8) * 200).save(tmp_path / "one.png")
    code = (out / "README.md").read_text("utf-8").split("```python")[1].split("```")[0]
    exec(code.replace("picture.jpg", str(tmp_path / "one.png")), {})
    (said,) = ast.literal_eval(capsys.readouterr().out)
    told = run.predict([tmp_path / "one.png"])[0]  # in Python labels are the whole numbers that they were
    as_json = json.loads(json.dumps(told)) | {"label": str(told["label"])}
    assert parity.same_answers(as_json, said)


def test_differences_that_are_no_numbers_do_not_pass():
    assert parity.points_apart("accuracy", 0.5, None) == float("inf")
    predictor = SimpleNamespace(task=SimpleNamespace(target=Category()))
    found = parity.compared(predictor, [np.ones((2, 2))], [np.array([[1, 1], [np.nan, 1]])], [np.zeros(2)], np.arange(2))
    assert found.most == float("inf") and found.worst == 1


def test_synthetic_columns_of_every_input_are_portable(tmp_path):
    for kind, field in (("image", ImageField()), ("text", Text()), ("row", Row())):
        cells = synthetic({kind: kind})[kind]
        learned = field.learn(cells)
        values = learned.as_inputs(cells, np.arange(5), tmp_path / kind)
        told = told_of(learned)
        assert told["kind"] == kind and all(isinstance(tensor, np.ndarray) for tensor in assemble.read(told, values).values())
        assert json.loads(json.dumps(values)) == values
