"""Every user-facing sentence passes through here, in English or Japanese.

English sentences are the message identifiers; `locale/ja/LC_MESSAGES/fukami.po` holds the Japanese. The language is
taken from `--lang`, else from `FUKAMI_LANG`, `LC_ALL`, `LC_MESSAGES` or `LANG`. `tools/translations.py` collects the
sentences and compiles the catalogue; a test fails when one lacks its translation.

>>> use("en"); _("done")
'done'
"""

import gettext
import os
from pathlib import Path

LANGUAGES = ("en", "ja")
_LOCALE = Path(__file__).parent.parent / "locale"
_state: dict[str, gettext.NullTranslations | str] = {}


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
    _state["name"] = language
    _state["catalogue"] = (
        gettext.NullTranslations() if language == "en" else gettext.translation("fukami", _LOCALE, [language], fallback=True)
    )


def current() -> str:
    """The language in use."""
    if "name" not in _state:
        use(from_environment())
    return str(_state["name"])


def _(sentence: str) -> str:
    """`sentence` in the user's language. Fill placeholders after, with `.format`, so that catalogues see the pattern."""
    current()
    catalogue = _state["catalogue"]
    assert isinstance(catalogue, gettext.NullTranslations)
    return catalogue.gettext(sentence) if sentence else ""


def N_(sentence: str) -> str:  # noqa: N802 - gettext's own name
    """Marks a sentence for the catalogue where it is declared, to be translated where it is shown."""
    return sentence
