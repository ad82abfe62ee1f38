"""A NumPy archive: arrays by name, with or without parts (`x_train`, `y_train`, `images`, `labels`, `data`, `target`)."""

import zipfile
from pathlib import Path

import numpy as np

from fukami.core.errors import DataError
from fukami.core.language import N_, _
from fukami.core.recipe import DataChoices
from fukami.core.tables import Table
from fukami.data.files import content, suffix
from fukami.data.joined import joined
from fukami.data.parts import PART_OF
from fukami.data.readers import memory

TOLD = N_("arrays in a NumPy archive")
_INPUTS = ("x", "images", "image", "data", "inputs", "features", "texts", "text", "arr_0")
_TARGETS = ("y", "labels", "label", "target", "targets", "classes", "class", "arr_1")


def claims(source: Path, kinds: tuple[str, ...]) -> float:
    if not source.is_file():
        return 0.0
    return 0.95 if suffix(source) in (".npz", ".npy") or content(source) in ("npz", "npy") else 0.0


def read(source: Path, choices: DataChoices, *, kinds: tuple[str, ...] = ()) -> Table:
    """The arrays as `(x, y)` where their names say so, else as columns. Pickled objects are never loaded."""
    if content(source) == "npy":
        raise DataError(
            "F-NPY-ALONE",
            _("one array alone does not say what is to be learned"),
            where=str(source),
            expected=_("an archive that holds inputs and targets"),
            got=_("one array"),
            fix=f"numpy.savez({str(source.with_suffix('.npz'))!r}, x=x, y=y)",
        )
    arrays = _load(source)
    divided = _by_part(arrays)
    tables = [(part, _table(named, source, kinds)) for part, named in divided.items()]
    if len(tables) == 1:
        return tables[0][1]
    return joined(sorted(tables, key=lambda t: ("train", "valid", "test", "").index(t[0])), name=str(source), layout="npz")


def _load(source: Path) -> dict[str, np.ndarray]:
    try:
        with np.load(source, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except ValueError as error:
        if "pickle" not in str(error).lower():
            raise _damaged(source, error) from None
        raise DataError(
            "F-NPZ-PICKLE",
            _("the archive holds Python objects, which are never loaded: they can run any program"),
            where=str(source),
            expected=_("arrays of numbers or of fixed-length strings"),
            fix="numpy.savez(FILE, x=numpy.asarray(x.tolist()), y=y.astype(str))",
        ) from None
    except (OSError, zipfile.BadZipFile, EOFError, KeyError) as error:
        raise _damaged(source, error) from None


def _damaged(source: Path, error: Exception) -> DataError:
    return DataError(
        "F-NPZ-DAMAGED",
        _("the NumPy archive is damaged or incomplete"),
        where=str(source),
        got=str(error).splitlines()[0] if str(error) else type(error).__name__,
        fix=_("copy or write it again"),
    )


def _by_part(arrays: dict[str, np.ndarray]) -> dict[str, dict[str, np.ndarray]]:
    """Part → arrays with the part taken out of their names: `x_train`, `train_images`, `test.y`."""
    divided: dict[str, dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        words = name.replace(".", "_").replace("-", "_").split("_")
        part = next((PART_OF[w.lower()] for w in words if w.lower() in PART_OF), "")
        bare = "_".join(w for w in words if w.lower() not in PART_OF) if part else name
        divided.setdefault(part, {})[bare or name] = array
    if "" in divided and len(divided) > 1:  # e.g. `classes` beside parts: not examples
        divided.pop("")
    return divided


def _table(arrays: dict[str, np.ndarray], source: Path, kinds: tuple[str, ...]) -> Table:
    low = {name.lower(): name for name in arrays}
    x = next((low[n] for n in _INPUTS if n in low), None)
    y = next((low[n] for n in _TARGETS if n in low and low[n] != x), None)
    flat = {name: a for name, a in arrays.items() if a.ndim > 0}
    if x is not None and y is not None:
        table = memory.read((arrays[x], _flat(arrays[y])), DataChoices(), kinds=kinds)
    elif flat:
        table = memory.read(flat, DataChoices(), kinds=kinds)
    else:
        raise DataError(
            "F-DATA-EMPTY",
            _("there are no examples"),
            where=str(source),
            expected="x, y",
            got=", ".join(arrays) or _("nothing"),
        )
    columns = {n: _placed(c, str(source)) for n, c in table.columns.items()}
    return Table(name=str(source), columns=columns, hints=table.hints, layout="npz")


def _placed(column, file: str):
    from dataclasses import replace

    return replace(column, file=file)


def _flat(y: np.ndarray) -> np.ndarray:
    """Targets of shape (N, 1) as (N); one-hot rows (N, K) stay."""
    return y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
