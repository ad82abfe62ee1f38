"""Bytes of a text file → UTF-8, with the encoding that was found out: marks first, then UTF-8, then Japanese, then Western.

Strict at every step: bytes that do not fit raise or disqualify, nothing is replaced. A guess is told as a `Problem`.
"""

import codecs
import re
from pathlib import Path

from fukami.core.errors import DataError, UsageError, nearest
from fukami.core.language import _
from fukami.core.problems import Problem

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SAMPLE = 1 << 20
_JAPANESE = ("cp932", "euc_jp")
KNOWN = (
    "utf-8",
    "utf-16",
    "utf-32",
    "cp932",
    "shift_jis",
    "euc_jp",
    "iso2022_jp",
    "cp1252",
    "latin-1",
    "gb18030",
    "euc_kr",
    "big5",
)


def to_utf8(data: bytes, *, where: Path | str, encoding: str = "auto") -> tuple[bytes, list[Problem]]:
    """`data` as UTF-8 without a byte-order mark, and what is to be said about it.

    `encoding` is a name that Python knows, or auto. Raises `DataError` where the bytes do not fit the encoding that was named.

    >>> to_utf8("猫".encode("cp932") * 9, where="a.csv")[0].decode()[:2]
    '猫猫'
    """
    if encoding != "auto":
        return _named(data, encoding, where), []
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _named(data[len(mark) :], name, where), [] if name == "utf-8" else [_told(name, where, certain=True)]
    if (found := wide(data)) and (text := _try(data, found)) is not None:
        return text.encode(), [_told(found, where, certain=True)]
    if re.search(rb"\x1b\$[@B]", data[:_SAMPLE]) and (text := _try(data, "iso2022_jp")) is not None:
        return text.encode(), [_told("iso2022_jp", where, certain=True)]
    if _try(data, "utf-8") is not None:
        return data, []
    scores = {name: _japanese(data, name) for name in _JAPANESE}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] >= 0.6 and (text := _try(data, best)) is not None:
        return text.encode(), [_told(best, where, certain=True)]
    western = "cp1252" if _try(data, "cp1252") is not None else "latin-1"
    return data.decode(western).encode(), [_told(western, where, certain=False)]


def _named(data: bytes, encoding: str, where: Path | str) -> bytes:
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        close = nearest(encoding, KNOWN)
        raise UsageError(
            "F-ENCODING-NAME",
            _("there is no text encoding called {name}").format(name=encoding),
            expected=_("one of {names}").format(names=", ".join(KNOWN)),
            got=encoding,
            fix=f"--set encoding={close[0]}" if close else "",
        ) from None
    for mark, name in _MARKS:
        if data.startswith(mark) and name.startswith(codec):
            data = data[len(mark) :]
            break
    try:
        return data.decode(codec).encode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            "F-ENCODING-BYTES",
            _("the file is not written in {encoding}").format(encoding=encoding),
            where=f"{where}:{line}",
            expected=encoding,
            got=data[error.start : error.start + 4].hex(" "),
            fix=_("leave the encoding to be found out: --set encoding=auto"),
        ) from None


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def wide(data: bytes) -> str:
    """`utf-16-le` or `utf-16-be` where the bytes are UTF-16 without a mark, else "".

    Its separators and line ends have a zero beside them, and what it says is nearly all letters of known scripts.
    """
    head = data[: min(len(data), 4096) // 2 * 2]
    if b"\0" not in head:
        return ""
    for encoding in ("utf-16-le", "utf-16-be"):
        text = head.decode(encoding, "replace")
        plain = sum(c in "\t\n\r" or " " <= c <= "~" for c in text)
        usual = sum("\u00a0" <= c <= "\u024f" or "\u3000" <= c <= "\u30ff" or "\u4e00" <= c <= "\u9fff" for c in text)
        usual += sum("\uff01" <= c <= "\uffee" for c in text)
        if plain >= 0.02 * len(text) and plain + usual >= 0.95 * len(text):
            return encoding
    return ""


def _japanese(data: bytes, encoding: str) -> float:
    """How Japanese the bytes look when read in `encoding`: share of the letters beyond ASCII that are kana, usual punctuation
    or kanji of the first level. 0 where they cannot be read so. Western letters read as cp932 give rare kanji and lone
    half-width katakana, which count against it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        text = decoder.decode(data[:_SAMPLE], final=len(data) <= _SAMPLE)
    except UnicodeDecodeError:
        return 0.0
    foreign = re.findall(r"[^\x00-\x7f]", text)
    if not foreign:
        return 0.0
    # A run of half-width katakana is a word; a lone one is usually a Western letter misread.
    runs = sum(len(run) for run in re.findall(r"[\uff66-\uff9f]{3,}", text))
    full = sum("\u3000" <= c <= "\u30ff" or "\uff01" <= c <= "\uff5e" for c in foreign)
    kanji = sum("\u4e00" <= c <= "\u9fff" and _first_level(c) for c in foreign)
    return (full + 0.95 * kanji + 0.7 * runs) / len(foreign)


def _first_level(character: str) -> bool:
    """Whether a kanji is among the 2,965 most used ones of JIS X 0208 (rows 16 to 47)."""
    try:
        return 0xB0 <= character.encode("euc_jp")[0] <= 0xCF
    except UnicodeEncodeError:
        return False


def _told(encoding: str, where: Path | str, *, certain: bool) -> Problem:
    if certain:
        return Problem(
            code="F-ENCODING-FOUND",
            severity="note",
            what=_("the text is written in {encoding} and was read so").format(encoding=encoding),
            where=str(where),
            fix=_("save it as UTF-8 if anything looks wrong"),
        )
    return Problem(
        code="F-ENCODING-GUESS",
        severity="warning",
        what=_("the text is not UTF-8; it was read as {encoding}, which may be wrong").format(encoding=encoding),
        where=str(where),
        expected="utf-8",
        got=encoding,
        fix=_("save it as UTF-8, or name the encoding: --set encoding=NAME"),
    )
