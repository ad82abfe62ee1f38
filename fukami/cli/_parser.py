"""argparse with our words: help in the user's language, mistakes as `UsageError` with the probable spelling.

Verbs declare their arguments on a `Parser`; `common` adds those that every verb has.
"""

import argparse
import io
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from fukami.cli._screen import Screen
from fukami.core import language
from fukami.core.errors import UsageError, nearest, unknown
from fukami.core.given import is_file
from fukami.core.language import _
from fukami.core.recipe import Recipe


class Parser(argparse.ArgumentParser):
    """The arguments of one verb. `usage` holds one entry per way to call it; `examples` close the help."""

    def __init__(self, verb: str, *, summary: str, ways: Sequence[str] = ("",), examples: Sequence[tuple[str, str]] = ()):
        super().__init__(prog=f"fukami {verb}".strip(), add_help=False, allow_abbrev=False, exit_on_error=False)
        self.summary, self.ways, self.examples = summary, ways, examples

    def format_usage(self) -> str:
        """One line per way to call the verb."""
        lines = [" ".join(f"{self.prog} {way} [{_('options')}]".split()) for way in self.ways]
        return "\n".join(lines)

    def format_help(self) -> str:
        screen = Screen(io.StringIO(), columns=Screen(_out()).columns if _out().isatty() else 100, colour=Screen(_out()).colour)
        screen.line(self.summary)
        screen.heading(_("Usage"))
        for line in self.format_usage().splitlines():
            screen.line(line, indent=2)
        actions = [a for a in self._actions if a.help is not argparse.SUPPRESS]
        for title, rows in (
            (_("Arguments"), [(_placeholder(a), a.help or "") for a in actions if not a.option_strings]),
            (_("Options"), [(_flags(a), a.help or "") for a in actions if a.option_strings]),
        ):
            if rows:
                screen.heading(title)
                screen.table((), rows, indent=2)
        if self.examples:
            screen.heading(_("For example"))
            screen.commands([(command, _(does)) for command, does in self.examples])
        stream = screen.stream
        assert isinstance(stream, io.StringIO)
        return stream.getvalue()

    def read(self, words: Sequence[str]) -> argparse.Namespace:
        """The arguments in `words`. Options may stand anywhere, also between the positional arguments."""
        try:
            args, extra = self.parse_known_intermixed_args(list(words))
        except argparse.ArgumentError as error:
            raise self._explained(error) from None
        except UsageError as error:
            if error.code == "F-ARGUMENT-MISSING" and (named := self._file_like_an_option(words)):
                raise self._unexpected(named) from None
            if error.code == "F-TASK-NAME" and (known := next(filter(_is_task, words), "")):
                raise self._other_way(error.got, known, words) from None
            raise
        if extra:
            raise self._unexpected(extra[0])
        self._require_order(args, words)
        return args

    def _require_order(self, args: argparse.Namespace, words: Sequence[str]) -> None:
        """Raises `UsageError` where a run, or a task, stands behind what it is to be asked about or learn from."""
        given, others = getattr(args, "run", None), [getattr(args, "data", None), *(getattr(args, "inputs", None) or ())]
        task, data = getattr(args, "task", None), str(getattr(args, "data", ""))
        if task and not _is_task(task) and _is_task(data):
            raise self._other_way(task, data, words)
        found = next((word for word in others if isinstance(word, str) and _is_run(word)), "")
        if given is not None and found and not _is_run(given):
            raise self._other_way(str(given), found, words)

    def _other_way(self, first: str, second: str, words: Sequence[str]) -> UsageError:
        exchanged = {first: second, second: first}
        return UsageError(
            "F-ARGUMENT-ORDER",
            _("the other way round: {word} comes first").format(word=second),
            expected=self.format_usage(),
            got=" ".join([first, second]),
            fix=shlex.join([*self.prog.split(), *(exchanged.get(word, word) for word in words)]),
        )

    def error(self, message: str) -> NoReturn:
        """argparse calls this for missing positional arguments; what it says ends with their names."""
        raise self._missing(message.rpartition(": ")[2])

    def _file_like_an_option(self, words: Sequence[str]) -> str:
        """The first word that names a file, but was taken for an option that there is not; empty where there is none."""
        options = words[: words.index("--")] if "--" in words else words
        strange = (word for word in options if len(word) > 1 and word[0] == "-" and word not in self._option_string_actions)
        return next(filter(_is_file, strange), "")

    def _missing(self, names: str) -> UsageError:
        return UsageError("F-ARGUMENT-MISSING", _("{names} is missing").format(names=names), expected=self.format_usage())

    def _explained(self, error: argparse.ArgumentError) -> UsageError:
        if not error.argument_name:
            return self._missing(error.message.rpartition(": ")[2])
        name = error.argument_name.split("/")[-1]
        action = next((a for a in self._actions if name in a.option_strings), None)
        if isinstance(error.__context__, argparse.ArgumentTypeError):
            got = getattr(error.__context__, "got", "")
            return UsageError("F-OPTION-VALUE", _("{name} cannot be that").format(name=name), expected=error.message, got=got)
        if action is not None and action.nargs == 0:
            return UsageError("F-OPTION-VALUE", _("{name} takes no value").format(name=name), expected=name)
        if action is not None and not action.choices:
            return UsageError("F-OPTION-VALUE", _("{name} needs a value").format(name=name), expected=_flags(action))
        return UsageError("F-OPTION-VALUE", _("{name} cannot be that").format(name=name), got=error.message)

    def _unexpected(self, word: str) -> UsageError:
        flags = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        name = word.partition("=")[0]
        if not word.startswith("-"):
            what = _("{word} is one argument too many").format(word=word)
            fix = _("did you mean {names}?").format(names=f"--set {word}") if "=" in word and "--set" in flags else ""
            return UsageError("F-ARGUMENT-EXTRA", what, expected=self.format_usage(), got=word, fix=fix)
        close = [f"./{word}"] if _is_file(word) else nearest(name, flags, most=1)
        setting = name.lstrip("-").replace("-", "_")
        if "--set" in flags and setting in ("target", *Recipe("").all_names()):
            close = [f"--set {setting}={word.partition('=')[2] or 'VALUE'}"]
        return UsageError(
            "F-OPTION-NAME",
            _("there is no option {name} here").format(name=name),
            expected=_("one of {names}").format(names=", ".join(flags)),
            got=word,
            fix=_("did you mean {names}?").format(names=", ".join(close)) if close else "",
        )


def _is_task(word: str) -> bool:
    from fukami.core.cards import cards

    return word in cards("tasks")


def _is_run(place: str | Path) -> bool:
    return is_file(Path(place) / "run.json")


def _is_file(word: str) -> bool:
    """Whether a word is the name of something on disk."""
    try:
        return Path(word).exists()
    except (OSError, ValueError):  # too long for a name, or with what no name can hold
        return False


def _out():
    import sys

    return sys.stdout


def _placeholder(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest.upper())
    return f"{name} …" if action.nargs in ("+", "*") else name


def _flags(action: argparse.Action) -> str:
    flags = ", ".join(action.option_strings)
    return flags if action.nargs == 0 else f"{flags} {_placeholder(action)}"


class _Help(argparse.Action):
    def __call__(self, parser, namespace, values, option_string=None):
        raise HelpAsked(parser.format_help())


class HelpAsked(Exception):
    """Raised while parsing when the user asked for help; carries the text."""


def common(parser: Parser) -> None:
    """The options that every verb has."""
    parser.add_argument("--json", action="store_true", help=_("print exactly one JSON object on standard output"))
    parser.add_argument("--lang", metavar="en|ja", type=language_name, help=_("the language of messages, help and reports"))
    parser.add_argument("-h", "--help", action=_Help, nargs=0, help=_("show this help"))


def settings(parser: Parser) -> None:
    """`--set key=value`, as often as needed."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        type=setting,
        metavar="KEY=VALUE",
        dest="settings",
        help=_("change one choice of the recipe, such as target=income or batch_size=64; may be given several times"),
    )


def task(parser: Parser, *, optional: bool = False) -> None:
    """The TASK argument."""
    parser.add_argument(
        "task", metavar="TASK", type=task_name, nargs="?" if optional else None, help=_("a task; `fukami tasks` lists them")
    )


def data(parser: Parser, *, optional: bool = False, without: str = "") -> None:
    """The DATA argument; `without` says what is taken where it is not given."""
    told = _(
        "a folder, a table (CSV, TSV, Excel, JSONL, Parquet), arrays (.npz, IDX) or a public name that `fukami datasets` lists"
    )
    parser.add_argument("data", metavar="DATA", nargs="?" if optional else None, help=f"{told}; {without}" if without else told)


def run(parser: Parser) -> None:
    """The RUN argument."""
    parser.add_argument("run", metavar="RUN", type=Path, help=_("the folder that a training left"))


def language_name(text: str) -> str:
    if text not in language.LANGUAGES:
        names = ", ".join(language.LANGUAGES)
        raise UsageError(
            "F-LANG", _("this language is not there yet"), expected=_("one of {names}").format(names=names), got=text
        )
    return text


def task_name(text: str) -> str:
    """A task's name, checked at once: reading cards costs milliseconds, importing torch to say the same costs seconds."""
    from fukami.core.cards import cards

    known = cards("tasks")
    if text not in known:
        raise unknown(_("task"), text, known, code="F-TASK-NAME")
    return text


def setting(text: str) -> tuple[str, str]:
    """`key=value` → (key, value)."""
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        what = _("--set takes a name and a value joined by an equals sign")
        raise UsageError("F-SET-FORM", what, expected="--set KEY=VALUE", got=text, fix=f"--set {key.strip() or 'KEY'}=VALUE")
    return key.strip(), value.strip()


class NotThat(argparse.ArgumentTypeError):
    """A value that an option cannot have: what it can be, and what was typed."""

    def __init__(self, expected: str, got: str):
        super().__init__(expected)
        self.got = got


def positive(text: str) -> float:
    """A number above zero."""
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value < float("inf"):
        raise NotThat(_("a number above zero"), text)
    return value


def count(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise NotThat(_("a whole number of at least {n}").format(n=1), text)
    return int(text)


def folds(text: str) -> int:
    """A whole number of at least 2."""
    if not text.isdecimal() or int(text) < 2:
        raise NotThat(_("a whole number of at least {n}").format(n=2), text)
    return int(text)


def chosen(args: Any) -> dict[str, str]:
    """The `--set` choices as one mapping; a name given twice with different values is a mistake."""
    out: dict[str, str] = {}
    for key, value in args.settings:
        if out.setdefault(key, value) != value:
            what = _("{key} is set twice").format(key=key)
            raise UsageError("F-SET-TWICE", what, got=f"--set {key}={out[key]} --set {key}={value}")
    return out
