"""Personal data in columns: names of people, addresses, telephone numbers, e-mail, numbers of customers; Japanese forms too.

A column is recognised by what its cells look like, or by a title that says so and cells that could be it. Nothing here is sure;
whoever is told of a column can say that it is none. N cells of a sample.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from fukami.core.tables import Column
from fukami.fields import cells, parsing
from fukami.fields.personal_words import ADDRESS, FIRST_NAMES, MAIL, NAME, NUMBER, SURE, SURNAMES, TELEPHONE, VAGUE

HIDDEN = "•••"
LOOKED_AT = 300
MOST, HALF, SOME = 0.8, 0.5, 0.3
"""Shares of the cells that have to look so: where nothing else says it, where much does, where hardly anything else does."""

FEW = 20
"""So many different cells, or so many of few, name people rather than kinds of them."""

_MAIL = r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
"""Of bounded length, and from the beginning of a word on: else a text of one endless word would take for ever."""
_CALLED = (
    r"(?:\+\d{1,3}[ .-]?(?:\(0\)[ .-]?)?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4}"  # +81 3-1234-5678
    r"|\(?0\d{1,4}\)?[ .-]\d{1,4}[ .-]\d{3,4}"  # 03-1234-5678, (03) 1234-5678
    r"|0[5789]0[ .-]?\d{4}[ .-]?\d{4}"  # 09012345678
    r"|0120[ .-]?\d{3}[ .-]?\d{3}"
    r"|(?:1[ .-])?\(?[2-9]\d{2}\)?[ .-]\d{3}[ .-]\d{4})"  # (555) 123-4567
)
_PREFECTURE = r"(?:〒?\s*\d{3}-?\d{4}\s*)?(?:北海道|東京都|京都府|大阪府|[一-龥]{2,3}県)"
_LIVED_AT = re.compile(
    rf"^(?:{_PREFECTURE})?\s*[一-龥ぁ-んァ-ヶーヵケ々]{{1,8}}[市区町村郡].*(?:\d|[一二三四五六七八九十]+(?:丁目|番|号))"
    rf"|^{_PREFECTURE}.{{2,}}(?:\d|丁目|番地)"
    r"|^\d{1,6}[A-Za-z]?,?\s+(?:[A-Za-z.'’-]+\s+){1,5}"
    r"(?:st|street|ave|avenue|rd|road|ln|lane|dr|drive|blvd|boulevard|way|ct|court|pl|place|sq|square|terrace|hwy|highway|close|crescent)\b"
    r"|^[A-ZÄÖÜ][\w.\s-]*?(?:straße|strasse|str\.|weg|platz|allee|gasse|ring|ufer)\s*\d+\s*[a-z]?\b"
    r"|^\d+\s*(?:bis|ter)?,?\s+(?:rue|avenue|boulevard|place|chemin|impasse|allée|quai|cours|route)\b",
    re.IGNORECASE,
)
_WRITTEN_MAIL = re.compile(_MAIL)
_FULL_CALL = re.compile(rf"(?:tel|fax|phone|電話)?[:：]?\s*{_CALLED}", re.IGNORECASE)
_WRITTEN_CALL = re.compile(rf"(?<![\w.+-])(?!\d\d[ .-]\d\d[ .-]\d{{4}}(?!\d)){_CALLED}(?![\w-])")
_WITH_SPACE = re.compile(r"[一-龥々]{1,4} [一-龥々ぁ-んァ-ヶー]{1,5}|[ァ-ヶー]{2,6} [ァ-ヶー]{2,7}|[ぁ-ん]{2,6} [ぁ-ん]{2,7}")
_BY_TITLE = re.compile(r"\b(?:Mr|Mrs|Miss|Ms|Dr|Prof|Herr|Frau|Mme|Mlle)\b\.?|(?:様|さん|氏|殿|先生)$")
_WESTERN = re.compile(r"(?:[A-ZÀ-Þ][\w'’.-]*,? ){1,3}[A-ZÀ-Þ][\w'’.-]*")
_COULD_NAME = re.compile(r"[A-ZÀ-Þ][^\d_@/:;#]*|[一-龥々ぁ-んァ-ヶー・ ]{1,14}")
_DIGITS = re.compile(r"\+?[\d().\s/-]{7,20}")


def kind_of(column: Column) -> str:
    """What personal data a column holds, as a sentence's end to be translated; empty where it holds none.

    >>> import pyarrow as pa
    >>> kind_of(Column("c3", pa.array(["山田 太郎", "鈴木 花子"]))), kind_of(Column("town", pa.array(["奈良市"])))
    ('names of people', '')
    """
    if column.is_array and column.values.ndim > 1:
        return ""
    array = parsing.plain(cells.sample(column, LOOKED_AT).values)
    if not parsing.is_scalar(array):
        return ""
    title = title_of(column.name)
    if not parsing.is_text(array) and not (_said(SURE, title) or _said(VAGUE, title)):
        return ""
    found = [text for value in array.to_pylist() if value is not None and (text := _plain(parsing.written(value)))]
    if not found:
        return ""
    is_text = parsing.is_text(array)
    return (_by_cells(found) if is_text else "") or _by_title(title, found, is_text=is_text)


def masked(text: str) -> str:
    """A text without the e-mail addresses and telephone numbers in it.

    >>> masked("ask taro@example.jp or 090-1234-5678, on 2024-05-06 or 07.05.2024")
    'ask ••• or •••, on 2024-05-06 or 07.05.2024'
    """
    return _WRITTEN_CALL.sub(HIDDEN, _WRITTEN_MAIL.sub(HIDDEN, text))


def holds_any(text: str) -> bool:
    """Whether a text has an e-mail address or a telephone number in it."""
    return bool(_WRITTEN_MAIL.search(text) or _WRITTEN_CALL.search(text))


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).replace("−", "-").replace("‐", "-").replace("–", "-").split())


def title_of(name: str) -> str:
    """A column's title in small letters, its words divided by one blank.

    >>> title_of("customerName"), title_of("Customer_Name"), title_of("ＴＥＬ")
    ('customer name', 'customer name', 'tel')
    """
    apart = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", unicodedata.normalize("NFKC", name).strip())
    return re.sub(r"[\s_.:-]+", " ", apart).strip().lower()


def _said(titles: Mapping[str, frozenset[str]], title: str) -> list[str]:
    short = re.sub(r"\(.*?\)", "", title).strip()  # 住所(自宅)
    return [kind for kind, words in titles.items() if {title, short, short.replace(" ", "")} & words]


def _by_title(title: str, found: list[str], *, is_text: bool) -> str:
    for kind in _said(SURE, title):
        if kind == NUMBER or is_text:
            return kind
    for kind in _said(VAGUE, title):
        fits = {NAME: _COULD_NAME.fullmatch, ADDRESS: _has_place, TELEPHONE: _has_digits}[kind]
        if kind == NAME and is_text and _share(found, lambda text: text in SURNAMES or text.lower() in FIRST_NAMES) >= HALF:
            return NAME  # however few they are
        distinct = len(set(found)) > min(FEW, SOME * len(found))
        if (is_text or kind == TELEPHONE) and distinct and _share(found, fits) >= MOST:
            return kind
    return ""


def _by_cells(found: list[str]) -> str:
    if _share(found, _WRITTEN_MAIL.fullmatch) >= SOME:
        return MAIL
    if _share(found, _is_called) >= HALF:
        return TELEPHONE
    if _share(found, _LIVED_AT.search) >= HALF:
        return ADDRESS
    if _share(found, _WITH_SPACE.fullmatch) >= MOST and _share(found, _has_surname) >= SOME:
        return NAME
    named = _share(found, _has_surname) >= HALF or _share(found, _has_first_name) >= HALF
    return NAME if named or _share(found, _BY_TITLE.search) >= MOST else ""


def _share(found: list[str], fits: Callable[[str], object]) -> float:
    return sum(bool(fits(text)) for text in found) / len(found)


def _is_called(text: str) -> bool:
    return bool(_FULL_CALL.fullmatch(text)) and 9 <= sum(map(str.isdigit, text)) <= 15


def _has_digits(text: str) -> bool:
    return bool(_DIGITS.fullmatch(text)) and 7 <= sum(map(str.isdigit, text)) <= 15


def _has_place(text: str) -> bool:
    """Whether a text could be an address: words and a number."""
    return bool(re.search(r"\d", text)) and (" " in text or bool(re.search(r"[市区町村都道府県]", text)))


def _has_surname(text: str) -> bool:
    """Whether a text begins with a frequent Japanese surname and is as long as a name."""
    short = text.replace(" ", "")
    return any(
        short.startswith(name) and 1 <= len(short) - len(name) <= 4 and re.fullmatch(r"[一-龥々ぁ-んァ-ヶー]+", short)
        for name in SURNAMES
        if len(name) > 1 or " " in text
    ) and not re.search(r"[市区町村県駅店川山橋社]$", short)


def _has_first_name(text: str) -> bool:
    """Whether a text is two to four capitalised words, of which one where it may stand is a frequent given name."""
    if not _WESTERN.fullmatch(text):
        return False
    words = re.split(r"[ ,]+", text.lower())
    return not FIRST_NAMES.isdisjoint({words[0], words[-1], words[1] if "," in text else ""})
