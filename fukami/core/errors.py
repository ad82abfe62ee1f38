"""Mistakes that a user can mend: one message with where, expected, got and fix, and a stable code.

>>> error = UsageError("F-MODEL-NAME", "no model is called resnet81", got="resnet81", fix="choose resnet18\\nor resnet50")
>>> print(error)
F-MODEL-NAME  no model is called resnet81
  got       resnet81
  fix       choose resnet18
            or resnet50
"""

import difflib
import re
import shlex
import unicodedata
from collections.abc import Iterable

from fukami.core.language import _


class FukamiError(Exception):
    """A mistake in what was given, told so that it can be mended. Never shown with a traceback by the command line.

    `code` is stable and searchable; `what` is one sentence; `where` names file, row and column; `expected`, `got` and `fix`
    complete it. Sentences arrive translated. `exit_code` is what the command line returns.
    """

    exit_code = 1

    def __init__(self, code: str, what: str, *, where: str = "", expected: str = "", got: str = "", fix: str = ""):
        self.code, self.what, self.where = code, what, where
        self.expected, self.got, self.fix = expected, got, fix
        super().__init__(str(self))

    def __str__(self) -> str:
        where = on_one_line(self.where)
        parts = ((_("where"), where), (_("expected"), self.expected), (_("got"), self.got), (_("fix"), self.fix))
        return "\n".join([f"{self.code}  {self.what}", *(_part(name, text) for name, text in parts if text)])

    def __reduce__(self):
        return _rebuild, (type(self), self.code, self.what, self.as_dict())

    def as_dict(self) -> dict[str, str]:
        """The same as a JSON object, with empty parts left out."""
        names = ("code", "what", "where", "expected", "got", "fix")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


def _part(name: str, text: str) -> str:
    """A part below its name; further lines stand below the first one, wherever it begins in letters of this width."""
    start = f"  {name:<9} "
    column = sum(2 if unicodedata.east_asian_width(letter) in "FW" else 1 for letter in start)
    return start + text.replace("\n", "\n" + " " * column)


def _rebuild(kind, code, what, parts):
    return kind(code, what, **{k: v for k, v in parts.items() if k not in ("code", "what")})


class UsageError(FukamiError):
    """Something typed cannot be understood: an unknown name, option or value. Exit code 2."""

    exit_code = 2


class DataError(FukamiError):
    """The data cannot be used as it is. Exit code 1."""


class GateError(FukamiError):
    """A proof failed, so nothing was written. Exit code 1."""


class RunError(FukamiError):
    """A run folder is missing, incomplete or altered. Exit code 1."""


def on_one_line(text: str) -> str:
    """`text` with what would break a line or command a terminal written out: names of files may hold anything.

    >>> on_one_line("new\\nline.png"), on_one_line("猫.png")
    ('new\\\\nline.png', '猫.png')
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\u3000" else c.encode("unicode_escape").decode() for c in text)


def quoted(name: str) -> str:
    """`name` as a command that is to be pasted needs it: in quotation marks where a shell would take it apart.

    >>> quoted("最終来店日"), quoted("Unnamed: 0")
    ('最終来店日', "'Unnamed: 0'")
    """
    return name if re.fullmatch(r"[\w@%+=:,./-]+", name) else shlex.quote(name)


def nearest(name: str, known: Iterable[str], *, most: int = 3) -> list[str]:
    """The known names that `name` was probably meant to be, likeliest first.

    >>> nearest("resnt18", ["resnet18", "vit", "resnet50"])
    ['resnet18', 'resnet50']
    """
    return difflib.get_close_matches(name.lower(), list(known), n=most, cutoff=0.5)


def unknown(kind: str, name: str, known: Iterable[str], *, code: str) -> UsageError:
    """The error for a name that is not in a closed list, with the probable spelling first. `kind` arrives translated."""
    known = sorted(set(known))
    close = nearest(name, known)
    fix = _("did you mean {names}?").format(names=", ".join(close)) if close else ""
    shown = ", ".join(known[:40]) + (" …" if len(known) > 40 else "")
    return UsageError(
        code,
        _("there is no {kind} called {name}").format(kind=kind, name=name),
        expected=_("one of {names}").format(names=shown),
        got=name,
        fix=fix,
    )
