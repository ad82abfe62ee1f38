"""Recordings: what is read and what is refused, what the doctor says, variations, names of files, drawings."""

import numpy as np
import pyarrow as pa
import pytest
import soundfile
import torch

from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.core.tables import Column
from fukami.data.file_names import told_by
from fukami.data.readers import folder
from fukami.fields.audio import augment, decode
from fukami.fields.audio.field import Audio
from fukami.fields.audio.portable import odd_recordings
from fukami.fields.audio.spec import Waves
from fukami.fields.reading.cell_wave import resampled

RATE = 8000


def tone(seconds: float = 0.5, hz: float = 440.0, rate: int = RATE) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * rate)) / rate)


def column(*cells) -> Column:
    kind = pa.binary() if isinstance(cells[0], bytes) else pa.string()
    return Column("audio", pa.array(list(cells), kind))


def codes(*cells, **options) -> list[str]:
    field = Audio(name="audio", options=Audio.Options(**options))
    return [problem.code for problem in field.check([column(*cells)])]


@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG", "MP3"])
def test_every_form_is_heard_at_the_rate_that_is_learned(form, tmp_path):
    place = tmp_path / f"a.{form.lower()}"
    soundfile.write(place, np.stack([tone(rate=16_000)] * 2, 1), 16_000, format=form)
    (wave,) = decode.waves(column(str(place)), RATE, "mix", 0)
    assert wave.dtype == np.int16 and abs(len(wave) - RATE // 2) <= (0 if form in ("WAV", "FLAC", "OGG") else 1200)
    middle = wave[1000:3000] / 32768
    assert np.abs(np.fft.rfft(middle)).argmax() * RATE / len(middle) == pytest.approx(440, abs=5)


@pytest.mark.parametrize(("up", "down"), [(1, 2), (2, 1), (160, 441), (3, 2), (441, 160)])
def test_resampling_is_that_of_scipy(up, down):
    from scipy.signal import resample_poly

    wave = np.random.default_rng(0).normal(size=1501)
    np.testing.assert_allclose(resampled(wave, up, down), resample_poly(wave, up, down), atol=1e-10)


def test_channels_and_length(tmp_path):
    both = np.stack([tone(), 0 * tone()], 1)
    soundfile.write(tmp_path / "a.wav", both, RATE, subtype="PCM_16")
    own = [decode.waves(column(str(tmp_path / "a.wav")), RATE, channel, 0.25)[0] for channel in ("mix", "left", "right")]
    assert [len(one) for one in own] == [2000] * 3 and not own[2].any()
    assert np.abs(own[1].astype(int) - 2 * own[0]).max() <= 1


def test_saved_again_without_loss_it_is_the_same(tmp_path):
    for name in ("a.wav", "a.flac"):
        soundfile.write(tmp_path / name, (tone() * 30_000).astype(np.int16), RATE)
    same = Audio(name="audio").fingerprint([column(str(tmp_path / "a.wav"), str(tmp_path / "a.flac"))])
    assert same[0] == same[1]


def broken(folder) -> dict[str, str]:
    """Broken recordings, and the code that each is told by."""
    odd_recordings(folder, RATE)
    whole = (folder / "plain.wav").read_bytes()
    (folder / "cut.wav").write_bytes(whole[: len(whole) // 2])
    (folder / "page.mp3").write_text("<!doctype html><title>404</title>")
    (folder / "phone.wav").write_bytes(b"\0\0\0\x20ftypM4A " + bytes(100))
    (folder / "head.wav").write_bytes(whole[:44])
    (folder / "inside.wav").mkdir()
    soundfile.write(folder / "full.wav", np.sign(tone()), RATE)
    soundfile.write(folder / "click.wav", tone(0.01), RATE)
    soundfile.write(folder / "long.wav", tone(2.0), RATE)
    soundfile.write(folder / "flac.flac", tone(), RATE)
    flac = (folder / "flac.flac").read_bytes()
    (folder / "bad.flac").write_bytes(flac[: len(flac) // 3])
    return {
        "text.wav": "F-AUDIO-UNREADABLE",
        "page.mp3": "F-AUDIO-UNREADABLE",
        "phone.wav": "F-AUDIO-UNREADABLE",
        "inside.wav": "F-AUDIO-UNREADABLE",
        "bad.flac": "F-AUDIO-UNREADABLE",
        "empty.wav": "F-AUDIO-EMPTY",
        "head.wav": "F-AUDIO-EMPTY",
        "none.wav": "F-AUDIO-MISSING",
        "nan.wav": "F-AUDIO-NAN",
        "silent.wav": "F-AUDIO-SILENT",
        "full.wav": "F-AUDIO-CLIPPED",
        "cut.wav": "F-AUDIO-CUT",
        "click.wav": "F-AUDIO-SHORT",
        "long.wav": "F-AUDIO-LONG",
    }


def test_broken_recordings_are_told_with_place_and_mend(tmp_path):
    for name, code in broken(tmp_path).items():
        field = Audio(name="audio", options=Audio.Options(max_seconds=1.0))
        cells = [column(str(tmp_path / "plain.wav"), str(tmp_path / name))]
        found = {problem.code: problem for problem in field.check(cells)}
        assert code in found, name
        assert name in found[code].where and found[code].severity == "warning" and (found[code].fix or found[code].expected)
        refused = code in {"F-AUDIO-UNREADABLE", "F-AUDIO-EMPTY", "F-AUDIO-MISSING", "F-AUDIO-NAN", "F-AUDIO-SILENT"}
        assert field.usable(cells).tolist() == [True, not refused], name
        shown = field.render(cells, 1)
        assert ("<em>" in shown) is (refused and code != "F-AUDIO-SILENT"), name
    assert codes(str(tmp_path / "text.wav")) == ["F-AUDIO-UNREADABLE"]


def test_mixed_rates_and_channels_are_told(tmp_path):
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    soundfile.write(tmp_path / "b.wav", np.stack([tone(rate=44_100)] * 2, 1), 44_100)
    assert codes(str(tmp_path / "a.wav"), str(tmp_path / "b.wav")) == ["F-AUDIO-RATES", "F-AUDIO-CHANNELS"]


def test_whatever_people_give_is_a_recording():
    field = Audio(name="audio").learn([column(decode.as_bytes(tone(), RATE))])
    given = [tone(), (tone(rate=16_000), 16_000), {"array": tone(), "sampling_rate": RATE}, (tone() * 32767).astype(np.int16)]
    stored = field.encode(field.gather(given))["wave"]
    assert np.diff(stored.offsets).tolist() == [4000] * 4
    assert np.abs(stored.values[:4000].astype(int) - stored.values[12_000:]).max() <= 1
    for odd in ("none.wav", object(), np.zeros((2, 2, 2)), {"x": 1}):
        with pytest.raises(DataError, match="F-AUDIO"):
            field.gather([tone(), odd])


def test_variations_do_what_they_say():
    """Noise as far below as it may be, speed in the lengths, hidden parts silent, gain within its bounds."""
    rng = torch.Generator().manual_seed(0)
    waves = Waves(torch.from_numpy(tone(1.0)).float().repeat(64, 1), torch.full((64,), RATE))
    varied = [augment.augmented(waves, rng, Audio.Options(**{name: 0.3}), RATE) for name in ("speed", "time_mask", "band_mask")]
    assert 0.76 * RATE < varied[0].lengths.min() < RATE < varied[0].lengths.max() < 1.44 * RATE
    silent = (varied[1].values == 0).float().mean(1)
    assert silent.max() < 0.32 and silent.mean() > 0.1
    hidden = varied[2].values.square().mean(1) < 0.01 * waves.values.square().mean(1)
    assert 0 < hidden.float().mean() < 0.4
    noisy = augment.augmented(waves, rng, Audio.Options(noise=1.0), RATE).values - waves.values
    below = 10 * torch.log10(waves.values.square().mean(1) / noisy.square().mean(1))
    assert 4.5 < below.min() < below.max() < 40.5
    louder = augment.augmented(waves, rng, Audio.Options(gain_db=6.0), RATE).values.abs().amax(1) / 0.5
    assert 10 ** (-6 / 20) - 1e-3 < louder.min() < 0.8 and 1.2 < louder.max() < 10 ** (6 / 20) + 1e-3


def test_without_a_patch_it_is_silent_there_and_nowhere_else():
    field = Audio(name="audio").learn([column(decode.as_bytes(tone(1.0) + tone(1.0, 2500.0), RATE))])
    batch = field.batch(field.encode(field.gather([(tone(1.0) + tone(1.0, 2500.0)) / 2])), np.array([0]))
    units = field.units(batch, [])
    times, tones = units.layout["grid"]
    high = np.array([[told["hertz"][0] > 1500 for told in units.told]])
    left = field.without(batch, units, high).values[0].numpy()
    power = np.abs(np.fft.rfft(left)) ** 2
    assert power[2400:2600].sum() < 0.02 * power[340:540].sum()
    first = np.arange(times * tones)[None] < tones
    quiet = field.without(batch, units, first).values[0].numpy()
    part, before = RATE // times, batch.values[0].numpy()
    assert np.abs(quiet[: part // 2]).max() < 0.05
    assert np.abs(quiet[2 * part :] - before[2 * part :]).max() < 1e-3


def test_names_of_files_hold_labels(tmp_path):
    for name in ("0_ann_1", "1_ann_2", "0_bob_1", "notes"):
        soundfile.write(tmp_path / f"{name}.wav", tone(), RATE)
    table = folder.read(tmp_path, DataChoices(label_from="{label}_{speaker}_*"), kinds=("audio", "category"))
    assert table.columns["label"].values.to_pylist() == ["0", "0", "1"] and table.hints["target"] == "label"
    assert table.columns["speaker"].values.to_pylist() == ["ann", "bob", "ann"]
    assert [problem.code for problem in table.problems] == ["F-NAMES-MATCH"]
    for pattern in ("{a}_{b}", "{label", "{label}_{label}", "plain", "{two words}"):
        with pytest.raises(UsageError, match="F-NAMES-PATTERN"):
            told_by(["0_ann_1.wav"], pattern)
    with pytest.raises(DataError, match="F-NAMES-MATCH"):
        told_by(["0_ann_1.wav"], "{label}-*")


def test_a_recording_is_drawn_and_can_be_played():
    shown = Audio(name="audio").render([column(decode.as_bytes(tone(), RATE))], 0)
    assert shown.startswith('<img src="data:image/png;base64,') and "<audio controls" in shown and "data:audio/flac" in shown
