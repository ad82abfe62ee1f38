"""Every user-facing sentence passes through here, in English or Japanese.

English sentences are the message identifiers; the catalogues in `locale/ja` hold the Japanese. The language is taken from
`--lang`, else from `FUKAMI_LANG`, `LC_ALL`, `LC_MESSAGES` or `LANG`. `tools/translations.py` collects the sentences; a test
fails when one lacks its translation.

What is shown now is a string. What is written into a run is read later, maybe in the other language: `stored` keeps the
identifier and the values instead, and `told` makes the string again.

>>> use("en"); _("done")
'done'
>>> stored({"what": _("{n} copies").format(n=3), "where": "a.csv"})
{'what': {'sentence': '{n} copies', 'values': {'n': 3}}, 'where': 'a.csv'}
>>> told(stored([_("{n} copies").format(n=3)]))
['3 copies']
"""

import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from fukami.core.catalogues import read

LANGUAGES = ("en", "ja")
_LOCALE = Path(__file__).parent.parent / "locale"
_spoken = ""
_told: dict[str, str] = {}
_brought: dict[str, str] | None = None
"""The language in use, and what sentences are in it: those of the package, and those of plugins once they were read."""


def from_environment() -> str:
    """The language the environment asks for; English where it asks for none that we have."""
    for variable in ("FUKAMI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(variable, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def use(language: str) -> None:
    """Speaks `language` ("en" or "ja") from here on."""
    if language not in LANGUAGES:
        raise ValueError(f"language is one of {LANGUAGES}, not {language!r}")
    global _spoken, _told, _brought
    _spoken, _told, _brought = language, catalogue(language), None


def _by_plugins(sentence: str) -> str:
    """What plugins say: `locale/ja/*.po` in their folders, read when a sentence is said that the package does not know."""
    global _brought
    if _spoken == "en":
        return sentence
    if _brought is None:
        from fukami.core import rooms

        _brought = {}  # what goes wrong with plugins is a sentence too
        for path in [path for folder in rooms.plugins() for path in sorted(folder.glob(f"locale/{_spoken}/**/*.po"))]:
            with suppress(ValueError):  # no catalogue: its plugin speaks English
                _brought |= read([path])
    return _brought.get(sentence, sentence)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Sentence → translation, of what the package itself says."""
    found = (Path(folder, name) for folder, _folders, names in os.walk(_LOCALE / language) for name in names)
    return read(sorted((path for path in found if path.suffix == ".po"), reverse=True))


def current() -> str:
    """The language in use."""
    if not _spoken:
        use(from_environment())
    return _spoken


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Speaks `language` inside."""
    before = current()
    use(language)
    try:
        yield
    finally:
        use(before)


class Sentence(str):
    """A string in the user's language that knows the message it was made from, and the values that `format` filled in."""

    __slots__ = ("message", "values")

    def __new__(cls, text: str, message: str = "", values: dict[str, Any] | None = None) -> "Sentence":
        made = super().__new__(cls, text)
        made.message, made.values = message, values
        return made

    def __getnewargs__(self) -> tuple[Any, ...]:  # copies and other processes get the whole
        return str(self), self.message, self.values

    def format(self, *args: Any, **values: Any) -> str:  # type: ignore[override]
        text = super().format(*args, **values)
        return text if args or self.values is not None else Sentence(text, self.message, values)


def _(sentence: str) -> str:
    """`sentence` in the user's language. Fill placeholders after, with `.format`, so that catalogues see the pattern."""
    if isinstance(sentence, Sentence) or not sentence:
        return sentence
    current()
    return Sentence(_told.get(sentence) or _by_plugins(sentence), sentence)


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a sentence for the catalogue where it is declared, to be translated where it is shown."""
    return sentence


def _n(one: str, many: str, n: int, /, **more: Any) -> str:
    """`one` where `n` is 1, else `many`, in the user's language, with `{n}` and `more` filled in. Japanese says both alike.

    `n` among `more` is how the number is written.

    >>> use("en"); _n("{n} error", "{n} errors", 1), _n("{n} error", "{n} errors", 1000, n="1,000")
    ('1 error', '1,000 errors')
    """
    return _(one if n == 1 else many).format(**{"n": n, **more})


def listed(parts: Iterable[str]) -> str:
    """Parts one after another, set apart as the language does. (`joined` keeps what is to be told in another one later.)

    >>> listed(["a", "b"])
    'a, b'
    """
    return ("、" if current() == "ja" else ", ").join(parts)


def joined(separator: str, parts: Sequence[str]) -> str:
    """`separator.join(parts)` that can still be told in another language."""
    names = [f"part{number}" for number in range(len(parts))]
    pattern = separator.join(f"{{{name}}}" for name in names)
    return Sentence(separator.join(parts), pattern, dict(zip(names, parts, strict=True)))


def stored(value: Any) -> Any:
    """`value` of dicts, lists and plain values, each sentence in it as `{"sentence": message, "values": {…}}`."""
    if isinstance(value, Sentence):
        values = {name: _plain(part) for name, part in (value.values or {}).items()}
        if any(isinstance(part, float) and not math.isfinite(part) for part in values.values()):
            return str(value)  # JSON has no such numbers
        return {"sentence": value.message, **({} if value.values is None else {"values": values})}
    if isinstance(value, dict):
        return {key: stored(part) for key, part in value.items()}
    return [stored(part) for part in value] if isinstance(value, (list, tuple)) else value


def _plain(value: Any) -> Any:
    """One value of a sentence as JSON can hold it."""
    if isinstance(value, Sentence) or value is None or isinstance(value, (str, int, float)):
        return stored(value)
    return value.item() if hasattr(value, "item") else str(value)


_PATTERN = re.compile(r"(?:[^{}]|\{\{|\}\}|\{\w+(?::[,.\w%]{1,4})?\})*")
"""What may stand in a stored message: names and short formats. Anything else is not ours, and is not filled."""


def told(value: Any) -> Any:
    """What `stored` kept, in the user's language."""
    if isinstance(value, list):
        return [told(part) for part in value]
    if not isinstance(value, dict):
        return value
    message, values = value.get("sentence"), value.get("values")
    if not isinstance(message, str) or not value.keys() <= {"sentence", "values"}:
        return {key: told(part) for key, part in value.items()}
    if not isinstance(values, dict):
        return _(message)
    filled = {str(name): told(part) for name, part in values.items()}
    try:
        return _(message).format(**filled) if _PATTERN.fullmatch(message) else message
    except (KeyError, ValueError):  # a run that somebody edited: better a pattern than no report
        return message
