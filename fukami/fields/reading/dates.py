"""How a column writes days and moments: the form that reads most of its words, and the clock that it keeps.

Where a form with the month first and one with the day first read equally many words, the order has a `doubt`, which is told.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from fukami.fields.reading.cell_date import ahead, moment_of
from fukami.fields.reading.forms import best_of
from fukami.fields.reading.plain_cells import plainly

MONTHS = {
    word: number
    for number, words in enumerate(
        (
            "jan january januar jänner janv janvier",
            "feb february februar febr févr fév fevr février fevrier",
            "mar march märz maerz mär mrz mars",
            "apr april avr avril",
            "may mai",
            "jun june juni juin",
            "jul july juli juil juillet",
            "aug august août aout",
            "sep sept september septembre",
            "oct october okt oktober octobre",
            "nov november novembre",
            "dec december dez dezember déc décembre decembre",
        ),
        1,
    )
    for word in words.split()
}
ERAS = {
    "令和": 2018,
    "平成": 1988,
    "昭和": 1925,
    "大正": 1911,
    "明治": 1867,
    "R": 2018,
    "H": 1988,
    "S": 1925,
    "T": 1911,
    "M": 1867,
}
ZONES = {
    **{"Z": 0, "UTC": 0, "GMT": 0, "WET": 0, "CET": 60, "MEZ": 60, "BST": 60, "WEST": 60, "CEST": 120, "MESZ": 120, "EET": 120},
    **{"EEST": 180, "MSK": 180, "IST": 330, "HKT": 480, "SGT": 480, "JST": 540, "KST": 540, "AEST": 600, "AEDT": 660},
    **{"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360, "PST": -480, "PDT": -420},
}
"""Minutes that clocks are ahead of UTC."""
_SECOND = r"(?P<second>(?:[0-5]?[0-9]|60)(?:[.,][0-9]+)?)"
_CLOCK = rf"(?P<hour>[01]?[0-9]|2[0-3])(?::|時)(?P<minute>[0-5]?[0-9])(?:(?::|分){_SECOND}秒?|分)?"
_ZONE = rf"(?P<zone>[+-][0-9]{{2}}(?::?[0-9]{{2}})?|{'|'.join(ZONES)})"
_TIME = rf"(?:(?:T|,? (?:at |um |à )?){_CLOCK}(?: ?(?P<half>[ap]\.?m\.?))?(?: ?Uhr)?(?: ?{_ZONE})?)?"
_YEAR, _SHORT, _MONTH, _DAY = r"(?P<year>[0-9]{4})", r"(?P<year>[0-9]{2})", r"(?P<month>[0-9]{1,2})", r"(?P<day>[0-9]{1,2})"
_NAME = rf"(?P<name>{'|'.join(sorted(MONTHS, key=len, reverse=True))})\.?"
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,? )?"
_NTH = r"(?:st|nd|rd|th|er|\.)?"
_ERA = rf"(?P<era>{'|'.join(ERAS)})\.? ?(?P<year>[0-9]{{1,2}}|元)"
_EAST_DAY = r"(?: ?[(][月火水木金土日](?:曜日?)?[)])?"
FORMS = {
    "ymd": rf"{_YEAR}(?:[-/. ]|年 ?){_MONTH}(?:[-/. ]|月 ?){_DAY}日?{_EAST_DAY}{_TIME}",
    "compact": rf"{_YEAR}(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}){_TIME}",
    "mdy": rf"{_MONTH}[-/.]{_DAY}[-/.]{_YEAR}{_TIME}",
    "dmy": rf"{_DAY}[-/.]{_MONTH}[-/.]{_YEAR}{_TIME}",
    "mdy2": rf"{_MONTH}(?P<mark>[-/.]){_DAY}(?P=mark){_SHORT}{_TIME}",
    "dmy2": rf"{_DAY}(?P<mark>[-/.]){_MONTH}(?P=mark){_SHORT}{_TIME}",
    "ymd2": rf"'?{_SHORT}(?P<mark>[-/.]){_MONTH}(?P=mark){_DAY}{_TIME}",
    "named-dmy": rf"{_WEEKDAY}{_DAY}{_NTH}[- ]{_NAME}[- ,]+(?P<year>[0-9]{{4}}|[0-9]{{2}}){_TIME}",
    "named-mdy": rf"{_WEEKDAY}{_NAME}[- ]{_DAY}{_NTH},? {_YEAR}{_TIME}",
    "named-late": rf"{_WEEKDAY}{_NAME} {_DAY} {_CLOCK} (?:{_ZONE} )?{_YEAR}",
    "era": rf"{_ERA}(?:[-/.]|年 ?){_MONTH}(?:(?:[-/.]|月 ?){_DAY}日?|月){_EAST_DAY}{_TIME}",
    "month-day": rf"{_MONTH}月 ?{_DAY}日{_EAST_DAY}{_TIME}",
    "year-month": rf"{_YEAR}(?:[-/]|年 ?){_MONTH}月?",
    "month-year": rf"{_MONTH}/{_YEAR}",
    "named-month": rf"{_NAME}[- ,]+{_YEAR}",
    "quarter": rf"{_YEAR}(?:年度?|[-/ ])? ?(?:Q|第) ?(?P<quarter>[1-4])(?:四半期)?",
    "quarter-first": rf"(?:Q(?=[1-4])|(?=[1-4]Q))(?P<quarter>[1-4])Q?[-/ ]?{_YEAR}",
    "week": rf"{_YEAR}-?W(?P<week>[0-9]{{2}})(?:-?(?P<day>[1-7]))?",
}
"""The ways of writing a date, in the order in which they are tried: where a column fits several, the first one counts."""
ORDERS = {"mdy": ("mdy", "mdy2"), "dmy": ("dmy", "dmy2"), "ymd": ("ymd", "ymd2")}
"""What `date_order` allows of the forms that are alike."""
_RIVALS = {"mdy": ("dmy",), "dmy": ("mdy",), "mdy2": ("dmy2", "ymd2"), "dmy2": ("mdy2", "ymd2"), "ymd2": ("mdy2", "dmy2")}


def written(form: str, zone: int | None = None) -> dict[str, Any]:
    """The reading of dates of this form, by clocks that are `zone` minutes ahead of UTC."""
    names = {"months": MONTHS} if "named" in form else {"eras": ERAS} if form == "era" else {}
    return {"form": form, "pattern": FORMS[form], "zone": zone, "zones": ZONES, **names}


def learned(words: Mapping[str, int], *, order: str = "auto") -> dict[str, Any] | None:
    """How the words of a column (each with its count) write dates, None where none of them is one.

    >>> [learned({word: 1})["form"] for word in ("2024-05-06", "06.05.2024", "令和7年7月2日", "2024Q3")]
    ['ymd', 'dmy', 'era', 'quarter']
    """
    best, fitting = best_of(_allowed(order), words, lambda word, form: moment_of(word, written(form)) is not None)
    if not best:
        return None
    count = sum(words[word] for word in fitting)
    rivals = [form for form in _RIVALS.get(best, ()) if form in _allowed(order) and _reads_all(form, fitting)]
    if rivals and all("." in word for word in fitting):  # points are written day first
        best, rivals = best.replace("mdy", "dmy"), []
    how = written(best, _zone(fitting, best))
    zoned = sum(words[word] for word in fitting if (moment_of(word, how) or (0, 0))[1])
    told = {"example": max(fitting, key=lambda word: words[word])[:40], "zoned": zoned / count}
    return {**how, **told, **({"doubt": "order"} if rivals else {})}


def _reads_all(form: str, words: Sequence[str]) -> bool:
    return all(moment_of(word, written(form)) is not None for word in words)


def _allowed(order: str) -> list[str]:
    barred = {form for name, forms in ORDERS.items() for form in forms if order not in ("auto", name) and form != "ymd"}
    return [form for form in FORMS if form not in barred]


def _zone(words: list[str], form: str) -> int | None:
    """The zone of all words that name one; UTC where they name several; None where none does."""
    matched = (re.fullmatch(FORMS[form], plainly(word), re.IGNORECASE) for word in words)
    zones = Counter(ahead(found["zone"], ZONES) for found in matched if found and "zone" in found.groupdict() and found["zone"])
    return next(iter(zones)) if len(zones) == 1 else 0 if zones else None
