"""The gate of exporting: does what was written answer as the run does, from tensors and from raw inputs?

Both are asked about the same held-out examples. Compared are the answers, in a unit in which they mean the same for every
target, and the task's metrics.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from fukami.core.errors import GateError
from fukami.core.language import N_, _
from fukami.core.seeds import generator
from fukami.evaluate import whole
from fukami.evaluate.examples import Judged
from fukami.evaluate.judge import judge
from fukami.export import assemble, probing
from fukami.export.contract import Asked, other_form
from fukami.export.raw_inputs import columns_of, values_of
from fukami.fields import batch as trees
from fukami.fields.answers import short
from fukami.metrics.points import points_apart
from fukami.predictor import Predictor

TOLERANCE = 1e-3
"""Largest difference of two scores: of probabilities, or of values in deviations of the target."""
POINTS = 0.1
"""Largest difference of the headline metric: hundredths of one whose best value is 1, else percent of its value."""
MOST, MOST_RAW = 2000, 500
"""Held-out examples that are compared from tensors, and from raw inputs."""
AT_ONCE = 64
UNSEEN = ("torch", "fukami", "tokenizers", "transformers", "timm", "pyarrow", "torchvision")
"""Libraries that `predict.py` is refused while it is tested."""
_ASK = """
import json, runpy, sys
for name in json.loads(sys.argv[4]):
    sys.modules[name] = None
import numpy
predict = runpy.run_path(sys.argv[1])["predict"]
answer, rows = predict.__globals__["answer"], []
def noting(row, *told):
    rows.append(row if isinstance(row, tuple) else (row,))
    return answer(row, *told)
predict.__globals__["answer"] = noting
with open(sys.argv[2], encoding="utf-8") as file:
    print(json.dumps(predict(json.load(file))))
numpy.savez(sys.argv[3], **{f"{number}.{place}": x for number, row in enumerate(rows) for place, x in enumerate(row)})
"""
"""Asks a program's `predict`; kept is what its `answer` is given for each example: an array, or several."""
_READ = """
import json, runpy, sys
for name in json.loads(sys.argv[4]):
    sys.modules[name] = None
import numpy
program = runpy.run_path(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    parts = json.load(file)
for number, values in enumerate(parts):
    try:
        numpy.savez(f"{sys.argv[3]}{number}.npz", **program["read"](values, program["TOLD"]["input"]))
    except (ValueError, OSError) as error:
        print(json.dumps([number, str(error) or type(error).__name__]))
"""


@dataclass(frozen=True)
class Compared:
    """Answers of both sides to the same rows, as trees of tensors.

    `apart` is how far they are apart, infinite where something is no number.
    """

    own: Any
    theirs: Any
    truth: Any
    rows: np.ndarray
    apart: np.ndarray

    @property
    def worst(self) -> int:
        """The place of the example in which they are farthest apart."""
        return int(self.apart.argmax())

    @property
    def most(self) -> float:
        return float(self.apart.max())


def compared(predictor: Predictor, own: list[Any], theirs: list[Any], truth: list[Any], rows: np.ndarray) -> Compared:
    """Both sides' answers, side by side. Raises `GateError` F-EXPORT-SHAPE where their forms differ."""
    ours, found = (trees.tensors(trees.joined(side)) for side in (own, theirs))
    if form(ours) != form(found):
        raise other_form(str(form(ours)), str(form(found)))
    apart = predictor.task.target.apart(ours, found)
    return Compared(ours, found, trees.joined(truth), rows, apart.numpy())


def form(answers: Any) -> Any:
    """The form of answers: shapes of their tensors, without the number of rows where that varies.

    >>> form({"mask": np.zeros((2, 3)), "boxes": trees.Rows({"box": np.zeros((5, 4))}, np.array([2, 3]))})
    {'mask': (2, 3), 'boxes': (2, {'box': (4,), 'counts': ()})}
    """
    if trees.is_leaf(answers):
        return tuple(answers.shape)
    if isinstance(answers, dict):
        return {name: form(part) for name, part in answers.items()}
    if isinstance(answers, tuple):
        return [form(part) for part in answers]
    if isinstance(answers, trees.Packed):
        return len(answers), {name: tuple(part.shape[1:]) for name, part in answers.tensors().items()}
    return len(answers)


def some(rows: np.ndarray, most: int, seed: int) -> np.ndarray:
    """At most `most` of the rows, the same ones each time, in order."""
    return rows if len(rows) <= most else np.sort(generator(seed, "parity").permutation(rows)[:most])


def from_tensors(predictor: Predictor, asked: Asked, judged: Judged, rows: np.ndarray) -> Compared:
    """Both asked about the tensors of stored examples, those of like length together."""
    target, lengths = predictor.task.target, judged.store.lengths()
    rows = rows if lengths is None else rows[np.argsort(lengths[rows], kind="stable")]
    own, theirs, truth = [], [], []
    for part in divided(rows):
        batch = judged.store.batch(part, "cpu")
        inputs = {name: batch[name] for name in predictor.task.inputs}
        own.append(predictor.answers(inputs))
        theirs.append(asked(inputs))
        truth.append(target.truth(batch[target.name]))
    return compared(predictor, own, theirs, truth, rows)


def divided(rows: np.ndarray) -> list[np.ndarray]:
    """Rows in batches of several sizes: the first and the last alone, as most programs ask, the others in four at least.

    >>> [len(part) for part in divided(np.arange(40))], [len(part) for part in divided(np.arange(1))]
    ([1, 10, 10, 10, 8, 1], [1])
    """
    size = min(AT_ONCE, max(2, -(-(len(rows) - 2) // 4)))
    between = [rows[start : min(start + size, len(rows) - 1)] for start in range(1, len(rows) - 1, size)]
    return [rows[:1], *between, *([rows[-1:]] if len(rows) > 1 else [])]


def from_raw(
    predictor: Predictor, judged: Judged, rows: np.ndarray, answer: Callable[[Sequence[Any], Path], Any]
) -> tuple[Compared, Compared | None]:
    """Both asked about raw inputs, as other programs give them (paths of pictures, texts, objects of JSON), and about those
    probes of the field that the run answers.

    `answer(values, folder)` gives the other side's answers.
    """
    target = predictor.task.target
    with tempfile.TemporaryDirectory(prefix="fukami-") as place:
        values = values_of(predictor.task, judged.columns, rows, Path(place))
        odd = [probe for probe in probing.probes(predictor, Path(place) / "probes") if probe.batch is not None]
        own = [predictor.answers(inputs) for inputs, _values in _read(predictor, values)]
        strange = [predictor.answers(probe.batch) for probe in odd if probe.batch is not None]
        theirs = answer([*values, *(probe.value for probe in odd)], Path(place))
    batch = judged.store.batch(rows, "cpu")
    if (count := trees.size(theirs)) != len(values) + len(odd):
        raise other_form(str(len(values) + len(odd)), str(count))
    common, strangers = trees.part(theirs, 0, len(values)), trees.part(theirs, len(values), count)
    first = compared(predictor, own, [common], [target.truth(batch[target.name])], rows)
    if not odd:
        return first, None
    return first, compared(predictor, strange, [strangers], [None], np.arange(len(odd)))


def _read(predictor: Predictor, values: Sequence[Any]) -> Iterator[tuple[dict[str, Any], Sequence[Any]]]:
    """Raw inputs as the run's batches, each with the inputs that it is of."""
    for start in range(0, len(values), AT_ONCE):
        part = values[start : start + AT_ONCE]
        yield predictor.batch(columns_of(predictor.task, part), np.arange(len(part))), part


def require_inputs(predictor: Predictor, judged: Judged, rows: np.ndarray, read: probing.Read, *, fixed: bool = False) -> None:
    """Raises `GateError` where the exported preprocessing, which `read` asks, makes other tensors of raw inputs than the run.

    Scores alone would not tell: those of a network that is sure of itself hardly move with a mean that is a little off. `fixed`
    says whether sizes never vary.
    """
    task = predictor.task
    with tempfile.TemporaryDirectory(prefix="fukami-") as place:
        for inputs, values in _read(predictor, values_of(task, judged.columns, rows, Path(place))):
            inputs = {name: task.inputs[name].padded(batch) for name, batch in inputs.items()} if fixed else inputs
            (theirs,) = read([values])
            if isinstance(theirs, str):
                raise probing.refused(values[0], theirs)
            probing.require_equal(trees.named(inputs), theirs, values)
        probing.require_alike(probing.probes(predictor, Path(place) / "probes", fixed=fixed), read)


def by_program(program: Path, values: Sequence[Any], folder: Path) -> tuple[list[Any], list[dict[str, Any]]]:
    """What an exported `predict.py`, run by itself, makes answers of for each example (an array, or a tuple of them), and these
    answers: torch and Fukami are kept from it."""
    place = folder / "rows.npz"
    said = json.loads(_run(program, _ASK, values, place))
    rows: dict[int, list[np.ndarray]] = {}
    with np.load(place, allow_pickle=False) as kept:
        for name in kept.files:
            rows.setdefault(int(name.partition(".")[0]), []).append(kept[name])
    return [tuple(row) if len(row) > 1 else row[0] for row in rows.values()], said


def reading(program: Path) -> probing.Read:
    """The tensors of raw inputs as an exported `predict.py` or `preprocess.py` makes them, run by itself."""

    def read(parts: Sequence[Sequence[Any]]) -> list[dict[str, np.ndarray] | str]:
        with tempfile.TemporaryDirectory(prefix="fukami-") as place:
            said = _run(program, _READ, parts, Path(place) / "part")
            found: dict[int, dict[str, np.ndarray] | str] = dict(json.loads(line) for line in said.splitlines())
            for number in range(len(parts)):
                if number not in found:
                    with np.load(Path(place) / f"part{number}.npz", allow_pickle=False) as tensors:
                        found[number] = dict(tensors)
        return [found[number] for number in range(len(parts))]

    return read


def _run(program: Path, code: str, values: Any, results: Path) -> str:
    """What `code` prints about a program and `values`, in a process that sees neither torch nor Fukami."""
    asked = results.with_name("inputs.json")
    asked.write_text(json.dumps(values), "utf-8")
    command = [sys.executable, "-I", "-c", code, str(program.resolve()), str(asked), str(results), json.dumps(UNSEEN)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", cwd=results.parent)
    if done.returncode:
        raise GateError(
            "F-EXPORT-PROGRAM",
            _("the exported {file} does not run by itself, so nothing was written").format(file=program.name),
            where=program.name,
            got=(done.stderr.strip().splitlines() or ["?"])[-1][:300],
        )
    return done.stdout


def in_process(told: dict[str, Any], asked: Asked, like: dict[str, Any], values: Sequence[Any]) -> Any:
    """Answers of a format without a program of its own: raw inputs read as `predict.py` does, then the exported model."""
    told = assemble.as_json(told)
    parts = [assemble.read(told, values[start : start + AT_ONCE]) for start in range(0, len(values), AT_ONCE)]
    return trees.joined([asked(trees.rebuilt(part, like)) for part in parts])


def metrics(predictor: Predictor, answers: Any, found: Compared) -> dict[str, float | None]:
    """The task's metrics of answers that are settled already; none has a value where a judgement asks for others than these."""
    task, stream = predictor.task, [(trees.arrays(answers), trees.arrays(found.truth), found.rows)]
    if task.assess is not None:
        return dict.fromkeys(whole.metric_names(task))
    told = judge(task.target, whole.metric_names(task), stream, replicates=0).as_dict()
    return {name: value["value"] for name, value in told["metrics"].items()}


def figures(predictor: Predictor, found: Compared) -> dict[str, Any]:
    """What was measured: examples, the largest difference, and each metric of both."""
    run, exported = metrics(predictor, found.own, found), metrics(predictor, found.theirs, found)
    return {
        "examples": len(found.rows),
        "max_difference": found.most,
        "metrics": {name: {"run": run[name], "exported": exported[name]} for name in run},
    }


def worst(predictor: Predictor, found: Compared, judged: Judged) -> dict[str, Any]:
    """The example in which both are farthest apart, with both answers."""
    at = found.worst
    sides = (trees.part(side, at, at + 1) for side in (found.own, found.theirs))
    run, exported = (predictor.restored(side, judged.columns, found.rows[at : at + 1])[0] for side in sides)
    columns = judged.columns[next(iter(predictor.task.inputs))]
    place = whole.place(columns, int(found.rows[at]))
    return {"where": place, "difference": float(found.apart[at]), "run": run, "exported": exported}


def proof(
    predictor: Predictor,
    tensors: Compared,
    raw: Compared,
    odd: Compared | None,
    judged: Judged,
    *,
    to: str,
    tolerance: float,
    points: float,
) -> dict[str, Any]:
    """The content of `proofs/parity.json`. Its `held` is whether both ways agree; `odd` are the probes."""
    headline = predictor.task.card.headline
    for side in (tensors, raw):
        require_numbers(predictor, side, judged)
    first, second = figures(predictor, tensors), figures(predictor, raw)
    apart = max(points_apart(headline, *part["metrics"][headline].values()) for part in (first, second))
    most = max(tensors.most, raw.most)
    return {
        "claim": N_("the exported model answers as the run does"),
        "test": N_("both were asked about the same held-out examples, from tensors and from raw inputs"),
        "held": most <= tolerance and apart <= points,
        "to": to,
        "max_difference": most,
        "tolerance": tolerance,
        "points": {"headline": headline, "apart": apart, "allowed": points},
        **{"examples": first["examples"], "metrics": first["metrics"]},
        "raw": second,
        "probes": {"examples": len(odd.rows), "max_difference": odd.most} if odd else {"examples": 0, "max_difference": 0.0},
        "worst": worst(predictor, max((tensors, raw), key=lambda side: side.most), judged),
    }


def require_numbers(predictor: Predictor, found: Compared, judged: Judged) -> None:
    """Raises `GateError` F-EXPORT-NUMBER where the exported model answers with what is no number."""
    if not trees.finite(found.theirs, len(found.rows)).all():
        raise GateError(
            "F-EXPORT-NUMBER",
            _("the exported model answers with what is no number, so nothing was written"),
            where=worst(predictor, found, judged)["where"],
            expected=_("finite scores"),
        )


def require(told: dict[str, Any]) -> None:
    """Raises `GateError` F-EXPORT-PARITY, with the worst example, where the proof does not hold."""
    if told["held"]:
        return
    found, name = told["worst"], told["points"]["headline"]
    raise GateError(
        "F-EXPORT-PARITY",
        _("the exported model does not answer as the run does, so nothing was written"),
        where=found["where"],
        expected=_("{answer}, as the run says").format(answer=short(found["run"])),
        got=_("{answer} (scores differ by {most:.3g}, at most {allowed:g} is allowed; {metric} by {apart:.3g} points)").format(
            answer=short(found["exported"]),
            most=told["max_difference"],
            allowed=told["tolerance"],
            metric=name,
            apart=told["points"]["apart"],
        ),
    )


def same_answers(left: Any, right: Any, *, within: float = 1e-4) -> bool:
    """Whether two answers as JSON say the same, numbers `within` of each other.

    >>> same_answers({"label": "a", "score": 0.5}, {"label": "a", "score": 0.500001})
    True
    """
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same_answers(left[key], right[key], within=within) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same_answers, left, right))
    if isinstance(left, float) and isinstance(right, (int, float)):
        return abs(left - right) <= within * max(1.0, abs(left))
    return left == right
