"""A run, an export and a report made from a table with planted names, numbers and addresses hold none of them."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import fukami

SURNAMES, GIVEN = ("佐藤", "鈴木", "高橋", "田中", "渡辺", "神宮寺"), ("太郎", "花子", "健一", "美咲", "翔太", "陽菜", "鶴之助")


def planted(total: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Personal columns: few enough people that each comes several times."""
    people = rng.integers(0, 30, total)
    return {
        "氏名": [f"{SURNAMES[p % 6]} {GIVEN[p % 7]}" for p in people],
        "Full Name": [f"Zebediah{p} Quillfeather" for p in people],
        "customer_id": [f"KD-77{p:03d}" for p in people],
        "電話番号": [f"090-{4000 + p}-{7000 + p}" for p in people],
        "e-mail": [f"person{p}@planted.example" for p in people],
        "住所": [f"東京都新宿区西新宿{p + 1}丁目{p + 3}番" for p in people],
        "street": [f"{p + 11} Quagmire Street" for p in people],
    }


def table_of(total: int = 300) -> tuple[str, set[str]]:
    rng = np.random.default_rng(0)
    columns = planted(total, rng)
    use, plan = rng.normal(size=total), rng.integers(0, 3, total)
    columns |= {
        "use": [f"{value:.3f}" for value in use],
        "plan": [f"plan{k}" for k in plan],
        "memo": [f"call {call} again in week {i}" for i, call in enumerate(columns["電話番号"])],
        "churn": ["yes" if value + k > 1 else "no" for value, k in zip(use, plan, strict=True)],
    }
    lines = [",".join(columns), *(",".join(row) for row in zip(*columns.values(), strict=True))]
    secrets = {cell for name in planted(1, rng) for cell in columns[name]}
    return "\n".join(lines) + "\n", secrets


def found_in(folder: Path, secrets: set[str]) -> set[tuple[str, str]]:
    """File and secret, in UTF-8, in the escapes of JSON, and in the encoding of Japanese Windows."""
    hits = set()
    for path in folder.rglob("*"):
        content = path.read_bytes() if path.is_file() else b""
        for secret in secrets:
            forms = {secret.encode(), json.dumps(secret)[1:-1].encode(), secret.encode("cp932", "ignore")}
            if any(form in content for form in forms):
                hits.add((path.name, secret))
    return hits


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["", "氏名,customer_id"])
def test_nothing_personal_is_found_in_a_run_its_export_and_its_pages(tmp_path, monkeypatch, keep):
    monkeypatch.chdir(tmp_path)
    text, secrets = table_of()
    Path("people.csv").write_text(text, "utf-8")
    settings = {"epochs": 3, "plan": "default", "target": "churn", **({"keep": keep} if keep else {})}
    run = fukami.train("tabular-classification", "people.csv", out="run", settings=settings)
    kinds = {told["name"]: told["kind"] for told in run.predictor.task.input.describe()}
    assert {kinds[name] for name in planted(1, np.random.default_rng(0))} == ({"ignored", "personal"} if keep else {"ignored"})
    told = json.loads(Path("run/proofs/data.json").read_text("utf-8"))["problems"]
    assert sum(problem["code"] == "F-COLUMN-PERSONAL" for problem in told) >= 6
    run.evaluate()
    run.export("onnx", out="exported")
    if keep:
        row = dict(zip(text.split("\n")[0].split(","), text.split("\n")[1].split(","), strict=True))
        asked = subprocess.run(
            [sys.executable, "exported/predict.py", "people.csv"], capture_output=True, text=True, check=True
        )
        assert json.loads(asked.stdout.splitlines()[0])["label"] == run.predict(row)[0]["label"]
    assert not found_in(tmp_path / "run", secrets)
    assert not found_in(tmp_path / "exported", secrets)
