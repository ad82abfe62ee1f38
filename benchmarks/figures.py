"""The file of `--write`: `figures.json` keeps the latest figures of every work, `figures.md` shows them.

A run replaces the works that it measured and leaves the others as they were, each with its own date and machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.contract import Settings, Work
from benchmarks.harness import Measurement
from benchmarks.summary import Row

HERE = Path(__file__).parent
HEAD = """# Figures

Written by `python -m benchmarks --write`; what is measured and how to repeat it is told in `docs/benchmarks.md`.
"""


def told(
    work: Work,
    settings: Settings,
    measurements: list[Measurement],
    rows: list[Row],
    *,
    table: str,
    rounds: int,
    versions: dict[str, dict[str, str]],
    env: dict[str, str],
) -> dict[str, Any]:
    """Everything about one measured work, as plain values; no path of this machine is in it."""
    kept = ("examples", "epochs", "batch_size", "device", "to_accuracy")
    return {
        "work": work.name,
        "summary": work.summary,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine.described(),
        "versions": versions,
        "environment": env,
        "rounds": rounds,
        "settings": {name: value for name, value in asdict(settings).items() if name in kept},
        "table": table,
        "rows": [asdict(row) for row in rows],
        "measurements": [asdict(one) for one in measurements],
    }


def key(one: dict[str, Any]) -> str:
    """What a later run replaces: the same work under the same conditions."""
    conditions = [f"to accuracy {one['settings']['to_accuracy']:g}"] if one["settings"]["to_accuracy"] else []
    conditions += [one["settings"]["device"]] if one["settings"]["device"] != "cpu" else []
    conditions += [f"{name}={value}" for name, value in sorted(one["environment"].items())]
    return ", ".join([one["work"], *conditions])


def write(found: list[dict[str, Any]], *, folder: Path = HERE) -> Path:
    """Brings both files up to date and returns the page."""
    store, page = folder / "figures.json", folder / "figures.md"
    kept = json.loads(store.read_text("utf-8")) if store.exists() else {}
    kept |= {key(one): one for one in found}
    store.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    page.write_text("\n".join([HEAD, *(section(name, one) for name, one in sorted(kept.items()))]), "utf-8")
    return page


def section(name: str, one: dict[str, Any]) -> str:
    """One work's part of the page."""
    settings = one["settings"]
    counts = [f"{settings['examples']:,} examples" if settings["examples"] else "all examples"]
    counts += [f"{settings['epochs']} epochs at most" if settings["to_accuracy"] else f"epochs {settings['epochs']}"]
    counts += [f"batch {settings['batch_size']}"]
    trains = f"{', '.join(counts)}; " if "/s" in one["table"] or settings["to_accuracy"] else ""
    libraries = dict(sorted({**one["versions"]["peers"], **one["versions"]["fukami"]}.items()))
    return "\n".join(
        [
            f"## {name}: {one['summary']}",
            "",
            one["table"],
            "",
            f"{trains}rounds: {one['rounds']}, {one['measured'][:10]}, {machine.sentence(one['machine'])}. "
            + ", ".join(f"{library} {version}" for library, version in libraries.items())
            + ".",
            "",
        ]
    )
