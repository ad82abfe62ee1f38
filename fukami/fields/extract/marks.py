"""How answers that stand in a text are written down, and where they stand in it.

Read as people have them: the answer itself; a list of answers; `{"text": …, "answer_start": …}` with one value each or with
lists of them, or a list of such (SQuAD, Hugging Face); `{"start": …, "end": …}`; any of these as JSON. An empty list says that
the text does not answer the question.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from fukami.core.tables import Column

_TEXTS, _STARTS = ("text", "answer", "answers"), ("answer_start", "start", "answer_starts")


class Told(NamedTuple):
    """One right answer: what it says and where it begins and ends, as far as that is told."""

    text: str | None
    start: int | None
    end: int | None = None


class Placed(NamedTuple):
    """Where right answers stand: first character and the one after the last. `moved`: those that stood a little elsewhere;
    `missing`: what does not stand in the text; `several`: what stands in it more than once, of which the first was taken."""

    spans: list[tuple[int, int]]
    moved: list[Told]
    missing: list[Told]
    several: list[Told]


def told(column: Column) -> list[list[Told] | str | None]:
    """Of each cell the right answers; None where nothing is said; a sentence fragment where it cannot be read."""
    return [read(value) for value in column.values.tolist()]


def read(value: Any) -> list[Told] | str | None:
    """One cell.

    >>> read("a cat"), read({"text": ["a cat"], "answer_start": [3]}), read("[]"), read('{"start": 3, "end": 5}')
    ([Told(text='a cat', start=None, end=None)], [Told(text='a cat', start=3, end=None)], [], [Told(text=None, start=3, end=5)])
    """
    if isinstance(value, str):
        value = _json(value.strip())
    if value is None or value == "" or (isinstance(value, float) and value != value):
        return None
    if isinstance(value, int | float):
        value = str(value)
    try:
        return list(_answers(value))
    except (TypeError, ValueError, KeyError) as error:
        return str(error)[:80] or type(error).__name__


def _json(text: str) -> Any:
    if text[:1] not in ("[", "{"):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text  # an answer may begin with a bracket
    shaped = isinstance(value, dict) or all(isinstance(one, dict | str) for one in value)
    return value if shaped else text


def _answers(value: Any) -> Iterable[Told]:
    if isinstance(value, str):
        yield Told(value, None)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _answers(one)
    elif isinstance(value, dict):
        texts, starts = _first(value, _TEXTS), _first(value, _STARTS)
        if texts is None and starts is None:
            raise ValueError(", ".join(map(str, value)) or "{}")
        if isinstance(texts, list):
            starts = starts if isinstance(starts, list) else [None] * len(texts)
            yield from (_told(text, start, None) for text, start in zip(texts, starts, strict=True))
        else:
            yield _told(texts, starts, value.get("end"))
    else:
        raise TypeError(str(value))


def _told(text: Any, start: Any, end: Any) -> Told:
    if text is None and (start is None or end is None):
        raise ValueError(f"{text}, {start}, {end}")
    numbers = [None if number is None or number == "" else int(number) for number in (start, end)]
    return Told(None if text is None else str(text), *numbers)


def _first(value: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((value[name] for name in names if name in value), None)


def placed(answers: Iterable[Told], text: str) -> Placed:
    """Where `answers` stand in `text`: where they are said to, or else where the same words stand nearest to that.

    >>> placed([Told("cat", 3), Told("dog", 0), Told("a", None)], "a cat sat")
    Placed(spans=[(2, 5), (0, 1)], moved=[Told(text='cat', start=3, end=None)], missing=[Told(text='dog', start=0, end=None)], \
several=[Told(text='a', start=None, end=None)])
    """
    found = Placed([], [], [], [])
    for one in answers:
        if one.text is None:
            fits = one.start is not None and one.end is not None and 0 <= one.start < one.end <= len(text)
            (found.spans.append((one.start or 0, one.end or 0)) if fits else found.missing.append(one))
            continue
        said = one.text.strip()
        start = None if one.start is None else one.start + len(one.text) - len(one.text.lstrip())
        if said and start is not None and start >= 0 and text.startswith(said, start):
            found.spans.append((start, start + len(said)))
            continue
        places = _places(said, text)
        if not places:
            found.missing.append(one)
            continue
        at = min(places, key=lambda place, told=start or 0: abs(place - told))
        found.spans.append((at, at + len(said)))
        if start is not None:
            found.moved.append(one)
        elif len(places) > 1:
            found.several.append(one)
    return found


def _places(said: str, text: str) -> list[int]:
    """Where the words stand in the text."""
    places, at = [], text.find(said) if said else -1
    while at >= 0:
        places.append(at)
        at = text.find(said, at + 1)
    return places
