"""Readers and splits know kinds of data from the fields' cards: a new field file suffices."""

import ast
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from fukami.core.cards import cards
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data import names
from fukami.data.readers import document, folder, memory
from fukami.fields.registry import field_class

PACKAGE = Path(names.__file__).parent
FOR = re.compile(r"^FOR = ", re.MULTILINE)
"""What a reader says of itself that is made for the targets of a kind: it may name it."""
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "datasets" not in p.parts and not FOR.search(p.read_text("utf-8")))


def kinds_told(tree: ast.Module) -> list[str]:
    """Kinds of fields that code is compared with, or keyed by."""
    found = []
    for node in ast.walk(tree):
        sides = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        if any(isinstance(side, ast.Attribute) and side.attr == "kind" for side in sides) or any(
            isinstance(side, ast.Name) and side.id in ("kind", "kinds") for side in sides
        ):
            found += [s.value for s in sides if isinstance(s, ast.Constant)]
        elif isinstance(node, ast.Dict):
            found += [key.value for key in node.keys if isinstance(key, ast.Constant)]
    return [str(value) for value in found if value in cards("fields")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_no_kind_of_field_is_named(path):
    assert kinds_told(ast.parse(path.read_text("utf-8"))) == []


def test_the_law_above_sees_what_it_is_about():
    told = 'EXTENSIONS = {"image": 1}\nif field.kind == "number" or "row" in kinds: pass\nif found == "text": pass'
    assert sorted(kinds_told(ast.parse(told))) == ["image", "number", "row"]


def test_every_kind_that_is_a_column_has_usual_names_and_they_are_plain():
    for kind, card in cards("fields").items():
        told = (*card.usual_inputs, *card.usual_targets)
        assert not told if card.columns == "many" else told or "recognised" in card.exempt, kind
        assert all(names.plain(name) == name for name in told)
        assert set(told) <= names.USUAL


def test_files_of_a_kind_are_found_by_the_endings_of_its_card(tmp_path):
    for kind, card in cards("fields").items():
        for place, ending in enumerate(card.extensions * 2):
            home = tmp_path / kind / f"class{place % 2}"
            home.mkdir(parents=True, exist_ok=True)
            (home / f"{place}{ending.upper()}").write_text("a text")
        if card.extensions:
            reads = document if card.files_are == "document" else folder
            assert reads.claims(tmp_path / kind, (kind,)) >= 0.9
            table = reads.read(tmp_path / kind, DataChoices(), kinds=(kind,))
            assert len(table) == 2 * len(card.extensions)
            assert reads is document or table.hints == {kind: card.files_are, "target": "class"}


def test_a_matrix_is_columns_where_the_kind_reads_many():
    x, y = np.zeros((5, 3)), list("ababa")
    assert list(memory.read((x, y), DataChoices(), kinds=("row",)).columns) == ["x1", "x2", "x3", "target"]
    assert list(memory.read((x, y), DataChoices(), kinds=("image",)).columns) == ["x", "target"]


def test_strata_are_classes_or_tenths_of_numbers():
    word = field_class("category")(name="y").strata([Column("y", pa.array(["b", "a", "b"]))])  # type: ignore[call-arg]
    assert word[0] == word[2] != word[1]
    tenths = field_class("number")(name="y").strata([Column("y", pa.array(np.arange(100.0)))])  # type: ignore[call-arg]
    assert np.bincount(tenths).tolist() == [10] * 10
