"""A server: what it answers, what it refuses and how it says so, who waits, what it logs, what it says of itself."""

import asyncio
import base64
import gzip
import io
import json
import re
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from PIL import Image

from fukami.core.errors import DataError, UsageError
from fukami.serve.batching import Bounds, Queue, Refused
from fukami.serve.exported import Exported
from fukami.serve.hosted import Told
from fukami.serve.limits import Limits
from fukami.serve.page import SENTENCES, page
from fukami.serve.values import example_of, require_small
from fukami.serve.verb import keys_of
from tests.small_predictors import small_predictor
from tests.small_servers import lines, run_of, serving


class Echo:
    """Answers with what it was asked; a stand-in that needs no network."""

    task, model, options, tables, writes = "echo", "none", {"max_tokens": 7}, False, True
    schemas = {"text": {"type": "string"}}

    def __init__(self, name: str = "echo", *, hold: threading.Event | None = None):
        self.path, self.hold, self.batches = Path(name), hold, []

    def ask(self, values: Any, options: dict[str, Any]) -> list[Told]:
        self.batches.append(len(values))
        if self.hold is not None and len(self.batches) > 1:
            self.hold.wait(10)
        if "bug" in values:
            raise RuntimeError("a secret of ours")
        return [Told({}, one) if isinstance(one, DataError) else Told({"text": str(one)}) for one in values]

    def streamed(self, value: Any, options: dict[str, Any]):
        if value == "none":
            raise DataError("F-TEXT-EMPTY", "the text is empty")
        yield from str(value).split(" ")


@pytest.fixture(scope="module")
def texts():
    return run_of(small_predictor("text-classification", steps=2)[0], "reviews")


@pytest.fixture(scope="module")
def rows():
    return run_of(small_predictor("tabular-classification", steps=2)[0], "people")


@pytest.fixture(scope="module")
def pictures():
    return run_of(small_predictor("image-classification", steps=2)[0], "cats")


def picture(side: int = 12, mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, (side, side)).save(out, "PNG")
    return out.getvalue()


# -- answers ---------------------------------------------------------------------------------------------------------------
def test_one_input_and_several_and_what_is_wrong_with_one_of_them(texts):
    with serving(texts) as client:
        one = client.post("/predict", json={"input": "a fine film"}).json()["predictions"]
        many = client.post("/v1/runs/reviews/predict", json={"inputs": ["a fine film", ""]}).json()["predictions"]
        alone = client.post("/predict", json={"input": ""})
    assert one[0]["input"] == "a fine film" and one[0].keys() == {"input", "label", "score", "scores"}
    assert many[0]["label"] == one[0]["label"] and many[0]["score"] == pytest.approx(one[0]["score"], abs=1e-5)
    assert many[1]["error"]["code"] == "F-TEXT-EMPTY"
    assert alone.status_code == 422 and alone.json()["error"]["code"] == "F-TEXT-EMPTY"


def test_pictures_come_as_files_or_in_base64(pictures):
    spelled = base64.b64encode(picture()).decode()
    with serving(pictures) as client:
        files = [("image", ("a.png", picture())), ("image", ("b.png", b"no picture"))]
        form = client.post("/predict", files=files).json()["predictions"]
        told = client.post("/predict", json={"inputs": [spelled, f"data:image/png;base64,{spelled}"]}).json()["predictions"]
        named = client.post("/predict", json={"input": __file__})
        larger = client.post("/predict", files={"image": ("c.png", picture(7000, "1"))})
    assert [one["input"] for one in form] == ["a.png", "b.png"] and form[1]["error"]["code"].startswith("F-IMAGE")
    assert form[0]["scores"] == pytest.approx(told[0]["scores"], abs=1e-5) and told[0]["label"] == told[1]["label"]
    assert named.status_code == 422 and named.json()["error"]["code"] == "F-SERVE-BASE64"
    assert larger.status_code == 413 and larger.json()["error"]["code"] == "F-SERVE-LARGE"


def test_names_of_files_are_texts(texts, tmp_path, monkeypatch):
    """Whoever asks over a network does not learn which files there are, nor what stands in them."""
    secret = tmp_path / "secret.txt"
    secret.write_text("a very fine film, superb", "utf-8")
    monkeypatch.chdir(tmp_path)
    with serving(texts) as client:
        found = client.post("/predict", json={"inputs": [str(secret), str(secret) + "~", "secret.txt", "-", str(tmp_path)]})
        odd = client.post("/predict", json={"input": "\u200b"}).json()
    assert all("label" in one for one in found.json()["predictions"])
    assert "secret" not in json.dumps(odd)
    assert texts.predictor.predict({"text": texts.predictor.task.input.gather([str(secret)])})  # on this machine it is a file


def test_a_packed_table_is_refused_before_it_is_unpacked(texts, monkeypatch):
    monkeypatch.setattr("fukami.serve.tables.MOST_UNPACKED", 1 << 20)
    with serving(texts) as client:
        bomb = client.post("/predict", files={"table": ("films.csv.gz", gzip.compress(b"text\n" + b"a" * (2 << 20)))})
        broken = client.post("/predict", files={"table": ("films.csv.gz", gzip.compress(b"text\nfine\n" * 9)[:-9])})
    assert bomb.status_code == 413 and bomb.json()["error"]["code"] == "F-SERVE-LARGE"
    assert 400 <= broken.status_code < 500


def test_forms_that_claim_more_than_they_hold_are_refused(texts):
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as packed:
        packed.writestr("xl/worksheets/sheet1.xml", '<row><c r="A1"/><c r="XFD1048576"/></row>')
    with serving(texts) as client:
        wide = client.post("/predict", files={"table": ("films.xlsx", sheet.getvalue())})
        series = client.post("/predict", files={"table": ("films.ts", sheet.getvalue())})
    assert wide.status_code == 413 and wide.json()["error"]["code"] == "F-SERVE-LARGE"
    assert series.status_code == 422 and series.json()["error"]["code"] == "F-SERVE-TABLE"


def test_the_rate_of_a_sound_is_bounded():
    out = io.BytesIO()
    soundfile.write(out, np.zeros(8), 8000, format="WAV")
    told = out.getvalue()
    require_small(told, "audio/wav", "audio")
    with pytest.raises(DataError, match="F-SERVE-LARGE"):
        require_small(told[:24] + (100_000_007).to_bytes(4, "little") + told[28:], "audio/wav", "audio")


def test_an_empty_key_is_none():
    with pytest.raises(UsageError, match="F-SERVE-KEY"):
        keys_of(["secret", ""])


def test_texts_of_exports_name_no_files():
    one = Exported.__new__(Exported)
    one.schemas, one._code = {"text": {"type": "string"}}, ("text",)
    with pytest.raises(ValueError, match="names of files"):
        one._given(b"/srv/secret.txt")
    assert one._given(b"a fine film") == "a fine film"
    one.schemas, one._code = {"asked": {"type": "object"}}, ("words", "asked")
    with pytest.raises(ValueError, match="names of files"):
        one._given({"question": "What?", "context": "/srv/secret.txt"})
    one.schemas, one._code = {"series": {"type": "object"}}, ("series",)
    with pytest.raises(ValueError, match="names of files"):
        one._given(b"/etc/passwd")


def test_what_is_wrong_with_one_input_is_told_beside_the_others(texts):
    with serving(texts) as client:
        told = client.post(
            "/predict", content=b'{"inputs": ["a fine film", "\\ud800"]}', headers={"content-type": "application/json"}
        )
    assert told.status_code == 200 and told.json()["predictions"][1]["error"]["code"] == "F-INPUT-UNICODE"


def test_tables_come_back_with_answers(texts, rows):
    table = b"text,id\na fine film,1\n,2\nawful,3\n"
    with serving(texts, rows) as client:
        told = client.post("/v1/runs/reviews/predict", files={"table": ("films.csv", table)}).json()
        as_csv = client.post("/v1/runs/reviews/predict?as=csv", files={"table": ("films.csv", table)})
        other = client.post("/v1/runs/reviews/predict?as=exe", files={"table": ("films.csv", table)})
        broken = client.post("/v1/runs/people/predict", files={"table": ("people.xlsx", b"PK\x03\x04 no spreadsheet")})
    assert next(one["input"] for one in told["predictions"]) == "films.csv:2"
    assert as_csv.headers["content-type"].startswith("text/csv") and "answers.csv" in as_csv.headers["content-disposition"]
    head, first, *_rest = as_csv.text.splitlines()
    assert head.startswith("text,id,answer,probability_") and first.startswith("a fine film,1,")
    assert other.json()["error"]["code"] == "F-OUT-KIND" and 400 <= broken.status_code < 500


def test_what_the_training_did_not_know_is_said_beside_the_answer(rows):
    with serving(rows) as client:
        (run,) = client.get("/v1/runs").json()["runs"]
        strange = example_of(run["inputs"]["row"])
        strange |= {name: "never seen" for name, part in run["inputs"]["row"]["properties"].items() if "examples" in part}
        told = client.post("/predict", json={"input": strange}).json()
    assert "never seen" in " ".join(told["notes"])


# -- refusals --------------------------------------------------------------------------------------------------------------
MALFORMED = [
    *(
        b"",
        b"{",
        b"[]",
        b"null",
        b"3",
        b'"text"',
        b"\xff\xfe",
        b"\x00" * 50,
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"NaN",
        b"[1,2",
        b"{}",
    ),
    *(b'{"inputs": 3}', b'{"inputs": []}', b'{"inputs": {}}', b'{"input": null}', b'{"inputs": [null]}', b'{"inputs": [true]}'),
    *(b'{"input": "a", "inputs": ["b"]}', b'{"input": "a", "more": 1}', b'{"input": "a", "options": 3}'),
    *(b'{"input": "a", "options": {"no_such": 1}}', b'{"input": [[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]}'),
    *(b'{"input": "\\ud800"}', b'{"input": ["\\udfff"]}', b'{"input": {"text": []}}', b'{"input": {"__proto__": 1}}'),
    b'{"input": ' + b"9" * 5000 + b"}",
    json.dumps({"inputs": [""] * 10_001}).encode(),
]


@pytest.mark.parametrize("kind", ["texts", "rows", "pictures"])
def test_malformed_bodies_are_refused_with_a_reason(kind, request):
    with serving(request.getfixturevalue(kind)) as client:
        for body in MALFORMED:
            response = client.post("/predict", content=body, headers={"content-type": "application/json"})
            told = response.json()
            if response.status_code == 200:  # a number is a text as well
                assert kind == "texts" and b"9999" in body
                continue
            assert 400 <= response.status_code < 500, (body[:60], told)
            assert told["error"]["code"].startswith("F-") and told["error"]["what"], body[:60]


def test_forms_that_are_none(texts):
    with serving(texts) as client:
        for body, kind in [
            (b"--x\r\n", "multipart/form-data; boundary=x"),
            (b"", "multipart/form-data"),
            (b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--\r\n", "multipart/form-data; boundary=x"),
            (b"text=1", "application/x-www-form-urlencoded"),
            (b"<a/>", "application/xml"),
        ]:
            response = client.post("/predict", content=body, headers={"content-type": kind})
            assert 400 <= response.status_code < 500 and response.json()["error"]["code"].startswith("F-SERVE"), (body, kind)


def test_bodies_are_bounded_before_they_are_read(texts):
    with serving(texts, limits=Limits(body=1000)) as client:
        large = client.post("/predict", content=b"x" * 1001)
        parts = client.post("/predict", content=(b"x" * 100 for _part in range(11)))
        packed = client.post("/predict", content=b"x", headers={"content-encoding": "gzip"})
    assert [one.status_code for one in (large, parts, packed)] == [413, 413, 415]
    assert large.json()["error"]["code"] == parts.json()["error"]["code"] == "F-SERVE-LARGE-BODY"


def test_keys_are_asked_for(texts):
    with serving(texts, keys=("one", "two")) as client:
        body = {"input": "a fine film"}
        paths = ("/v1/runs", "/metrics", "/openapi.json", "/v1/models")
        assert [client.get(path).status_code for path in paths] == [401] * 4
        assert client.post("/predict", json=body).headers["www-authenticate"] == "Bearer"
        assert client.post("/predict", json=body, headers={"authorization": "Bearer on"}).status_code == 401
        assert client.post("/predict", json=body, headers={"authorization": "Bearer two"}).status_code == 200
        assert client.post("/predict", json=body, headers={"x-api-key": "one"}).status_code == 200
        assert client.get("/healthz").status_code == client.get("/readyz").status_code == 200
        assert "reviews" not in client.get("/").text


def test_a_mistake_of_ours_says_nothing_of_how_we_work(capsys):
    with serving(Echo()) as client:
        response = client.post("/predict", json={"input": "bug"})
        assert client.post("/predict", json={"input": "well"}).status_code == 200
    assert response.status_code == 500 and "secret" not in response.text and response.json()["error"]["code"] == "F-BUG"
    assert "a secret of ours" in capsys.readouterr().err


# -- who waits ---------------------------------------------------------------------------------------------------------------
def asked_together(count: int, bounds: Bounds, *, seconds: float = 0.02, bad: int = -1) -> tuple[list[Any], list[int]]:
    """What comes of `count` requests at once, and how many examples were asked about together."""
    batches: list[int] = []

    def ask(values: Any, _options: Any) -> list[Told]:
        batches.append(len(values))
        time.sleep(seconds)
        if bad in values:
            raise ValueError("bad")
        return [Told({"value": value}) for value in values]

    async def all_of_them() -> list[Any]:
        queue = Queue(ask, bounds)
        told = await asyncio.gather(*(queue.answered([n], {}) for n in range(count)), return_exceptions=True)
        await queue.close()
        return told

    return asyncio.run(all_of_them()), batches


def test_requests_at_once_are_computed_together():
    told, batches = asked_together(40, Bounds(batch=16))
    assert [one[0].answer["value"] for one in told] == list(range(40))
    assert len(batches) <= 5 and max(batches) == 16


def test_none_fails_for_the_sake_of_another():
    told, _batches = asked_together(8, Bounds(), bad=3)
    assert isinstance(told[3], ValueError)
    assert [one[0].answer["value"] for n, one in enumerate(told) if n != 3] == [0, 1, 2, 4, 5, 6, 7]


def test_more_than_may_wait_are_told_to_come_again():
    told, _batches = asked_together(12, Bounds(waiting=5))
    refused = [one for one in told if isinstance(one, Refused)]
    assert len(refused) == 7 and {one.status for one in refused} == {429}
    hold = threading.Event()
    with serving(Echo(hold=hold), bounds=Bounds(waiting=1)) as client:
        waiting = threading.Thread(target=lambda: client.post("/predict", json={"input": "first"}))
        waiting.start()
        while 'fukami_requests_in_hand{run="echo"} 1.0' not in client.get("/metrics").text:
            time.sleep(0.01)
        response = client.post("/predict", json={"input": "second"})
        hold.set()
        waiting.join()
    assert response.status_code == 429 and response.headers["retry-after"] == "1"


def test_nobody_waits_for_longer_than_agreed():
    told, _batches = asked_together(3, Bounds(batch=1, seconds=0.1), seconds=0.08)
    assert [isinstance(one, Refused) and one.code for one in told] == [False, "F-SERVE-SLOW", "F-SERVE-SLOW"]


def test_what_was_accepted_is_answered_before_the_end():
    async def ending() -> list[Told]:
        queue = Queue(lambda values, _options: [time.sleep(0.1) or Told({"value": one}) for one in values], Bounds())
        accepted = asyncio.create_task(queue.answered(["last"], {}))
        await asyncio.sleep(0.01)
        await queue.close()
        assert accepted.done()
        return accepted.result()

    assert asyncio.run(ending())[0].answer == {"value": "last"}


# -- what a server says of itself ------------------------------------------------------------------------------------------
def test_the_document_has_the_schemas_of_the_fields(texts, rows):
    with serving(texts, rows) as client:
        told = client.get("/openapi.json").json()
    schemas = told["components"]["schemas"]
    assert schemas["people.Input"] == rows.predictor.task.input.schema()
    assert set(schemas["reviews.Answer"]["properties"]) == {"label", "score", "scores"}
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(told)))
    assert named == set(schemas)
    assert {"/v1/runs/reviews/predict", "/v1/runs/people/predict", "/predict"} < set(told["paths"])


def test_figures_and_log_count_what_was_asked(texts, tmp_path):
    log = tmp_path / "log.jsonl"
    with serving(texts, log=log) as client:
        client.post("/predict", json={"inputs": ["a private matter", ""]})
        client.post("/v1/runs/none/predict", json={"input": "x"})
        figures = client.get("/metrics").text
    assert 'fukami_requests_total{run="reviews",status="200"} 1.0' in figures and 'run="-",status="404"' in figures
    assert 'fukami_examples_refused_total{code="F-TEXT-EMPTY",run="reviews"} 1.0' in figures
    first, second = lines(log)
    assert first["status"] == 200 and first["examples"] == 2 and first["answers"][1] == {"error": "F-TEXT-EMPTY"}
    assert "label" in first["answers"][0] and second["status"] == 404
    assert "private" not in log.read_text("utf-8")


def test_the_page_needs_nothing_from_elsewhere_and_speaks_two_languages(texts):
    with serving(texts) as client:
        response = client.get("/")
    assert not re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:)(?:https?:)?//""", response.text)
    assert "default-src 'none'" in response.headers["content-security-policy"]
    told = json.loads(re.findall(r'<script type="application/json" id="told">(.*?)</script>', response.text, re.S)[0])
    assert told["words"]["en"]["ask"] == "Ask" and told["words"]["ja"]["ask"] == "答えを求める"
    assert all(told["words"]["ja"][name] != sentence for name, sentence in SENTENCES.items())
    assert "</script><b>" not in page([{"name": "</script><b>"}], keys=False)


# -- texts that are written ------------------------------------------------------------------------------------------------
def test_texts_come_whole_or_as_they_are_written():
    with serving(Echo()) as client:
        whole = client.post("/v1/completions", json={"model": "echo", "prompt": "one two three", "max_tokens": 3}).json()
        talk = {"messages": [{"role": "system", "content": "no"}, {"role": "user", "content": "yes"}]}
        chat = client.post("/v1/chat/completions", json=talk).json()
        stream = client.post("/v1/completions", json={"prompt": "one two three", "stream": True})
        failed = client.post("/v1/completions", json={"prompt": "none", "stream": True})
        models = client.get("/v1/models").json()
    assert whole["choices"][0]["text"] == "one two three" and whole["object"] == "text_completion"
    assert chat["choices"][0]["message"] == {"role": "assistant", "content": "yes"}
    events = [line.removeprefix("data: ") for line in stream.text.split("\n\n") if line]
    assert stream.headers["content-type"].startswith("text/event-stream") and events[-1] == "[DONE]"
    assert [json.loads(one)["choices"][0]["text"] for one in events[:-2]] == ["one", "two", "three"]
    assert json.loads(events[-2])["choices"][0]["finish_reason"] == "stop"
    assert failed.status_code == 422 and failed.json()["error"]["code"] == "F-TEXT-EMPTY"
    assert [one["id"] for one in models["data"]] == ["echo"]


@pytest.mark.parametrize(
    "body", [{}, {"prompt": 3}, {"prompt": ["a", "b"]}, {"prompt": "a", "n": 2}, {"prompt": "a", "max_tokens": "x"}, []]
)
def test_what_cannot_be_written_is_refused(body, texts):
    with serving(Echo(), texts) as client:
        told = client.post("/v1/completions", json=body)
        other = client.post("/v1/completions", json={"prompt": "a", "model": "reviews"})
    assert told.status_code == 422 and told.json()["error"]["code"] == "F-SERVE-COMPLETION"
    assert other.status_code == 404 and other.json()["error"]["code"] == "F-SERVE-TEXT"


def test_two_runs_of_one_name_are_refused():
    with pytest.raises(Exception) as told, serving(Echo("a/x"), Echo("b/x")):
        pass
    assert told.value.code == "F-SERVE-NAME"  # type: ignore[attr-defined]


def test_pixels_as_lists_are_no_file(pictures):
    with serving(pictures) as client:
        told = client.post("/predict", json={"input": np.zeros((3, 3)).tolist()})
    assert told.status_code == 422 and told.json()["error"]["code"] == "F-SERVE-BASE64"
