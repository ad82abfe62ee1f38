"""`fukami VERB …`: finds the verb, speaks the language asked for, and turns every outcome into an exit code.

0 done, 1 a gate failed, 2 wrong usage, 130 interrupted; 70 a mistake of ours. A user's mistake never shows a traceback, and
`--json` prints exactly one object whatever happens.
"""

import contextlib
import io
import json
import os
import shlex
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fukami.cli import _verbs
from fukami.cli._parser import HelpAsked, Parser, common, language_name
from fukami.cli._screen import Screen
from fukami.core import arrow, language, rooms, stopping, worker
from fukami.core.errors import FukamiError, UsageError
from fukami.core.language import _
from fukami.core.plain import plain
from fukami.core.shortage import is_shortage, shortage
from fukami.core.unfinished import Interrupted, NothingSaved, command

INTERRUPTED, BUG = 130, 70


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command line and returns its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if argv is None:  # a process of its own, not a call from somebody's program
        arrow.expect_no_frames()
        _open_streams()
    options = words[: words.index("--")] if "--" in words else words
    as_json, results = "--json" in options, sys.stdout

    def in_place(interrupt: KeyboardInterrupt) -> int:
        with contextlib.redirect_stdout(results):
            return _told_interrupt(interrupt, words, as_json)

    try:
        with stopping.watched(in_place if argv is None else None):
            _speak(options)
            code = _dispatch(words, as_json)
            sys.stdout.flush()
            return code
    except HelpAsked as asked:
        sys.stdout.write(str(asked))
        return 0
    except FukamiError as error:
        if _others_say(error):
            return error.exit_code
        return _told(error.as_dict(), str(error), error.exit_code, as_json)
    except KeyboardInterrupt as interrupt:
        code = _told_interrupt(interrupt, words, as_json)
        if argv is None:  # taking apart what a library holds may take seconds
            stopping.leave(code)
        return code
    except BrokenPipeError:
        # The reader (head, less) has what it wanted. Without this the interpreter complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if _others_say(error):
            return 1
        refused = shortage() if is_shortage(error) else _refusal(error)
        return _told(refused.as_dict(), str(refused), 1, as_json) if refused else _bug(error, as_json)
    except Exception as error:
        if _others_say(error):
            return BUG
        if not is_shortage(error):
            return _bug(error, as_json)
        short = shortage()
        return _told(short.as_dict(), str(short), short.exit_code, as_json)


def _open_streams() -> None:
    """Somewhere to write where the shell closed a stream (`>&-`); what a stream cannot encode is written out."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - for as long as the process lives
        elif isinstance(stream := getattr(sys, name), io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _others_say(error: BaseException) -> bool:
    """Whether this is one of several processes, and another says what went wrong."""
    return worker.rank() > 0 and not getattr(error, "is_first", False)


def _speak(options: Sequence[str]) -> None:
    """Takes the language before anything else, so that mistakes in the rest are told in it."""
    for position, word in enumerate(options):
        name, equals, value = word.partition("=")
        if name == "--lang" and (equals or position + 1 < len(options)):
            language.use(language_name(value if equals else options[position + 1]))


def _dispatch(words: list[str], as_json: bool) -> int:
    before, name, rest = _divided(words)
    top = _before_verb(before)
    if top.version:
        from importlib.metadata import version

        print(json.dumps({"version": version("fukami")}) if as_json else version("fukami"))
        return 0
    if name is None:
        if as_json and not top.help:
            raise UsageError("F-VERB-MISSING", _("a verb is missing"), expected=", ".join(_verbs.present()))
        _overview(Screen(sys.stdout))
        return 0
    verb = _verbs.load(name)
    if worker.rank() > 0 and not hasattr(verb, "SHARED"):
        return 0
    parser = Parser(name, summary=_(verb.SUMMARY), ways=verb.USAGE, examples=verb.EXAMPLES)
    verb.arguments(parser)
    common(parser)
    args = parser.read(["--help", *rest] if top.help else rest)
    # Whatever a library prints belongs to the log: standard output carries the result alone.
    with contextlib.redirect_stdout(sys.stderr):
        result = verb.call(args)
    if worker.rank() > 0:  # one of several processes, of which the first speaks
        return 0
    if as_json:
        print(json.dumps(plain(result), ensure_ascii=False))
    else:
        verb.show(result, Screen(sys.stdout))
    return verb.code(result) if hasattr(verb, "code") else 0


def _divided(words: list[str]) -> tuple[list[str], str | None, list[str]]:
    """Options before the verb, the verb, and the rest."""
    position = 0
    while position < len(words) and words[position].startswith("-"):
        position += 2 if words[position] == "--lang" else 1
    return words[:position], words[position] if position < len(words) else None, words[position + 1 :]


def _before_verb(options: list[str]) -> Any:
    """The few options that may stand before the verb."""
    parser = Parser("", summary="")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--lang", type=language_name)
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--version", action="store_true")
    return parser.read(options)


def _overview(screen: Screen) -> None:
    """`fukami --help`."""
    screen.line(_("Fukami takes your own data to a deep-learning model, with a proof for every result."))
    screen.heading(_("Usage"))
    screen.line(f"fukami {_('VERB')} …", indent=2)
    screen.heading(_("Verbs"))
    screen.table((), [(name, _(_verbs.load(name).SUMMARY)) for name in _verbs.present()], indent=2)
    later = _verbs.later()
    if later:
        screen.heading(_("Not there yet"))
        screen.table((), [(name, _(does)) for name, does in later.items()], indent=2)
    screen.heading(_("Start here"))
    screen.commands(
        [
            ("fukami quickstart", _("a model for handwritten digits in a minute")),
            (f"fukami {_('VERB')} --help", _("what a verb takes, with examples")),
            ("fukami --lang ja …", _("the same in Japanese")),
        ]
    )


def _told_interrupt(interrupt: KeyboardInterrupt, words: Sequence[str], as_json: bool) -> int:
    if not _others_say(interrupt):
        told = _interruption(interrupt, words)
        _told(told.as_dict(), str(told), INTERRUPTED, as_json)
    return INTERRUPTED


def _interruption(interrupt: KeyboardInterrupt, words: Sequence[str]) -> FukamiError:
    """What is left of an interrupted command, and the command that goes on from there."""
    if isinstance(interrupt, NothingSaved):
        what = _("interrupted; nothing was saved yet")
        return FukamiError("F-INTERRUPTED", what, fix=shlex.join(["fukami", *words]))
    if not isinstance(interrupt, Interrupted):
        return FukamiError("F-INTERRUPTED", _("interrupted"))
    what = (
        _("interrupted; what had been saved before is safe and waits to be resumed")
        if interrupt.earlier
        else _(
            "interrupted before the first snapshot: nothing that was learned is saved, and --resume begins with the first step"
        )
        if interrupt.begins
        else _("interrupted; the training is saved and waits to be resumed")
    )
    place, going_on = str(interrupt.place), _going_on(interrupt.out, words)
    return FukamiError("F-INTERRUPTED", what, where=place, got=interrupt.reached, fix=going_on)


def _going_on(out: Path, words: Sequence[str]) -> str:
    """The command that goes on with the training of `out`: what was typed, with --resume, where that was a training."""
    if _divided(list(words))[1] != "train":
        return command(out)
    named = any(word == "--out" or word.startswith("--out=") for word in words)
    more = [*(() if named else ("--out", str(out))), *(() if "--resume" in words else ("--resume",))]
    return shlex.join(["fukami", *words, *more])


def _told(error: dict[str, Any], text: str, code: int, as_json: bool) -> int:
    """Prints one failure for people, and with --json for programs."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(text + "\n")
        if as_json:
            print(json.dumps({"error": error}, ensure_ascii=False), flush=True)
    return code


def _refusal(error: OSError) -> FukamiError | None:
    """What the machine refused, as a message; None where the error is likelier to be ours."""
    import errno

    place = str(error.filename or "")
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        fix = _("free some space, or choose another folder with --out")
        return FukamiError(
            "F-FILE-SPACE", _("there is no space left to write to"), where=place, got=error.strerror or "", fix=fix
        )
    if isinstance(error, PermissionError) or error.errno in (errno.EROFS, errno.ENOTDIR, errno.ENAMETOOLONG):
        fix = _("change its permissions, or choose another folder with --out")
        return FukamiError(
            "F-FILE-PERMISSION", _("the system does not permit this"), where=place, got=error.strerror or "", fix=fix
        )
    return None


def _bug(error: BaseException, as_json: bool) -> int:
    ours = bug(error)
    return _told(ours.as_dict(), str(ours), ours.exit_code, as_json)


def bug(error: BaseException) -> FukamiError:
    """A mistake of ours, or of a plugin: one message, and the traceback in a file that its reader can send."""
    path = Path(tempfile.gettempdir()) / f"fukami-bug-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    told = "".join(traceback.format_exception(error))
    try:
        path.write_text(f"{sys.argv}\nPython {sys.version}\n\n{told}", "utf-8")
        place = str(path)
    except OSError:
        place, error = "", RuntimeError(told)  # nowhere to write: better on the screen than lost
    if at := rooms.blamed(error):
        return rooms.broken(at, f"{type(error).__name__}: {error}" + (f" ({place})" if place else ""))
    ours = FukamiError(
        "F-BUG",
        _("this is a mistake in Fukami, not in what you typed"),
        where=place,
        got=f"{type(error).__name__}: {error}",
        fix=_("please send us the file named above"),
    )
    ours.exit_code = BUG
    return ours


if __name__ == "__main__":
    sys.exit(main())
