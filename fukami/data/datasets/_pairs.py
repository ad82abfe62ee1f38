"""JGLUE's files of pairs of sentences."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fukami.core.language import _
from fukami.core.problems import Problem
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.joined import joined
from fukami.data.readers import json_lines
from fukami.fields.cells import hash_of

VALIDATES = 0.15
"""Share of the pictures that are kept for validation where the published validation part is learned from."""


def table_of(parts: dict[str, Path]) -> Table:
    """One table of all parts: both sentences and the label. Without a training part the validation part is learned from, all
    sentences about one picture in one part, and the table says so."""
    read = joined([(part, json_lines.read(path, DataChoices())) for part, path in parts.items()], name="", layout="catalogue")
    columns = {name: read.columns[name] for name in ("sentence1", "sentence2", "label")}
    found = replace(read, columns=columns, hints={"target": "label"})
    return found if "train" in parts else _without_training(found, read.columns["yjcaptions_id"].values.to_pylist(), parts)


def _without_training(found: Table, pictures: list[str], parts: dict[str, Path]) -> Table:
    assert found.parts is not None
    kept = [hash_of(one.partition("-")[0].partition("_")[0].encode()) % 100 < 100 * VALIDATES for one in pictures]
    given = np.where(found.parts == "valid", np.where(kept, "valid", "train"), found.parts)
    told = Problem(
        code="F-DATASET-COPY",
        severity="warning",
        what=_(
            "the training part is not here; the validation part is learned from, so figures do not compare with published ones"
        ),
        where=str(parts["valid"]),
        expected=parts["valid"].name.replace("valid", "train").removesuffix(".gz"),
        got=", ".join(path.name for path in parts.values()),
        fix=_("put all files into FUKAMI_DATA, or let them be fetched"),
    )
    return replace(found, parts=given, problems=(*found.problems, told))
