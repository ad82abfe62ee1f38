"""What a text table leaves unsaid: the character between its cells, whether its first row is names, and remarks on top."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable

DELIMITERS = (",", "\t", ";", "|")
_SAMPLE_LINES = 200
_SAMPLE_BYTES = 1 << 18
_NUMBER = re.compile(r"^[+-]?(\d[\d,. ]*|\.\d+)(e[+-]?\d+)?%?$", re.IGNORECASE)
_DATE = re.compile(r"^\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}")
_DECIMALS = re.compile(r"[^\d,.]{0,4}(?:0|\d*(?=[,.]\d{1,2}\D*$|[,.]\d{4,}\D*$)|\d{4,}(?=[,.]))([,.])\d+\D{0,6}")
"""A number whose mark can only be that of decimals."""
_EMPTY = frozenset(("", "?", "na", "n/a", "nan", "null", "none"))


def sample(data: bytes) -> str:
    """The first complete lines of a UTF-8 table: enough to judge by."""
    head = data[:_SAMPLE_BYTES]
    if len(data) > len(head) and b"\n" in head:
        head = head[: head.rindex(b"\n") + 1]
    return head.decode("utf-8", "ignore")


def cells(text: str, delimiter: str, *, most: int = _SAMPLE_LINES) -> list[list[str]]:
    """The first rows of the sample, trimmed, without empty ones."""
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append([cell.strip() for cell in row])
            if len(rows) >= most:
                break
    except csv.Error:  # a cell beyond the csv module's limit: judge by what was read
        pass
    return rows


def find_delimiter(text: str, *, extension: str = "") -> str:
    """The character that divides most lines into the same number of cells, more than one.

    A tab counts first in a `.tsv` file, a comma elsewhere. A table of one column has none; the comma is returned for it.

    >>> find_delimiter("a;b\\n1,5;2\\n3;4,5\\n")
    ';'
    """
    usual = "\t" if extension in (".tsv", ".tab") else ","
    best, best_score = usual, 0.0
    for delimiter in sorted(DELIMITERS, key=lambda d: d != usual):
        rows = cells(text, delimiter)
        widths = Counter(map(len, rows))
        if not widths:
            continue
        width, lines = max(widths.items(), key=lambda item: (item[1] if item[0] > 1 else 0, item[0]))
        if width < 2:
            continue
        score = lines / sum(widths.values())
        if delimiter == usual and len(rows[0]) == width:  # or decimal commas would count as separators
            score += 0.1
        if score > best_score + 1e-9:
            best, best_score = delimiter, score
    return best


def told_delimiter(text: str) -> str:
    """What a first line such as `sep=;` says, which Excel writes and obeys; else nothing.

    >>> told_delimiter("sep=;\\na;b\\n"), told_delimiter("a;b\\n")
    (';', '')
    """
    found = re.match(r'"?sep=([^"\r\n])"?[ \t]*(?:\r?\n|$)', text, re.IGNORECASE)
    return found[1] if found else ""


def remarks_on_top(text: str, delimiter: str) -> int:
    """How many first lines are remarks (`|1x3 Cross validator`, `# made by …`, `%`) rather than rows.

    >>> remarks_on_top("|1x3 Cross validator\\n25, Private\\n38, Private\\n", ",")
    1
    """
    lines = text.splitlines()[:_SAMPLE_LINES]
    usual = Counter(line.count(delimiter) for line in lines if line.strip()).most_common(1)
    found = 0
    for line in lines:
        remark = line.lstrip()[:1] in ("#", "%", "|") and usual and line.count(delimiter) != usual[0][0]
        if not remark:
            break
        found += 1
    return found


def has_header(rows: list[list[str]], *, known: frozenset[str]) -> bool:
    """Whether the first row is names. `known` are names that columns usually have, in lower case.

    Names are no numbers or dates. They are names for certain where a column below is all numbers, or where one of them is a
    usual name that does not occur again below it (`pos` is a name of tags, and a label); they are not where two of them are
    the same, or one of them occurs again below it. A row of names that stands again further down counts as none of these.

    >>> has_header([["great film", "1"], ["bad film", "0"]], known=frozenset())
    False
    >>> has_header([["age", "city"], ["31", "Kyoto"]], known=frozenset())
    True
    """
    if not rows:
        return False
    first, below = rows[0], [row for row in rows[1:] if len(row) == len(rows[0]) and row != rows[0]]
    if any(_NUMBER.match(cell) or _DATE.match(cell) for cell in first if cell):
        return False
    named = [cell for cell in first if cell]
    if not named:
        return False
    if not below:
        return True  # one row that could be names: then there are no examples, which is said elsewhere
    columns = list(zip(*below, strict=True))
    if any(cell.lower() in known for cell, column in zip(first, columns, strict=True) if cell not in column):
        return True
    if any(_all_numbers(column) for column in columns):
        return True
    if len(set(named)) < len(named):
        return False
    return not any(cell in column for cell, column in zip(first, columns, strict=True) if cell)


def _all_numbers(column: tuple[str, ...]) -> bool:
    told = [cell for cell in column if cell.lower() not in _EMPTY]
    return bool(told) and all(_NUMBER.match(cell) or _DATE.match(cell) for cell in told)


def decimal_mark(columns: Iterable[Iterable[str | None]], delimiter: str = "") -> str:
    """What stands before the decimals in a table: `.` or `,`, "" where nothing tells.

    Only cells count that can be read in one way: `1.250` may be more than a thousand. A semicolon between cells means that
    commas stand inside of them.

    >>> decimal_mark([["17,3", "1.250"]]), decimal_mark([["850"]], ";"), decimal_mark([["1,250"]])
    (',', ',', '')
    """
    found = Counter(sure[1] for cells in columns for cell in cells if cell and (sure := _DECIMALS.fullmatch(cell.strip())))
    if found["."] != found[","]:
        return "," if found[","] > found["."] else "."
    return "," if delimiter == ";" and not found else ""
