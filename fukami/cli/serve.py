"""`fukami serve RUN…`: runs behind HTTP, with a page to try them."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import NotThat, Parser
from fukami.cli._screen import Screen
from fukami.core.language import N_, _, _n

SUMMARY = N_("an HTTP API and a page made for the task")
USAGE = ("RUN…",)
EXAMPLES = (
    ("fukami serve runs/cats", N_("a page and an API at http://127.0.0.1:8000")),
    ("fukami serve runs/cats runs/reviews --port 9000", N_("several runs behind one server")),
    ("fukami serve runs/cats-onnx", N_("what was exported, without torch")),
    ("fukami serve runs/cats --host 0.0.0.0 --key SECRET", N_("for other machines, who have to know the key")),
)


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "runs", metavar="RUN", nargs="+", type=Path, help=_("the folder that a training left, or `fukami export --to onnx`")
    )
    parser.add_argument(
        "--host", default="127.0.0.1", metavar="ADDRESS", help=_("where to listen; this machine alone unless given")
    )
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help=_("8000 unless given; 0 takes one that is free"))
    parser.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="KEY",
        help=_("a key that requests have to bring; may be given several times, or in the environment (FUKAMI_SERVE_KEYS)"),
    )
    parser.add_argument(
        "--log",
        type=Path,
        metavar="FILE",
        help=_("where requests are logged, a line of JSON each; standard error unless given"),
    )
    parser.add_argument(
        "--log-share", type=_share, default=1.0, metavar="SHARE", help=_("which share of requests is logged; 1 unless given")
    )
    parser.add_argument(
        "--log-inputs", action="store_true", help=_("log inputs and whole answers as well: they may be personal")
    )
    parser.add_argument(
        "--batch", type=_parser.count, default=64, metavar="N", help=_("examples that are computed together; 64 unless given")
    )
    parser.add_argument(
        "--deadline",
        type=_parser.positive,
        default=3.0,
        metavar="MS",
        help=_("how long a request waits for others to be computed with; 3 ms unless given"),
    )
    parser.add_argument(
        "--waiting",
        type=_parser.count,
        default=256,
        metavar="N",
        help=_("requests that may wait before others are told to come again; 256 unless given"),
    )
    parser.add_argument(
        "--seconds", type=_parser.positive, default=60.0, metavar="S", help=_("how long an answer may take; 60 unless given")
    )


def call(args: Any) -> dict[str, Any]:
    from fukami import verbs

    return verbs.serve(
        args.runs,
        host=args.host,
        port=args.port,
        keys=args.key,
        log=args.log,
        log_share=args.log_share,
        log_inputs=args.log_inputs,
        batch=args.batch,
        deadline_s=args.deadline / 1000,
        waiting=args.waiting,
        seconds=args.seconds,
    )


def show(result: dict[str, Any], screen: Screen) -> None:
    screen.line(_n("{n} request was answered", "{n} requests were answered", result["requests"]))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise NotThat("0 … 65535", text)
    return int(text)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise NotThat("0 … 1", text)
    return value
