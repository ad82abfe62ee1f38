"""Speech: layouts, texts as they are compared, what the doctor finds, decoding, and answers of a small model."""

import json
import os
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch

from fukami import api
from fukami.cli.main import main
from fukami.core.errors import DataError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.readers import read_any
from fukami.evaluate import details
from fukami.fields import batch as trees
from fukami.fields.audio.field import Audio
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.fields.reading import ctc
from fukami.fields.transcript.field import Transcript
from fukami.layers.ctc import Heard
from fukami.models import conformer, deep_speech

RATE, KINDS = 4000, ("audio", "transcript")
SAID = {"low": "Low!", "high": "High, high.", "both": "Low high"}


def wave(said: str, rng) -> np.ndarray:
    parts = []
    for word in said.lower().replace(",", "").replace(".", "").replace("!", "").split():
        at_L = np.arange(int(rng.integers(900, 1100))) / RATE
        parts += [0.4 * np.sin(2 * np.pi * (300 if word == "low" else 1200) * at_L), np.zeros(200)]
    found = np.concatenate(parts)
    return found + rng.normal(0, 0.005, len(found))


def sound(path: Path, said: str = "low", seed: int = 0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, wave(said, np.random.default_rng(seed)), RATE)


def read(source: Path, **choices):
    return read_any(source, DataChoices(**choices), kinds=KINDS)


def told(table, name="text") -> list:
    return table.columns[name].values.to_pylist()


def codes(task_data: Path, capsys, *more: str) -> dict[str, dict]:
    main(["check", "speech-recognition", str(task_data), "--json", *more])
    found = json.loads(capsys.readouterr().out)
    return {p["code"]: p for p in found.get("problems") or [found["error"]]}


# -- layouts -------------------------------------------------------------------------------------------------------------
def test_libri_speech(tmp_path):
    for part in ("train-clean-100", "dev-clean", "test-clean"):
        place = tmp_path / "LibriSpeech" / part / "84" / "12"
        sound(place / "84-12-0000.flac")
        (place / "84-12.trans.txt").write_text("84-12-0000 HE BEGAN\n")
    table = read(tmp_path / "LibriSpeech")
    assert told(table) == ["HE BEGAN"] * 3 and sorted(table.parts.tolist()) == ["test", "train", "valid"]
    assert table.layout == "transcripts" and told(table, "speaker") == ["84"] * 3


def test_lj_speech(tmp_path):
    for number in range(2):
        sound(tmp_path / "wavs" / f"LJ001-000{number}.wav")
    sound(tmp_path / "wavs" / "LJ009.wav")
    lines = [
        'LJ001-0000|In 1837 "he|In eighteen thirty seven "he',
        "LJ001-0001|That is all.|That is all.",
        "LJ7|gone|gone",
        "odd",
    ]
    (tmp_path / "metadata.csv").write_text("\n".join(lines))
    table = read(tmp_path)
    assert told(table) == ['In eighteen thirty seven "he', "That is all."]
    assert {p.code for p in table.problems} == {"F-SPEECH-FILES", "F-SPEECH-TEXTS", "F-SPEECH-LINE"}
    assert table.columns["text"].where(1).endswith("metadata.csv:2 (text)")


def test_common_voice(tmp_path):
    for part in ("train", "dev", "test"):
        sound(tmp_path / "clips" / f"{part}.wav")
        (tmp_path / f"{part}.tsv").write_text(f'client_id\tpath\tsentence\tage\nann\t{part}.wav\tSo "it is.\t\n')
    table = read(tmp_path)
    assert told(table) == ['So "it is.'] * 3 and table.parts.tolist() == ["train", "valid", "test"]
    assert told(read(tmp_path / "dev.tsv")) == ['So "it is.']


def test_a_text_beside_each_recording_and_names_and_tables(tmp_path):
    for number, said in enumerate(SAID):
        sound(tmp_path / "a" / f"{said}_{number}.wav", SAID[said])
        (tmp_path / "a" / f"{said}_{number}.txt").write_text(SAID[said] + "\n")
    assert sorted(told(read(tmp_path / "a"))) == sorted(SAID.values())
    assert sorted(told(read(tmp_path / "a", label_from="{label}_*"), "label")) == ["both", "high", "low"]
    (tmp_path / "t.csv").write_text(
        "path,transcript\n" + "".join(f'a/{said}_{n}.wav,"{SAID[said]}"\n' for n, said in enumerate(SAID))
    )
    assert told(read(tmp_path / "t.csv"), "transcript") == list(SAID.values())


def test_no_recording_of_any_text(tmp_path):
    (tmp_path / "metadata.csv").write_text("a|nothing here\n")
    with pytest.raises(DataError, match="F-SPEECH-FILES"):
        read(tmp_path)


@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="needs FUKAMI_DATA")
def test_the_sample_of_lj_speech_is_read_whole():
    source = Path(os.environ["FUKAMI_DATA"]) / "ljspeech-sample" / "ljspeech_sample.zip"
    table = read(source)
    assert len(table) == 32 and not table.problems and told(table)[1] == "in being comparatively modern."


# -- the doctor ----------------------------------------------------------------------------------------------------------
def listed(folder: Path, texts: list[str], seconds: float = 1.0) -> Path:
    rng = np.random.default_rng(0)
    for number in range(len(texts)):
        (folder / "wavs").mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "wavs" / f"{number}.wav", rng.normal(0, 0.1, int(seconds * RATE)), RATE)
    (folder / "metadata.csv").write_text("".join(f"{number}|{text}\n" for number, text in enumerate(texts)))
    return folder


def texts(count: int = 24) -> list[str]:
    return [f"one more word {'abcdefghijklmnopqrstuvwxyz'[n % 26]} {'once' if n % 2 else 'twice'}" for n in range(count)]


@pytest.mark.parametrize(
    ("change", "code", "got"),
    [
        ({0: "Word, A"}, "F-SPEECH-NORMAL", "'word a'"),
        ({0: "room 19"}, "F-SPEECH-DIGITS", "room 19"),
        ({0: "and [noise] on"}, "F-SPEECH-MARKUP", "[noise]"),
        ({0: "..."}, "F-SPEECH-NOTHING", "..."),
        ({0: "word " * 40}, "F-SPEECH-SHORT", "letters in 1.00 s"),
        ({0: "o"}, "F-SPEECH-PACE", ""),
        ({0: "word Ã©te"}, "F-TEXT-ENCODING", "Ã©"),
        (dict.fromkeys(range(24), "one"), "F-TEXT-CONSTANT", "one"),
    ],
)
def test_broken_texts_are_told(change, code, got, tmp_path, capsys):
    changed = [change.get(number, text) for number, text in enumerate(texts())]
    found = codes(listed(tmp_path / "d", changed), capsys)
    assert got in (found[code].get("got") or ""), found[code]


def test_letters_that_were_never_learned_are_told(tmp_path, capsys):
    place = listed(tmp_path / "d", [*texts(), "wörd æ"])
    lines = (place / "metadata.csv").read_text().splitlines()
    rows = "".join(f"wavs/{n}.wav,{line.split('|')[1]},{'test' if n == 24 else 'train'}\n" for n, line in enumerate(lines))
    (place / "t.csv").write_text("path,text,split\n" + rows)
    found = codes(place / "t.csv", capsys)
    assert found["F-SPEECH-LETTERS"]["got"].endswith("æ ö")


def test_damaged_recordings_and_tables_are_told(tmp_path, capsys):
    place = listed(tmp_path / "d", texts())
    (place / "wavs" / "0.wav").write_text("no sound")
    (place / "wavs" / "1.wav").write_bytes(b"")
    soundfile.write(place / "wavs" / "2.wav", np.zeros(RATE), RATE)
    assert {"F-AUDIO-UNREADABLE", "F-AUDIO-EMPTY", "F-AUDIO-SILENT"} <= set(codes(place, capsys))
    (tmp_path / "train.tsv").write_text("path\tsentence\n")
    assert "F-SPEECH-FILES" in codes(tmp_path / "train.tsv", capsys)


# -- texts and letters ---------------------------------------------------------------------------------------------------
def test_japanese_has_letters_for_words():
    column = Column("text", pa.array(["猫がいる。", "犬がいる。"]))
    target = Transcript().learn([column])
    assert not target.state["spaced"] and target.divided("猫がいる") == list("猫がいる")
    (one,) = target.known(target.truth(target.batch(target.encode([column]), np.array([1]))))
    assert one == {"text": "犬がいる"}


def test_unknown_letters_are_judged_and_not_learned():
    target = Transcript().learn([Column("text", pa.array(["ab", "ba"]))])
    column = Column("text", pa.array(["abç"]))
    batch = target.batch(target.encode([column]), np.array([0]))
    assert batch.ids.tolist() == [[1, 2]] and target.texts(target.truth(batch)) == ["abç"]


def test_answers_say_when_words_are_heard():
    target = Transcript().learn([Column("text", pa.array(["ab a"]))])  # " " is 1, a 2, b 3
    path = [0, 2, 2, 3, 0, 1, 1, 2]
    log = torch.full((1, 9, 4), -9.0)
    log[0, range(8), path] = -0.01
    heard = Heard(log, torch.tensor([8]), torch.tensor([0.1]))
    (answer,) = target.restore(target.answers(heard))
    assert answer["text"] == "ab a" and answer["score"] == pytest.approx(np.exp(-0.01), rel=1e-3)
    assert answer["words"] == [{"word": "ab", "start": 0.1, "end": 0.4}, {"word": "a", "start": 0.7, "end": 0.8}]


def test_blanks_at_either_end_are_nothing():
    log = np.full((6, 3), -9.0)
    log[range(6), [1, 2, 1, 0, 1, 1]] = -0.1
    assert ctc.decoded(log, 1, gap=1)[0] == [2] and ctc.decoded(log, 8, gap=1)[0] == [2]
    assert ctc.decoded(np.empty((0, 3)), 1)[0] == []


@pytest.mark.parametrize("family", [deep_speech, conformer])
def test_company_and_padding_change_nothing(family):
    spec, told = AudioSpec.small(), {"channels": 4, "width": 16, "depth": 1}
    torch.manual_seed(0)
    model = family.build(spec, target=5, **told).eval()
    rng = torch.Generator().manual_seed(0)
    values = torch.randn(2, 700, generator=rng) * torch.tensor([[1.0] * 700, [1.0] * 333 + [0.0] * 367])
    both = model(Waves(values, torch.tensor([700, 333])))
    alone = model(Waves(values[1:, :333], torch.tensor([333])))
    steps = int(alone.lengths[0])
    assert both.lengths.tolist()[1] == steps
    torch.testing.assert_close(both.log[1, :steps], alone.log[0, :steps], atol=1e-5, rtol=1e-4)


# -- a run ---------------------------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_a_small_run_hears_what_is_said(tmp_path):
    for number in range(48):
        said = list(SAID)[number % 3]
        sound(tmp_path / "d" / f"{number:02d}.wav", SAID[said], number)
        (tmp_path / "d" / f"{number:02d}.txt").write_text(SAID[said])
    told = {"bands": 16, "compile": "no", "epochs": 40, "batch_size": 8, "learning_rate": 1e-2, "noise": 0, "speed": 0}
    run = api.train("speech-recognition", tmp_path / "d", model="deep-speech:tiny", out=tmp_path / "run", **told)
    assert run.metrics["wer"] <= 0.2
    (answer,) = run.predict([str(tmp_path / "d" / "04.wav")])
    assert answer["text"] == "high high" and [word["word"] for word in answer["words"]] == ["high", "high"]
    assert answer["words"][0]["end"] <= answer["words"][1]["start"]
    page = (tmp_path / "run" / "report.html").read_text("utf-8")
    assert "What was misheard" in page and "for each second of a recording" in page


def test_arrays_without_a_rate_are_told():
    audio = Audio(name="audio").learn(Audio.specimens(np.array([0, 1]), np.random.default_rng(0)))
    columns = audio.gather([np.zeros(4000) + 0.1, (np.zeros(4000) + 0.1, 8000)])
    (problem,) = [p for p in audio.unfamiliar(columns) if p.code == "F-AUDIO-NO-RATE"]
    assert problem.count == 1 and "800" in problem.what
    raw = Column("audio", np.random.default_rng(0).normal(0, 0.1, (3, 16_000)))
    assert "F-AUDIO-NO-RATE" in [p.code for p in Audio(name="audio").check([raw])]


def test_what_details_tell():
    column = Column("text", pa.array(["one two", "two two", "one"]))
    target = Transcript().learn([column])
    truth = trees.arrays(target.truth(target.batch(target.encode([column]), np.arange(3))))
    answers = trees.arrays(target.ideal(trees.tensors(truth)))
    found = details.of_kind("transcript")(target)
    found.update(answers | {"spent": [0.1] * 3, "heard": np.ones(3)}, trees.taken(truth, np.array([0, 0, 2])), np.arange(3))
    told = found.told(None)
    assert told["errors"] == {"said": 5, "replaced": 1, "left_out": 0, "put_in": 0}
    assert told["confused"] == [{"said": "one", "heard": "two", "count": 1}] and told["unknown_letters"] == []
    assert told["real_time_factor"] == pytest.approx(0.1) and told["mistakes"][0]["target"] == "one two"


# -- public data ---------------------------------------------------------------------------------------------------------
@pytest.mark.slow
@pytest.mark.data
@pytest.mark.skipif("FUKAMI_DATA" not in os.environ, reason="needs FUKAMI_DATA")
@pytest.mark.parametrize(("name", "most"), [("fsdd-words", 0.02), ("fsdd-strings", 0.05)])
def test_spoken_digits_with_one_command(name, most, tmp_path):
    assert api.train("speech-recognition", name, out=tmp_path / "run").metrics["wer"] <= most
