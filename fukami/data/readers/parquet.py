"""A Parquet file. Columns keep their types; pictures stored as `{"bytes", "path"}` become their bytes."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column, Table
from fukami.data import records, text_table
from fukami.data.files import content, suffix

TOLD = N_("a Parquet table")
EXTENSIONS = (".parquet", ".pq")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    return 0.95 if source.is_file() and (suffix(source) in EXTENSIONS or content(source) == "parquet") else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    import pyarrow.parquet

    try:
        with pa.OSFile(str(source)) as file:
            table = pyarrow.parquet.read_table(file)
    except (pa.ArrowException, OSError) as error:
        raise DataError(
            "F-PARQUET-DAMAGED",
            _("the Parquet file is damaged or incomplete"),
            where=str(source),
            got=str(error).splitlines()[0],
            fix=_("copy or write it again"),
        ) from None
    if not table.num_rows or not table.num_columns:
        raise DataError("F-TABLE-EMPTY", _("the table has no rows"), where=str(source), expected=_("a row per example"))
    problems = tuple(text_table.distinct(table.column_names, str(source))[1])
    return Table(name=str(source), columns=columns_of(table, file=source), problems=problems, layout="parquet")


def columns_of(table: pa.Table, *, file: Path | None = None) -> dict[str, Column]:
    """The columns of an Arrow table, joined, dictionaries resolved; an index that pandas wrote is left out."""
    columns = {}
    for name, values in zip(text_table.distinct(table.column_names, "")[0], table.columns, strict=True):
        if name.startswith("__index_level_"):
            continue
        column = Column(name, _plain(values))
        columns[name] = replace(column, base=file.parent, file=str(file)) if file else column
    return columns


def _plain(values: pa.ChunkedArray) -> pa.Array:
    array = values.combine_chunks()
    array = pa.concat_arrays(array.chunks) if isinstance(array, pa.ChunkedArray) else array
    kind = array.type
    if pa.types.is_dictionary(kind):
        return array.dictionary_decode()
    if pa.types.is_struct(kind):
        if kind.get_field_index("bytes") >= 0 and array.field("bytes").null_count < len(array):
            return array.field("bytes")
        if kind.get_field_index("path") >= 0:
            return array.field("path")
        return records.cells(array.to_pylist())[0]
    return array
