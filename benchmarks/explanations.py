"""`python -m benchmarks.explanations`: every way to explain on every kind of input, tested by deletion and insertion.

Short trainings on Fashion-MNIST, SST-2 and Adult (`FUKAMI_DATA`), then each method on examples that were kept aside. Printed
is a table of Markdown: the score (insertion minus deletion; random orders have 0), how likely a random order is as good, and on
how many single examples the method was better than all ten of them. It ends with 1 where a method is not better than random.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TRAININGS: dict[str, dict[str, Any]] = {
    "fashion-mnist": {"task": "image-classification", "epochs": 2, "limit": 6000, "model": "cnn"},
    "sst2": {"task": "text-classification", "epochs": 1, "model": "transformer"},
    "adult": {"task": "tabular-classification", "epochs": 2, "model": "tabm"},
}


def main(words: list[str] | None = None) -> int:
    """0 where every method is better than random on every data set."""
    made = argparse.ArgumentParser(prog="python -m benchmarks.explanations")
    made.add_argument("--examples", type=int, default=50, help="examples that each method explains (50)")
    made.add_argument("--keep", type=Path, help="keep the runs here, and use those that are there")
    asked = made.parse_args(words)
    print("| data | model | method | score | deletion | insertion | random | p | better alone | s per example |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    good = True
    with tempfile.TemporaryDirectory(prefix="fukami-explanations-") as scratch:
        for data in TRAININGS:
            for method, told, seconds in measured(data, asked.keep or Path(scratch), asked.examples):
                print(line(data, method, told, seconds), flush=True)
                good &= told["better_than_random"]
    return 0 if good else 1


def measured(data: str, place: Path, examples: int) -> Any:
    """Method, test and seconds for each way to explain the run of `data`."""
    import fukami
    from fukami import api
    from fukami.core.cards import methods_for

    folder, training = place / data, dict(TRAININGS[data])
    run = fukami.load(folder) if folder.exists() else fukami.train(training.pop("task"), data, out=folder, **training)
    for name in sorted(methods_for(run.predictor.task.input.kind)):
        start = time.perf_counter()
        told = api.explain(run, [], method=name, examples=examples)
        yield name, told["summary"]["faithfulness"], time.perf_counter() - start


def line(data: str, method: str, told: dict[str, Any], seconds: float) -> str:
    """One row of the table."""
    areas = f"{told['deletion']:.3f} | {told['insertion']:.3f} | {told['random']['deletion']:.3f}"
    alone = f"{told['better_examples']} of {told['examples']}"
    shown = f"{told['score']:+.3f} | {areas} | {told['p_value']:.1e} | {alone} | {seconds / told['examples']:.2f}"
    return f"| {data} | {TRAININGS[data]['model']} | {method} | {shown} |"


if __name__ == "__main__":
    sys.exit(main())
