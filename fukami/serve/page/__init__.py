"""The page at `/`: one file, made by the schemas of the fields. No outside request, no build chain; English and Japanese.

Its answers are drawn by their form: probabilities as bars, pictures as pictures, boxes on the picture that was given, marked
words in their text, numbers in a row as a curve.
"""

import html
import json
from pathlib import Path
from typing import Any

from fukami.core.language import N_, catalogue, current

SENTENCES = {
    "title": N_("Try the model"),
    "run": N_("Run"),
    "ask": N_("Ask"),
    "asking": N_("asking…"),
    "drop": N_("Drop a file here, or choose one"),
    "record": N_("Record"),
    "stop": N_("Stop"),
    "text": N_("Text"),
    "table": N_("A table of many (CSV, Excel): drop it here, or choose one"),
    "download": N_("Download the table with its answers"),
    "answer": N_("Answer"),
    "probability": N_("probability"),
    "doubtful": N_("Unlike the training data"),
    "all": N_("The whole answer as JSON"),
    "key": N_("Key"),
    "enter": N_("Enter"),
    "options": N_("Options"),
    "unknown": N_("not known"),
    "fix": N_("fix"),
    "expected": N_("expected"),
    "got": N_("got"),
    "unreached": N_("The server cannot be reached."),
    "nothing": N_("nothing"),
    "more": N_("… and {n} more"),
}
_HERE = Path(__file__).parent


def page(runs: list[dict[str, Any]], *, keys: bool) -> str:
    """The page for what `GET /v1/runs` tells; where `keys` are asked for, it asks for one before it knows of any run."""
    japanese = catalogue("ja")
    words = {"en": SENTENCES, "ja": {name: japanese.get(one, one) for name, one in SENTENCES.items()}}
    told = {"runs": [] if keys else runs, "keys": keys, "words": words, "language": current()}
    data = json.dumps(told, ensure_ascii=False).replace("<", "\\u003c")
    parts = {name: (_HERE / f"page.{name}").read_text("utf-8") for name in ("css", "js")}
    whole = (_HERE / "page.html").read_text("utf-8")
    return (
        whole.replace("{{language}}", html.escape(current()))
        .replace("{{css}}", parts["css"])
        .replace("{{data}}", data)
        .replace("{{js}}", parts["js"])
    )
