"""The text of a table's file."""

import re
from pathlib import Path


def text_of(path):
    """UTF-8, with or without its mark, or Shift-JIS as Windows writes it; what is neither is refused."""
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp932", "replace")
    usual = re.findall("[\u3000-\u30ff\u4e00-\u9fff\uff01-\uff5e]|[\uff66-\uff9f]{3,}", text)
    if sum(map(len, usual)) < 0.6 * len(re.findall(r"[^\x00-\x7f]", text)):
        raise ValueError("the table is neither UTF-8 nor Shift-JIS")
    return text
