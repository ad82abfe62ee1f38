"""Catalogues of translations as people write them: `.po` files, the format of GNU gettext."""

import re
from pathlib import Path


def unquote(line: str) -> str:
    return re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m.group(1), m.group(1)), line.strip()[1:-1])


def read_po(path: Path) -> dict[str, str]:
    """Sentence → translation; empty where the catalogue is not there."""
    out: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    current = "msgstr"
    for line in [*(path.read_text("utf-8").splitlines() if path.exists() else []), 'msgid ""']:
        if line.startswith(("msgid ", "msgstr ")):
            current, _space, rest = line.partition(" ")
            if current == "msgid":
                out[parts["msgid"]] = parts["msgstr"]
                parts = {"msgid": "", "msgstr": ""}
            parts[current] = unquote(rest)
        elif line.startswith('"'):
            parts[current] += unquote(line)
    out.pop("", None)
    return out
