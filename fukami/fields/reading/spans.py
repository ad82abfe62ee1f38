"""How a column writes times of day and spans of time: the form that reads most of its words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fukami.fields.reading.cell_span import span_of
from fukami.fields.reading.forms import best_of
from fukami.fields.reading.plain_cells import plainly

_HALF = r"(?P<half>[ap]\.?m\.?)"
_SECOND = r"(?P<second>[0-5]?[0-9](?:[.,][0-9]+)?)"
_COUNT = r"[0-9]+(?:[.,][0-9]+)?"
_SECONDS = {
    "s sec secs second seconds sek sekunde sekunden seconde secondes 秒 秒間": 1,
    "m min mins minute minutes minuten 分 分間": 60,
    "h hr hrs hour hours std stunde stunden heure heures 時間": 3600,
    "d day days tag tage tagen j jour jours 日 日間": 86_400,
    "w week weeks wk wks woche wochen semaine semaines 週 週間": 604_800,
    "month months monat monate monaten mois か月 ヶ月 ヵ月 カ月": 2_629_746,
    "y yr yrs year years jahr jahre jahren an ans 年 年間": 31_556_952,
}
_UNITS = {name: seconds for names, seconds in _SECONDS.items() for name in names.split()}
_UNIT = "|".join(sorted(_UNITS, key=len, reverse=True))
_STEPS = rf"(?P<steps>(?:{_COUNT} ?(?:{_UNIT})(?![a-z])\.?,? ?(?:(?:and|und|et) )?)+)"
_CLOCK = rf"(?P<hour>[0-9]{{1,4}}):(?P<minute>[0-5][0-9])(?::{_SECOND})?"
FORMS = {
    "clock": rf"(?P<less>-)?{_CLOCK}(?: ?{_HALF}| ?(?:uhr|h))?",
    "clock-half": rf"(?P<hour>[0-9]{{1,2}})(?:[:.](?P<minute>[0-5][0-9])(?::{_SECOND})?)? ?{_HALF}",
    "clock-east": rf"(?P<half>午前|午後)? ?(?P<hour>[0-9]{{1,2}})時(?: ?(?P<minute>[0-5]?[0-9]|半)分?)?(?: ?{_SECOND}秒)?",
    "clock-h": rf"(?P<hour>[0-9]{{1,2}}) ?h ?(?P<minute>[0-5][0-9])(?: ?(?:m|min)?)?(?: ?{_SECOND} ?s?)?",
    "clock-uhr": r"(?P<hour>[0-9]{1,2})(?:[.:](?P<minute>[0-5][0-9]))? ?uhr",
    "steps": rf"(?=.)(?P<less>-)?(?:{_STEPS}(?P<more>\+)?)?(?:{_CLOCK})?",
    "iso": rf"(?P<less>-)?P(?P<steps>(?:{_COUNT}[WD])*(?:T(?:{_COUNT}[HMS])+)?)(?<!P)",
}
"""The ways of writing seconds. `steps` is what pandas writes of a timedelta, too: `0 days 20:24:53`."""


def written(form: str) -> dict[str, Any]:
    """The reading of spans of this form."""
    step = rf"({_COUNT})([WDHMS])" if form == "iso" else rf"({_COUNT}) ?({_UNIT})(?![a-z])"
    return {"form": form, "pattern": FORMS[form], "step": step, "units": _UNITS}


def learned(words: Mapping[str, int]) -> dict[str, Any] | None:
    """The form that reads most of the words (each with its count), None where none reads any.

    Spans of one unit throughout (`90 min`) are numbers with a unit, and no business of this one.

    >>> learned({"14:30": 1, "9:05": 2})["form"], learned({"90 min": 1, "15 min": 1})
    ('clock', None)
    """
    form, fitting = best_of(FORMS, words, lambda word, form: span_of(word, written(form)) is not None)
    if not form or (form == "steps" and not _several(fitting)):
        return None
    return {**written(form), "example": max(fitting, key=lambda word: words[word])[:40]}


def _several(words: Sequence[str]) -> bool:
    """Whether words name more than one unit; a clock behind them counts as one."""
    found: set[float] = set()
    for word in words:
        found |= {_UNITS[unit.lower()] for _n, unit in re.findall(written("steps")["step"], plainly(word), re.IGNORECASE)}
        found |= {0.0} if ":" in word else set()
    return len(found) > 1
