"""`fukami train TASK DATA` or `fukami train RECIPE`: from data to a proven model."""

from pathlib import Path
from typing import Any

from fukami.cli import _parser
from fukami.cli._parser import Parser
from fukami.cli._results import show_run
from fukami.cli._screen import Screen
from fukami.core import stopping
from fukami.core.cards import cards
from fukami.core.errors import UsageError
from fukami.core.language import N_, _
from fukami.core.unfinished import interrupted

SUMMARY = N_("train a model and leave a run folder with its proofs")
SHARED = True
"""Several processes (torchrun) work on one call of this verb."""
USAGE = ("TASK DATA", "RECIPE")
EXAMPLES = (
    (
        "fukami train image-classification photos/ --model resnet18 --epochs 5 --out runs/cats",
        N_("pictures in a folder per class"),
    ),
    ("fukami train tabular-classification adult.csv --set target=income", N_("a table, and the column to predict")),
    ("fukami train text-classification reviews.tsv --minutes 10", N_("the best that fits in ten minutes")),
    ("fukami train runs/cats/recipe.toml", N_("repeat a run")),
)


def arguments(parser: Parser) -> None:
    parser.add_argument(
        "task",
        metavar="TASK",
        type=_task_or_recipe,
        help=_("a task, or a recipe: the recipe.toml of a run, or the name of one that comes with Fukami"),
    )
    _parser.data(parser, optional=True)
    parser.add_argument(
        "--model", metavar="NAME", help=_("the model, such as resnet18 or cnn:tiny; `fukami models TASK` lists what fits")
    )
    parser.add_argument(
        "--out", metavar="RUN", type=Path, help=_("the folder to write; runs/<task>-<time> where it is not given")
    )
    parser.add_argument("--epochs", metavar="N", type=_parser.positive, help=_("how many times every example is seen"))
    parser.add_argument("--minutes", metavar="M", type=_parser.positive, help=_("finish within this many minutes"))
    parser.add_argument("--resume", action="store_true", help=_("go on from the checkpoint of a training that was interrupted"))
    parser.add_argument(
        "--prove-resume",
        action="store_true",
        help=_(
            "train a second time, killed and resumed on the way, and prove that the weights are the same; takes twice as long"
        ),
    )
    parser.add_argument(
        "--devices", metavar="N", type=_parser.count, help=_("share each step among N processes, on GPUs one for each")
    )
    parser.add_argument("--folds", metavar="K", type=_parser.folds, help=_("cross-validate over this many parts"))
    _parser.settings(parser)


def call(args: Any) -> dict[str, Any]:
    if args.epochs and args.minutes:
        what = _("{one} and {other} cannot be given together").format(one="--epochs", other="--minutes")
        raise UsageError("F-OPTION-TOGETHER", what, expected="--epochs N | --minutes M")
    if args.data is None and args.task in cards("tasks"):
        raise UsageError(
            "F-DATA-MISSING",
            _("the data to train on is missing"),
            expected=f"fukami train {args.task} DATA",
            fix=_("name a folder, a table, or one of `fukami datasets`"),
        )
    settings = _parser.chosen(args) | ({"devices": args.devices} if args.devices else {})
    try:
        from fukami import api

        with stopping.instead(lambda interrupt: interrupted(interrupt, args.out)):
            run = api.train(
                args.task,
                args.data,
                model=args.model,
                out=args.out,
                epochs=args.epochs,
                minutes=args.minutes,
                settings=settings,
                resume=args.resume,
                folds=args.folds or 0,
                prove_resume=args.prove_resume,
            )
    except KeyboardInterrupt as interrupt:  # also while libraries are loaded, long before the first step
        raise interrupted(interrupt, args.out) from None
    return run.summary()


def show(result: dict[str, Any], screen: Screen) -> None:
    show_run(result, screen)


def _task_or_recipe(text: str) -> str:
    """Recipes are told from tasks by their form: a file ends in .toml, a name has a slash. A run's folder means its recipe."""
    if (Path(text) / "recipe.toml").is_file():
        return str(Path(text) / "recipe.toml")
    return text if text.endswith(".toml") or "/" in text else _parser.task_name(text)
