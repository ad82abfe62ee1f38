"""How a column writes its numbers: decimal and group marks, signs, unit, multiples. Decided from its words, kept as plain data.

A mark before exactly three digits (`1.250`) may divide thousands or begin decimals. Other cells of the column decide, then the
file (`told`), and where neither does, the reading has a `doubt`, which is told. What divides thousands in one cell never begins
decimals in another.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fukami.fields.reading.cell_number import number_of
from fukami.fields.reading.plain_cells import plainly

SELDOM = 0.1
"""A unit, or its absence, in a smaller share of the numbers is an odd cell rather than a way of writing."""
_EAST = {"千": 1e3, "万": 1e4, "百万": 1e6, "億": 1e8, "十億": 1e9, "兆": 1e12}
_WEST = {
    **dict.fromkeys(("k", "tsd", "thousand", "tausend", "mille"), 1e3),
    **dict.fromkeys(("m", "mn", "mio", "mill", "million", "millions", "millionen"), 1e6),
    **dict.fromkeys(("b", "bn", "mrd", "billion", "billions", "milliard", "milliards", "milliarde", "milliarden"), 1e9),
    **dict.fromkeys(("tn", "trillion", "trillions"), 1e12),
}
_METRES = ("m", "b")
"""Units as well as multiples: multiples only as capitals, with money, or where the column has `k` too."""
_MONEY = "$€£¥₩₹₽₫฿₺₴₪"
_CODES = (
    *("usd", "eur", "gbp", "jpy", "cny", "chf", "cad", "aud", "nzd", "hkd", "sgd", "krw", "inr", "brl", "mxn", "sek", "nok"),
    *("dkk", "pln", "czk", "huf", "try", "zar", "rub", "thb", "idr", "php", "myr", "vnd", "twd", "rmb", "rs", "rs.", "kr"),
    *("us$", "a$", "c$", "nz$", "hk$", "nt$", "r$", "cn¥", "jp¥", "fr", "sfr."),
)
_WHOLE = ("¥", "円", "yen", "jpy", "₩", "krw", "₫", "vnd", "元")
"""Money without a smaller coin, or hardly ever with one: three digits behind a mark are thousands."""
PERCENT = ("%", "‰", "percent", "prozent", "pct", "pourcent", "パーセント")
_LONGEST = 60
_ABOUT = r"(?:[<>≤≥~≈]=? ?|約 ?|ca\. ?)"
_EXPONENT = r"(?:e[+-]?[0-9]+)"
_LOOSE = re.compile(
    rf"(?P<about>{_ABOUT})?(?P<open>\()?(?P<less>[+\-△▲] ?)?"
    r"(?:(?P<before>[^\d\s.,+\-()<>≤≥~≈△▲'][^\d()<>]{0,11}?) ?-? ?)?"
    r"(?P<body>(?:[0-9][0-9., ]*? ?(?:百万|十億|兆|億|万|千))+(?:[0-9][0-9,]*)?"
    rf"|[0-9](?:[0-9., ']*[0-9])?\.?{_EXPONENT}?|[.,][0-9]+{_EXPONENT}?)"
    r" ?(?P<after>[^\d\s.,'()+\-](?:[^\d()]{0,18}?[^\d\s()\-][23]?)?)?(?P<trail>-)?(?P<close>\))?",
    re.IGNORECASE,
)
_BIG = re.compile(rf"({'|'.join(sorted(_WEST, key=len, reverse=True))})\.?(?: (?P<after>.+)|(?P<money>[{_MONEY}].*)|)", re.I)
_STEP = re.compile(r"([0-9][0-9., ]*?) ?(百万|十億|兆|億|万|千|$)")


class Written(NamedTuple):
    """A word, taken apart: digits with their marks, the sign's form, the unit before and behind, words of multiples."""

    digits: tuple[str, ...]
    signs: frozenset[str]
    unit: tuple[str, str]
    multiples: tuple[str, ...]


def taken_apart(word: str, *, any_word: bool = False) -> Written | None:
    """A word as a number with its unit; None where it is none. `any_word`: whatever letters stand before it.

    >>> taken_apart("USD 6,493"), taken_apart("3.2万円").multiples, taken_apart("S12")
    (Written(digits=('6,493',), signs=frozenset(), unit=('usd', ''), multiples=()), ('万',), None)
    """
    found = _LOOSE.fullmatch(plainly(word)) if len(word) <= _LONGEST else None
    if not found or bool(found["open"]) != bool(found["close"]):
        return None
    before, after = (found["before"] or "").strip().lower(), (found["after"] or "").strip()
    if before and not (any_word or before in _CODES or before in _MONEY):
        return None
    signs = {name for name in ("about", "open", "trail") if found[name]}
    signs |= {(found["less"] or "").strip()} & {"△", "▲"}
    body, multiples = found["body"], ()
    if set(body) & set("兆億万千"):
        steps = _STEP.findall(body)
        digits, multiples = tuple(part for part, _word in steps), tuple(word for _part, word in steps if word)
    else:
        digits = (body,)
        big = _BIG.fullmatch(after)
        if big and (big[1] not in _METRES or before or big["money"]):
            multiples, after = (big[1].lower(),), (big["after"] or big["money"] or "").strip()
    return Written(digits, frozenset(signs), (before, after.lower()), multiples)


def learned(words: Mapping[str, int], *, told: str = "", decimal: str = "auto", forced: bool = False) -> dict[str, Any] | None:
    """How the words of a column (each with its count) write numbers; None where none of them is one.

    `told` is the decimal mark of the rest of the file, where it has one; `decimal` what the user says, who may also have
    `forced` the kind: then any word may stand before a number, and zeros in front of one.

    >>> how = learned({"1.234,5 kg": 1, "17,25 kg": 1})
    >>> how["decimal"], [number_of(text, how) for text in ("1.234,5 kg", "2 kg", "3 g")]
    (',', [1234.5, 2.0, None])
    """
    parts = {word: part for word in words if (part := taken_apart(word, any_word=forced)) is not None}
    if not parts:
        return None
    if any("k" in part.multiples for part in parts.values()):  # beside 1.5k, 2m are millions
        parts = {word: _as_multiple(part) for word, part in parts.items()}
    unit = _unit(words, parts)
    kept = {word: part for word, part in parts.items() if part.unit in (unit, ("", ""))}
    multiples = {word for part in kept.values() for word in part.multiples}
    naked = [word for word, part in kept.items() if part.unit == ("", "") and not part.multiples]
    seldom = sum(words[word] for word in naked) < SELDOM * sum(words[word] for word in kept)
    percent = unit[1] in PERCENT
    digits: Counter[str] = Counter()
    for word, part in kept.items():
        digits.update(dict.fromkeys(part.digits, words[word]))
    mark, grouped, doubt = _marks(digits, told=told, decimal=decimal, money=bool(set(unit) & {*_CODES, *_MONEY, *_WHOLE}))
    doubt &= not set(unit) & set(_WHOLE)
    how = written(
        decimal=mark,
        grouped=grouped,
        before=[unit[0]] if unit[0] else [],
        after=[unit[1]] if unit[1] else [],
        factors=_family(multiples),
        signs=frozenset().union(*(part.signs for part in kept.values())),
        bare=(0 if percent or multiples else 1) if seldom else _bare(naked, mark) if percent else 1,
        zeros=forced or unit != ("", ""),
    )
    example = max((word for word in kept if number_of(word, how) is not None), key=lambda w: words[w], default="")
    return {**how, "unit": "".join(unit), "example": example[:40], **({"doubt": "mark"} if doubt else {})}


def _unit(words: Mapping[str, int], parts: Mapping[str, Written]) -> tuple[str, str]:
    """The commonest unit, where it is not an odd cell."""
    counted: Counter[tuple[str, str]] = Counter()
    for word, part in parts.items():
        counted[part.unit] += words[word]
    total = sum(counted.values())
    counted.pop(("", ""), None)
    unit, count = counted.most_common(1)[0] if counted else (("", ""), 0)
    return unit if count >= SELDOM * total else ("", "")


def _bare(naked: list[str], mark: str) -> int:
    """What a number without its percent sign is worth: hundredths (0.9 for 90 %) where all of them are fractions."""
    values = [number_of(word, written(decimal=mark)) for word in naked]
    return 100 if all(value is not None and abs(value) <= 1 for value in values) else 1


def _as_multiple(part: Written) -> Written:
    before, after = part.unit
    return part._replace(unit=(before, ""), multiples=(after,)) if after in _METRES else part


def _family(multiples: set[str]) -> dict[str, float]:
    """The multiples that a column may use: those of its language, where it uses any."""
    east = _EAST if multiples & set(_EAST) else {}
    west = {
        word: worth
        for word, worth in _WEST.items()
        if word in multiples or (word in ("k", "m", "b", "bn") and "k" in multiples)
    }
    return {**east, **west}


def _marks(digits: Mapping[str, int], *, told: str, decimal: str, money: bool) -> tuple[str, bool, bool]:
    """The decimal mark, whether the other one divides thousands in the column, and whether that is in doubt."""
    sure, groups, either, whole = Counter(), Counter(), Counter(), False
    for text, count in digits.items():
        kind, mark = _evidence(text)
        {"decimal": sure, "group": groups, "either": either}.get(kind, Counter())[mark] += count
        whole |= kind == "whole"
    votes = {".": sure["."] + groups[","], ",": sure[","] + groups["."]}
    doubt = False
    if decimal in (".", ","):
        mark = decimal
    elif votes["."] != votes[","]:
        mark = max(votes, key=lambda m: votes[m])
    elif either and told:
        mark = told
    elif either:  # three decimals are no money; and beside `850`, `1.250` would rather be written without its zero
        doubt, mark = True, "." if either[","] >= either["."] or not (whole or money) else ","
    else:
        mark = told or "."
    other = "," if mark == "." else "."
    return mark, bool(either[other] or groups[other]), doubt


def _evidence(text: str) -> tuple[str, str]:
    """What one number says of its marks: (decimal | group | either | whole, the mark).

    >>> [_evidence(text) for text in ("1,5", "1.250", "0.125", "1.234.567", "1.234,5", "850")]
    [('decimal', ','), ('either', '.'), ('decimal', '.'), ('group', '.'), ('decimal', ','), ('whole', '')]
    """
    text = re.sub(_EXPONENT, "", text.strip(), flags=re.IGNORECASE)
    closed = re.sub("[ ']", "", text)
    marks = [mark for mark in closed if mark in ".,"]
    if not marks:
        return "whole", ""
    if len(set(marks)) == 2:
        return ("decimal", marks[-1]) if marks.count(marks[-1]) == 1 else ("", "")
    if len(marks) > 1:
        return "group", marks[0]
    before, after = re.split("[.,]", closed)
    if len(after) == 3 and 1 <= len(before) <= 3 and before[0] != "0" and closed == text:
        return "either", marks[0]
    return "decimal", marks[0]


def written(
    *,
    decimal: str = ".",
    grouped: bool = False,
    before: Sequence[str] = (),
    after: Sequence[str] = (),
    factors: Mapping[str, float] | None = None,
    signs: frozenset[str] = frozenset(),
    bare: int = 1,
    zeros: bool = False,
) -> dict[str, Any]:
    """The reading of numbers that are written so. `signs` are conventions than `-`: △, ▲, open (a bracket), trail, about."""
    number, factors = _number(decimal, grouped, zeros), dict(factors or {})
    names = _either(sorted(factors, key=len, reverse=True))
    if set(factors) & set(_EAST):
        body = rf"(?:{number} ?(?:{names}))+(?:[0-9][0-9,]*)?|{number}"
    else:
        body = rf"{number}(?: ?(?:{names})\b\.?)?" if factors else number
    less = "".join(sign for sign in "△▲" if sign in signs)
    front = [rf"{_ABOUT}?" if "about" in signs else "", r"(?P<open>\()?" if "open" in signs else ""]
    front += [rf"(?:(?:\+|(?P<less>[-{less}])) ?)?"]
    front += [rf"(?:(?P<before>{_either(before)}) ?(?P<minus>-)? ?)?"] if before else []
    end = [rf"(?: ?(?P<after>{_either(after)}))?"] if after else []
    end += [r"(?P<trail>-)?" if "trail" in signs else "", r"(?(open)\))" if "open" in signs else ""]
    unless = "" if bare else rf"(?!(?:[-+{less}] ?)?{number}$)"
    pattern = f"{unless}{''.join(front)}(?P<body>{body}|inf(?:inity)?){''.join(end)}"
    step = (
        rf"([0-9][0-9., ']*?{_EXPONENT}?|[.,][0-9]+{_EXPONENT}?) ?({names}|$)"
        if factors
        else rf"([0-9.,][0-9., ']*{_EXPONENT}?)()"
    )
    return {"form": "number", "pattern": pattern, "decimal": decimal, "step": step, "factors": factors, "bare": bare}


def of_old(decimal: str) -> dict[str, Any]:
    """How runs were read that hold a decimal mark alone."""
    return written(decimal=decimal, grouped=True, before=tuple("$€£¥"), after=("%", "€", "円"), zeros=True)


def _either(texts: Sequence[str]) -> str:
    return "|".join(map(re.escape, texts))


def _number(decimal: str, grouped: bool, zeros: bool) -> str:
    """What is a number with `decimal` before its decimals; `grouped`: three digits behind the other mark are thousands."""
    mark, other = (re.escape(m) for m in (decimal, "," if decimal == "." else "."))
    ways = [
        rf"[0-9]{{1,3}}(?:[ '][0-9]{{3}})+(?:{mark}[0-9]*)?",
        rf"[0-9]{{1,3}}(?:{other}[0-9]{{3}}){{2,}}(?:{mark}[0-9]*)?",
        rf"[0-9]{{1,3}}(?:{other}[0-9]{{3}})+{'(?:' if grouped else ''}{mark}[0-9]{'*)?' if grouped else '+'}",
        rf"[0-9]*{mark}[0-9]+{_EXPONENT}?",
        rf"[0-9]+{mark}",
        rf"[0-9]+(?:\.[0-9]*)?{_EXPONENT}",
        "[0-9]+" if zeros else "(?:0|[1-9][0-9]*)",
    ]
    if decimal == ",":  # as programs write them, where the point cannot divide thousands
        ways.append(r"0?\.[0-9]+|[0-9]+\.(?:[0-9]{1,2}|[0-9]{4,})|[0-9]{4,}\.[0-9]+")
    else:
        ways.append(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]*)?")
    return f"(?:{'|'.join(ways)})"
