"""What stands beside an exported model: how inputs become tensors and scores an answer, programs that do it, and a README."""

import json
import shlex
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from torch import nn

from fukami.core.cards import FormatCard
from fukami.core.language import _
from fukami.export import assemble
from fukami.export.contract import Material, single
from fukami.export.flat import Flat, axes
from fukami.fields import batch as trees
from fukami.fields.scored import Scored
from fukami.opened import Opened
from fukami.predictor import Predictor
from fukami.report.figures import digits_of, figure, shown, shown_range
from fukami.tasks.contract import Task


def description(run: Opened, predictor: Predictor, format: FormatCard) -> dict[str, Any]:
    """The content of `preprocessing.json`: how raw inputs become tensors, and what the network gives an answer."""
    read, target = inputs_of(predictor.task, fixed=format.fixed), predictor.task.target
    if target.framed:
        frames = predictor.task.input.portable_frames()
        read |= frames | {"code": [*read["code"], *frames["code"]]}
    told = {"schema": 3, "task": run.task, "model": run.told["model"]["name"]}
    return {**told, "schemas": schemas(predictor.task), "input": read, "answer": target.portable()}


def inputs_of(task: Task, *, fixed: bool) -> dict[str, Any]:
    """How raw inputs become tensors: what the only field says, or what each of several does."""
    told = {name: one.portable(fixed=fixed) for name, one in task.inputs.items()}
    if len(told) == 1:
        return next(iter(told.values()))
    example = {name: one["example"] for name, one in told.items()}
    return {"inputs": told, "code": ["several"], "arguments": "table", "extensions": [".csv", ".tsv"], "example": example}


def asking(material: Material) -> dict[str, Any]:
    """What `preprocessing.json` holds besides where a program has more to do than to ask one graph for one tensor."""
    if material.is_plain:
        return {}
    stages = material.stages
    asked = {"graphs": ["model"], "asking": {}} if stages is None else {"graphs": list(stages.graphs), "asking": stages.told}
    return {**asked, "asked_by": asked_by(material)}


def asked_by(material: Material) -> list[str]:
    """The pieces that ask the graphs, and make answers of what they give."""
    made = "answered_framed" if material.predictor.task.target.framed else "answered"
    return [*(material.stages.code if material.stages else ("once",)), made]


def schemas(task: Task) -> dict[str, Any]:
    """The JSON schema of each input, by name: what a service says of itself."""
    return {name: one.schema() for name, one in task.inputs.items()}


def pieces(format: FormatCard, described: dict[str, Any], material: Material) -> assemble.Code:
    """The files of `standalone/` that make up the program."""
    fields = [*assemble.reading(described["input"]), *described["answer"]["code"]]
    task, target = material.predictor.task, material.predictor.task.target
    fields = list(dict.fromkeys(fields))  # input and target may be of one kind
    made = [] if material.is_plain else ["answered_framed" if target.framed else "answered"]
    if not format.standalone:
        return [*fields, *made, "preprocess" if material.is_plain else "preprocess_several"]
    asks = ["program"]
    if not material.is_plain:
        asks = [*asked_by(material), "asking"]
    arguments = described["input"].get(
        "arguments", "table" if any(one.takes_rows for one in task.inputs.values()) else "single"
    )
    given = ["folder", *(("decoded",) if arguments == "table" else ()), arguments, *fields]
    return list(dict.fromkeys([*given, *asks, described["answer"].get("command", "command")]))


def notes(described: dict[str, Any]) -> dict[str, str]:
    """What a model's file says of itself, where it is all that is left."""
    told = {"producer": f"Fukami {version('fukami')}", "task": described["task"], "model": described["model"]}
    classes = described["answer"].get("classes")
    return told | ({"classes": json.dumps(classes, ensure_ascii=False)} if classes else {})


def tensors(material: Material, format: FormatCard) -> dict[str, Any]:
    """Name, number format and shape of what goes in and comes out. Axes that vary have a name: `batch`, `length`."""
    inputs = single(material, material.inputs, 0) if format.fixed else material.inputs
    flat = Flat(nn.Identity(), inputs)
    varying = [{} for _name in flat.names] if format.fixed else axes(flat, inputs)
    found = trees.named(inputs)
    free = material.predictor.task.target.graph_axes()
    return {
        "inputs": [_tensor(name, found[name], named) for name, named in zip(flat.names, varying, strict=True)],
        "outputs": [
            _tensor(name, tensor, {0: 1} if format.fixed else {0: "batch", **free.get(name, {})})
            for name, tensor in material.given.items()
        ],
    }


def _tensor(name: str, tensor: torch.Tensor, varying: Mapping[int, Any]) -> dict[str, Any]:
    shape = [varying.get(axis, size) for axis, size in enumerate(tensor.shape)]
    return {"name": name, "dtype": str(tensor.dtype).removeprefix("torch."), "shape": shape}


def about(run: Opened, predictor: Predictor) -> list[str]:
    """The head of the README: what the run answers, what it learned from, and how good it was on examples kept aside."""
    task, model, judged = predictor.task, run.told["model"], run.evaluation
    headline = task.card.headline
    told, source = figure(judged["metrics"][headline]), predictor.recipe.data.source
    rows = {
        _("task"): f"{_(task.card.summary)} (`{run.task}`)",
        _("learned from"): f"`{Path(source).name}`" if source else _("arrays"),
        _("columns"): _named([c for name, one in task.inputs.items() if one.takes_rows for c in run.told["columns"][name]]),
        _("target"): _named(run.told["columns"][task.target.name]),
        _("classes"): _named(task.target.portable().get("classes", ())),
        _("model"): ", ".join(filter(None, (model["name"], _("{count} parameters").format(count=f"{model['parameters']:,}")))),
        headline: "–" if told is None else shown(headline, told.value, digits=digits_of(told)),
        _("95 % interval"): "" if told is None else shown_range(headline, told),
        _("held-out examples"): str(judged["examples"]),
        _("date"): run.told["created"][:10],
    }
    cells = [f"| {name} | {cell} |" for name, cell in rows.items() if cell]
    return [f"# {run.path.name}", "", f"| {_('run')} | `{run.path.name}` |", "|---|---|", *cells]


def _named(names: Sequence[str], most: int = 40) -> str:
    """Names in a cell of a Markdown table."""
    cells = [f"`{name}`".replace("|", r"\|").replace("\n", " ") for name in names[:most] if name]
    return ", ".join(cells) + (", …" if len(names) > most else "")


def write(folder: Path, format: FormatCard, described: dict[str, Any], material: Material, head: Sequence[str]) -> None:
    """Writes `preprocessing.json`, a program, its requirements and a README, which begins with `head`."""
    text = json.dumps(described, ensure_ascii=False, indent=1, allow_nan=False)
    (folder / "preprocessing.json").write_text(text + "\n", "utf-8")
    code = pieces(format, described, material)
    typed = shlex.quote(example(material.predictor.task))
    docstring = program_head(described, typed) if format.standalone else pieces_head(described)
    program = folder / ("predict.py" if format.standalone else "preprocess.py")
    program.write_text(assemble.program(code, head=docstring), "utf-8")
    needed = sorted({*assemble.requirements(code), *format.packages, *({material.library} & format.use.keys())})
    (folder / "requirements.txt").write_text("\n".join(needed) + "\n", "utf-8")
    lines = [*head, "", *readme(folder, format, described, typed, needed, use=use_of(format, material))]
    (folder / "README.md").write_text("\n".join(lines) + "\n", "utf-8")


def example(task: Task) -> str:
    """An input as it is typed."""
    found = {name: one.example() for name, one in task.inputs.items()}
    return next(iter(found.values())) if len(found) == 1 else json.dumps(found, ensure_ascii=False)


def program_head(described: dict[str, Any], typed: str) -> str:
    """The docstring of `predict.py`."""
    pictures = described["answer"].get("command") == "command_pictures"
    return "\n".join(
        [
            _("Answers of {model} ({task}), without Fukami.").format(model=described["model"], task=described["task"]),
            "",
            f"    python predict.py {typed}",
            "    python predict.py - < inputs.jsonl      # " + _("one input as JSON in each line"),
            *([f"    python predict.py --out made {typed}   # " + _("pictures as files of this folder")] if pictures else []),
            "",
            _("Each answer is a line of JSON. It reads {files} and preprocessing.json, which lie beside it.").format(
                files=", ".join(f"{name}.onnx" for name in described.get("graphs", ["model"]))
            ),
            "",
        ]
    )


def pieces_head(described: dict[str, Any]) -> str:
    """The docstring of `preprocess.py`."""
    return _("What goes into {model} ({task}) and comes out of it, without Fukami.").format(
        model=described["model"], task=described["task"]
    )


def use_of(format: FormatCard, material: Material) -> str:
    """The code that asks the exported model, where `{example}` stands for an input."""
    if material.library not in format.use:
        return format.use["" if material.is_plain else "several"] if "several" in format.use else format.use[""]
    # a library of its own gives raw outputs
    target = material.predictor.task.target
    if not isinstance(target, Scored) or not target.activation:
        return format.use[material.library]
    divided = f"(outputs / {target.temperature:.6g}).{target.activation}"
    return f"{format.use[material.library]}scores = {divided}  # as sure as the run\n"


def readme(
    folder: Path, format: FormatCard, described: dict[str, Any], typed: str, needed: list[str], *, use: str
) -> list[str]:
    """Lines that say what lies in the folder and how it is used."""
    asked = [f"python predict.py {typed}"] if format.standalone else []
    code = use.replace("{example}", repr(described["input"]["example"])).rstrip()
    installed = ["```", f"pip install {' '.join(needed)}", *asked, "```", ""]
    in_python = [_("In a program of your own, beside these files:"), "", "```python", code, "```", ""]
    table = _table(described["tensors"], format)
    return [_(format.summary), "", *installed, *in_python, *table, "", *_files(folder, format, _parts(described))]


def _parts(described: dict[str, Any]) -> list[str]:
    """Names of graphs, where there are several."""
    return [name for name in described.get("graphs", ()) if name != "model"]


def _table(told: dict[str, Any], format: FormatCard) -> list[str]:
    rows = [(_("in"), part) for part in told["inputs"]] + [(_("out"), part) for part in told["outputs"]]
    cells = [f"| {way} | `{x['name']}` | {x['dtype']} | ({', '.join(map(str, x['shape']))}) |" for way, x in rows]
    if format.fixed:
        free = _("One example at a time; sizes never vary.")
    else:
        free = _("Sizes with a name vary: `batch` is the number of examples, `length` that of tokens.")
    return [f"| | {_('name')} | {_('number format')} | {_('shape')} |", "|---|---|---|---|", *cells, "", free]


def _files(folder: Path, format: FormatCard, parts: Sequence[str]) -> list[str]:
    """A line for each file that one may want to open."""
    said = {
        format.file: _("the network; its inputs are tensors, its output are the scores"),
        **{f"{name}.onnx": _("a part of the network, which the program asks in turn") for name in parts},
        f"{format.file}.data": _("its weights, which are too large for one file"),
        "predict.py": _("from raw inputs to answers"),
        "preprocess.py": _("from raw inputs to tensors, and from scores to answers"),
        "preprocessing.json": _("how raw inputs become these tensors, and scores an answer"),
    }
    lines = [f"- `{name}`: {what}" for name, what in said.items() if (folder / name).exists()]
    lines += [
        "- `proofs/parity.json`: " + _("how it was compared with the run before it was written"),
        "- `manifest.json`: " + _("the SHA-256 of every file"),
    ]
    return lines
