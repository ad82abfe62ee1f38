"""Contents for tests of the report: one with everything in it, and names that try to break out."""

from fukami.core.recipe import Recipe
from fukami.report.content import Content

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "a" * 200,
    "日本語のとても長いクラスの名前をここに書きます",
    "null\x00 and \ud800 surrogate and \x1b[31m",
    "]]></svg></style><b>",
    "{{ 7 * 7 }}",
    "‮reversed",
]


def plan(reason: str) -> dict[str, object]:
    """A step plan as `run.json` has it, with a candidate that was refused with somebody else's words."""
    usual = {"precision": "float32", "memory_format": "contiguous", "compiled": False, "threads": 2, "micro_batch": 0}
    fast = usual | {"memory_format": "channels-last"}
    figures = [
        usual | {"seconds": 0.163, "admitted": True, "reason": ""},
        fast | {"seconds": 0.078, "admitted": True, "reason": ""},
        fast | {"compiled": True, "seconds": 0.0, "admitted": False, "reason": f"error:{reason}"},
    ]
    return {"chosen": fast, "seconds": 0.078, "measuring_s": 1.25, "remembered": False, "figures": figures}


def tried(name: str, place: int) -> dict[str, object]:
    """A form that a search for a budget has measured, as `run.json` has it."""
    marks = {"meets": place > 1, "pareto": place != 2, "chosen": place == 3}
    figures = {"latency_ms": 8.0 / place**2, "bytes": 4_000_000 // place, "value": 0.9 + 0.01 / place}
    return {"how": name, **figures, "drops": {"accuracy": place - 2.0}, **marks}


def full(labels: list[str] | None = None) -> Content:
    """A content in which every section has something to show."""
    labels = labels or ["cat", "dog", "bird"]
    num = len(labels)
    counts = [[40 if i == j else (i + j) % 3 for j in range(num)] for i in range(num)]
    told = {"value": 0.91237, "low": 0.88, "high": 0.94}
    bins = [{"confidence": c / 10, "accuracy": c / 11, "count": c} for c in range(11)]
    history = [
        {"step": s, "epoch": s / 10, "loss": 3.0 / (s + 1), "learning_rate": 0.001, "examples_per_s": 900.0, "seconds": s}
        for s in range(50)
    ]
    history += [{"step": s, "epoch": s / 10, "valid": {"accuracy": s / 60, "loss": 2.0 / s}} for s in (10, 20, 50)]
    return Content(
        run={
            "task": "image-classification",
            "model": {"name": labels[0], "parameters": 44_000, "source": labels[1]},
            "created": "2026-03-14T09:26:00+00:00",
            "versions": {"fukami": "0.1.0", "torch": labels[0]},
            "notes": [labels[0]],
            "plan": plan(labels[0]),
            "compressed": {"pareto": [tried(name, place) for place, name in enumerate(labels, 1)]},
        },
        recipe=Recipe(task="image-classification").changed({"source": labels[0], "epochs": 7}).as_dict(),
        history=history,
        evaluation={
            "examples": 1234,
            "metrics": {"accuracy": told, "log_loss": {"value": 0.31234, "low": 0.3, "high": 0.33}, "f1_macro": told},
            "per_class": [{"label": v, "precision": 0.5, "recall": 0.75, "f1": 0.6, "support": 42} for v in labels],
            "confusion": {"labels": labels, "counts": counts},
            "calibration": {"bins": bins, "error": 0.0213},
            "importance": {
                "measure": labels[0],
                "examples": 256,
                "columns": [{"name": v, "value": 0.3 - 0.2 * i} for i, v in enumerate(labels)],
            },
            "groups": {
                labels[0]: [{"value": v, "examples": 20 + 9 * i, "metrics": {"accuracy": told}} for i, v in enumerate(labels)]
            },
            "curves": {"classes": {v: {"roc": [[0, 0], [0.1, 0.9], [1, 1]], "pr": [[0, 1], [1, 0.2]]} for v in labels}},
            "forecasts": {
                "by_step": {"scaled_mse": [0.1, 0.2], "scaled_mae": [0.2, 0.3]},
                "by_channel": [
                    {"channel": v, "scaled_mse": 0.1, "scaled_mae": 0.2, "rmse": 1.0, "mae": 0.5, "inside": 0.8} for v in labels
                ],
                "band": {"wanted": 0.8, "inside": 0.79},
            },
            "passages": [
                {
                    "why": why,
                    "tokens": ["to", labels[0], "\n"],
                    "nats": [0.1, 9.0, None],
                    "nats_per_token": 4.5,
                    "where": labels[1],
                }
                for why in ("usual", "surprising")
            ],
            "unknown_share": 0.02,
            "signatures": {labels[0]: labels[1]},
            "length_ratio": 0.97,
            "samples": [{"html": "", "answer": {"text": v}, "where": v} for v in labels],
            "residuals": {"points": [[float(i), i * 1.1] for i in range(30)]},
        },
        baselines={"majority": {"accuracy": 0.41, "log_loss": 1.4}, "linear": {"accuracy": 0.8642}},
        proofs={
            "split": {"claim": "no overlap", "test": "hashes", "held": True, "figures": {"train": 100, "names": labels}},
            "calibration": {"temperature": 1.42, "before": {"calibration_error": 0.0811, "bins": bins}},
        },
        problems=[
            {"code": "F-X", "severity": s, "what": labels[0], "where": labels[1], "fix": labels[2], "count": 3}
            for s in ("note", "error", "warning")
        ],
        columns=[
            {"column": v, "read": "number", "example": v, "missing": 0.25, "distinct": 3, "became": v, "option": f"--set {v}"}
            for v in labels
        ],
        pictures=[{"html": "<p>ok</p>", "target": v, "answer": labels[0], "score": 0.987, "where": v} for v in labels],
        commands=[(f"fukami predict {labels[0]}", labels[1])],
    )
