"""Servers as processes: an export without torch, a kill and a new start, ending well, folders that are replaced or altered, a
thousand bodies that are none, a page in a real browser, texts as they are written."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

import fukami
from tests.small_predictors import small_predictor
from tests.small_servers import lines, run_of, serving
from tests.unit.test_serve import MALFORMED, picture

pytestmark = pytest.mark.slow
BROWSER = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def wine(tmp_path_factory) -> Path:
    """A small run."""
    place = tmp_path_factory.mktemp("runs") / "wine"
    fukami.train("tabular-classification", "wine", model="mlp", epochs=1, out=place)
    return place


@contextmanager
def server(*words: Any, env: dict[str, str] | None = None) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server of its own, and its address; it is ended, however the block ends."""
    command = [sys.executable, "-m", "fukami", "serve", *map(str, words), "--port", "0", "--json"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}
    )
    said: list[str] = []
    assert process.stderr is not None
    threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, "")), daemon=True).start()  # type: ignore[union-attr]
    try:
        address = ""
        while not address and process.poll() is None:
            address = next(iter(re.findall(r"http://\S+", "".join(said))), "")
            time.sleep(0.05)
        assert address, "".join(said)
        yield process, address
    finally:
        process.kill()
        process.wait()


def row(address: str) -> dict[str, Any]:
    (run,) = httpx.get(f"{address}/v1/runs", timeout=60).json()["runs"]
    return dict.fromkeys(run["inputs"]["row"]["properties"], 1.0)


def test_an_export_is_served_without_torch_as_the_run_is(wine, tmp_path):
    place = tmp_path / "wine-onnx"
    fukami.load(wine).export("onnx", out=place)
    code = (
        "import sys, json; from pathlib import Path; from starlette.testclient import TestClient;"
        "from fukami.serve.verb import Place, served_of; from fukami.serve.app import app_of;"
        f"client = TestClient(app_of(served_of([Path({str(place)!r})], Place())));"
        "client.__enter__(); schema = client.get('/v1/runs').json()['runs'][0]['inputs']['row']['properties'];"
        "told = client.post('/predict', json={'input': dict.fromkeys(schema, 1.0)}).json(); client.__exit__(None, None, None);"
        "print(json.dumps([told, 'torch' in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    told, torch_is_there = json.loads(done.stdout.splitlines()[-1])
    assert not torch_is_there
    (found,) = told["predictions"]
    (expected,) = fukami.load(wine).predict([found["input"]])
    assert found["scores"] == pytest.approx(expected["scores"], abs=1e-5)
    (place / "predict.py").write_text("raise SystemExit('executed')", "utf-8")
    refused = subprocess.run([sys.executable, "-m", "fukami", "serve", place, "--port", "0"], capture_output=True, text=True)
    assert refused.returncode == 1 and "F-RUN-ALTERED" in refused.stderr and "executed" not in refused.stderr


def test_what_is_accepted_is_answered_also_when_a_server_is_told_to_end(wine, tmp_path):
    log = tmp_path / "log.jsonl"
    with server(wine, "--log", log, "--deadline", "3000") as (process, address):
        one = row(address)
        found: list[int] = []
        asking = [
            threading.Thread(
                target=lambda: found.append(httpx.post(f"{address}/predict", json={"input": one}, timeout=60).status_code)
            )
            for _thread in range(8)
        ]
        for thread in asking:
            thread.start()
        until(lambda: 'fukami_requests_in_hand{run="wine"} 8.0' in httpx.get(f"{address}/metrics", timeout=60).text)
        process.send_signal(signal.SIGTERM)
        for thread in asking:
            thread.join()
        assert process.wait(60) == 0
        assert found == [200] * 8 and json.loads(process.stdout.read())["requests"] == 8  # type: ignore[union-attr]
    assert len(lines(log)) == 8


def test_a_server_that_is_killed_begins_again_and_its_log_can_be_read(wine, tmp_path):
    log = tmp_path / "log.jsonl"
    with server(wine, "--log", log) as (process, address):
        one, found, going = row(address), [], True

        def asks() -> None:
            while going:
                try:
                    found.append(httpx.post(f"{address}/predict", json={"input": one}, timeout=60).json())
                except (httpx.HTTPError, ValueError):
                    return

        asking = [threading.Thread(target=asks) for _thread in range(4)]
        for thread in asking:
            thread.start()
        while len(found) < 40:
            time.sleep(0.02)
        process.kill()
        going = False
        for thread in asking:
            thread.join()
    (expected,) = fukami.load(wine).predict([one])
    assert all(told["predictions"][0]["scores"] == pytest.approx(expected["scores"], abs=1e-5) for told in found)
    assert len(lines(log)) >= len(found)
    with server(wine, "--log", log) as (_process, address):
        assert (
            httpx.post(f"{address}/predict", json={"input": one}, timeout=60).json()["predictions"][0]["label"]
            == expected["label"]
        )


def test_a_folder_that_is_replaced_answers_anew_and_one_that_was_altered_does_not(wine, tmp_path):
    place, other = tmp_path / "wine", tmp_path / "other"
    shutil.copytree(wine, place)
    fukami.train("tabular-classification", "wine", model="linear", epochs=1, out=other)
    with server(place) as (_process, address):
        one = row(address)
        before = httpx.post(f"{address}/predict", json={"input": one}, timeout=60).json()["predictions"][0]["scores"]
        place.rename(tmp_path / "old")
        other.rename(place)
        until(lambda: 'fukami_reloads_total{held="true",run="wine"} 1.0' in httpx.get(f"{address}/metrics").text)
        after = httpx.post(f"{address}/predict", json={"input": one}, timeout=60).json()["predictions"][0]["scores"]
        assert after != before
        (place / "report.html").write_text("altered", "utf-8")
        (place / "manifest.json").touch()
        until(lambda: 'fukami_reloads_total{held="false",run="wine"} 1.0' in httpx.get(f"{address}/metrics").text)
        still = httpx.post(f"{address}/predict", json={"input": one}, timeout=60).json()["predictions"][0]["scores"]
        assert still == pytest.approx(after)


def until(holds: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def test_a_thousand_bodies_that_are_none_lead_to_no_mistake_of_ours():
    """Bodies that fit, cut, bent and joined; whatever they are, they are answered or refused with a code."""
    runs = [run_of(small_predictor(f"{name}-classification", steps=2)[0], name) for name in ("text", "tabular", "image")]
    draw = random.Random(0)
    with serving(*runs) as client:
        document = client.get("/openapi.json").json()["paths"]
        for number in range(1000):
            path = f"/v1/runs/{draw.choice(('text', 'tabular', 'image'))}/predict"
            content = document[path]["post"]["requestBody"]["content"]["application/json"]["example"]
            body = bytearray(draw.choice([json.dumps(content).encode(), draw.choice(MALFORMED), picture()])[:20_000])
            for _change in range(draw.randrange(4)):
                at = draw.randrange(len(body) + 1)
                body[at : at + draw.randrange(9)] = draw.choice(
                    [b"", b"null", b"[{", b'"', b"\x00", b"-1e999", draw.randbytes(3)]
                )
            if number % 5:
                response = client.post(path, content=bytes(body), headers={"content-type": "application/json"})
            else:
                response = client.post(
                    path, files={"x": (draw.choice(["a.png", "t.csv", "t.xlsx", "t.jsonl", "a"]), bytes(body))}
                )
            assert response.status_code < 500, (path, bytes(body)[:200], response.text)
            assert response.status_code == 200 or response.json()["error"]["code"].startswith("F-")


def test_a_language_model_writes_as_it_goes(tmp_path):
    """What comes part by part is what comes at once; the client of OpenAI reads it where it is installed."""
    draw = random.Random(0)
    words = [draw.choice(["the cat", "the dog", "sat on", "ran to", "the mat.", "the log.", "a man"]) for _word in range(2000)]
    (tmp_path / "text.txt").write_text(" ".join(words), "utf-8")
    place = tmp_path / "writer"
    fukami.train("language-modeling", tmp_path / "text.txt", model="gpt:tiny", epochs=1, out=place)
    with server(place) as (_process, address):
        body = {"prompt": "the cat", "max_tokens": 30}
        whole = httpx.post(f"{address}/v1/completions", json=body, timeout=120).json()["choices"][0]["text"]
        parts = []
        with httpx.stream("POST", f"{address}/v1/completions", json={**body, "stream": True}, timeout=120) as response:
            for line in response.iter_lines():
                if line.startswith("data: {"):
                    parts.append(json.loads(line[6:])["choices"][0]["text"])
        assert "".join(parts) == whole and len(parts) > 5
        openai = pytest.importorskip("openai")
        client = openai.OpenAI(base_url=f"{address}/v1", api_key="none", timeout=120)
        assert client.completions.create(model="writer", prompt="the cat", max_tokens=30).choices[0].text == whole
        talk = client.chat.completions.create(
            model="writer", messages=[{"role": "user", "content": "the cat"}], max_tokens=30, stream=True
        )
        assert "".join(chunk.choices[0].delta.content or "" for chunk in talk if chunk.choices) == whole


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
def test_the_page_in_a_browser(tmp_path):
    """A picture is dropped, a Japanese sentence typed, a row filled, a table dropped: on a phone, in both languages."""
    playwright = pytest.importorskip("playwright.sync_api")
    runs = [run_of(small_predictor(f"{name}-classification", steps=2)[0], name) for name in ("image", "text", "tabular")]
    with served_by(runs) as address, playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 390, "height": 844}, locale="en-US")
        faults: list[str] = []
        page.on("console", lambda told: faults.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda told: faults.append(str(told)))
        page.on(
            "request", lambda asked: faults.append(asked.url) if not asked.url.startswith((address, "data:", "blob:")) else None
        )
        page.goto(address)
        (tmp_path / "cat.png").write_bytes(picture())
        page.set_input_files("#inputs input[type=file]", str(tmp_path / "cat.png"))
        page.click("#ask")
        page.wait_for_selector("#answers .bars")
        page.select_option("#run", "text")
        page.focus("#inputs textarea")
        page.keyboard.type("とても良い映画でした。")
        page.keyboard.press("Tab")  # to the button, past options where there are none
        page.keyboard.press("Enter")
        page.wait_for_selector("#answers .said")
        (tmp_path / "films.csv").write_text("text\na fine film\nawful\n", "utf-8")
        page.set_input_files("#table input[type=file]", str(tmp_path / "films.csv"))
        page.wait_for_selector("#answers table")
        with page.expect_download() as download:
            page.click("#answers button")
        assert "answer" in Path(download.value.path()).read_text("utf-8").splitlines()[0]
        page.select_option("#run", "tabular")
        page.fill("#inputs input >> nth=0", "3")
        page.click("#ask")
        page.wait_for_selector("#answers .bars")
        page.select_option("#language", "ja")
        assert page.inner_text("#ask") == "答えを求める"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.screenshot(path=str(tmp_path / "page.png"), full_page=True)
        browser.close()
    assert not faults


@contextmanager
def served_by(runs: list[Any]) -> Iterator[str]:
    """A server in a thread of this process, at an address of its own."""
    import uvicorn

    from fukami.serve.app import Served, app_of
    from fukami.serve.batching import Bounds
    from fukami.serve.figures import Figures
    from fukami.serve.hosts import Hosts
    from fukami.serve.log import Log
    from fukami.serve.runs import ServedRun
    from fukami.serve.verb import Place, Server, bound

    figures, listening = Figures(), bound(Place(port=0))
    app = app_of(Served(Hosts([(ServedRun(run), ()) for run in runs], Bounds(), figures), figures, Log(None)))
    running = Server(uvicorn.Config(app, log_config=None))
    thread = threading.Thread(target=lambda: running.run(sockets=[listening]))
    thread.start()
    try:
        until(lambda: running.started)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
        listening.close()
