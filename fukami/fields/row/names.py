"""Columns that name something which comes again: a patient, a customer, a machine. Their titles, and what their cells are."""

import re

import numpy as np
import pyarrow as pa

from fukami.core.tables import Column
from fukami.fields import cells, parsing
from fukami.fields.personal import title_of

FEWEST = 4
_THINGS = """
    patient subject person customer client user member machine device sensor engine vehicle store shop site plant school
    hospital household family animal camera driver player student batch lot session speaker author account employee farm
    station well turbine pump robot worker participant respondent
    患者 顧客 会員 被験者 機械 装置 設備 号機 センサー 店舗 店 学校 病院 世帯 個体 カメラ 車両 選手 生徒 学生 ロット 話者
    社員 利用者 工場 端末
"""
_NUMBERED = ("", "id", "no", "nr", "number", "code", "key", "name", "番号", "コード", "名", "ナンバー")
_CODE = re.compile(r"[A-Za-z]{0,6}[-_ ]?\d{1,8}")


def named_things(column: Column) -> int:
    """How many things a column names, several rows each; 0 where it does not name any.

    >>> repeated = [f"P{i % 6}" for i in range(30)]
    >>> [named_things(Column(name, pa.array(repeated))) for name in ("patient_id", "machine", "患者番号", "plan", "store_type")]
    [6, 6, 6, 0, 0]
    """
    return repeated(column) if _names(column.name) else 0


def repeated(column: Column) -> int:
    """How many different values a column has, where each comes at least twice on average; 0 for numbers with a fraction."""
    if column.is_array and column.values.ndim > 1:
        return 0
    array = parsing.plain(column.values)
    if not parsing.is_scalar(array) or pa.types.is_temporal(array.type) or pa.types.is_boolean(array.type):
        return 0
    codes, values = cells.numbered(column)
    if any(isinstance(value, float) and not value.is_integer() for value in values[:100]):
        return 0
    known = int((codes >= 0).sum())
    return len(values) if FEWEST <= len(values) <= known / 2 else 0


def are_codes(column: Column) -> bool:
    """Whether most cells are written as names of single things are: P001, 34, K-7."""
    texts = [text for text in cells.strings(cells.sample(column)) if text]
    return bool(texts) and float(np.mean([bool(_CODE.fullmatch(text.strip())) for text in texts])) > 0.8


def _names(name: str) -> bool:
    title = title_of(name)
    if parsing.named_like_identifier(name):
        return True
    return any(title.startswith(thing) and title.removeprefix(thing).strip() in _NUMBERED for thing in _THINGS.split())
