"""Recordings without their noise: what is read, what is mixed in, models, the ratio, and what spectral subtraction does."""

import base64
import io
import json

import numpy as np
import pytest
import soundfile
import torch

from fukami.answered_pictures import written
from fukami.cli.main import main
from fukami.core.errors import DataError, UsageError
from fukami.core.recipe import DataChoices
from fukami.data.readers import read_any
from fukami.evaluate.baselines.spectral_subtraction import subtracted
from fukami.fields.audio.spec import AudioSpec, Waves
from fukami.fields.noisy import mixing
from fukami.fields.noisy.field import Noisy
from fukami.fields.sound.field import Sound, as_text
from fukami.layers.enhancing import Spectra, missing_db
from fukami.metrics.states.distortion import si_sdr
from fukami.models import conv_tasnet, denoising_autoencoder, mask_unet

RATE = 4000


def sound(path, seconds=0.5, hz=440, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    at = np.arange(int(seconds * RATE)) / RATE
    wave = 0.3 * np.sin(2 * np.pi * hz * at) * (np.sin(2 * np.pi * 3 * at) > 0)
    soundfile.write(path, wave + np.random.default_rng(seed).normal(0, 0.0005, len(at)), RATE)


def read(source):
    return read_any(source, DataChoices(), kinds=("noisy", "sound"))


def codes(place, capsys, *more):
    main(["check", "audio-enhancement", str(place), "--json", *more])
    found = json.loads(capsys.readouterr().out)
    return {p["code"]: p for p in found.get("problems") or [found["error"]]}


# -- what is read --------------------------------------------------------------------------------------------------------
def test_pairs_by_name_with_parts(tmp_path):
    for side in ("noisy", "clean"):
        for part in ("trainset_28spk_wav", "testset_wav"):
            sound(tmp_path / f"{side}_{part}" / "p1.wav")
    sound(tmp_path / "clean_testset_wav" / "p2.wav")
    table = read(tmp_path)
    assert sorted(table.parts.tolist()) == ["test", "train"] and [p.code for p in table.problems] == ["F-NOISE-PAIRS"]
    assert not table.columns["noisy"].told


def test_noise_beside_clean_recordings_is_none_of_them(tmp_path):
    for place in ("clean_train/a.wav", "clean_train/b.wav", "noise_train/n.wav"):
        sound(tmp_path / place)
    table = read(tmp_path)
    assert table.columns["clean"].strings() == ["clean_train/a.wav", "clean_train/b.wav"]
    assert [p.code for p in table.problems] == ["F-NOISE-OTHERS"] and "n.wav" in table.problems[0].where


def test_recordings_of_one_name_in_several_folders_are_kept_apart(tmp_path):
    for place in ("noisy/p1/a.wav", "noisy/p2/a.wav", "clean/p1/a.wav", "clean/p2/a.wav"):
        sound(tmp_path / place)
    table = read(tmp_path)
    pairs = zip(table.columns["noisy"].strings(), table.columns["clean"].strings(), strict=True)
    assert sorted(pairs) == [("noisy/p1/a.wav", "clean/p1/a.wav"), ("noisy/p2/a.wav", "clean/p2/a.wav")]


def test_clean_recordings_alone(tmp_path, capsys):
    for number in range(12):
        sound(tmp_path / "clean" / f"{number}.wav", hz=300 + 40 * number, seed=number)
    assert read(tmp_path).columns["noisy"].told == {"clean": True}
    found = codes(tmp_path, capsys, "--set", "snr=0,5")
    assert "white at 0,5 dB" in found["F-NOISE-MIXED"]["what"]


def test_what_is_wrong_is_told(tmp_path, capsys):
    sound(tmp_path / "a" / "noisy" / "1.wav")
    sound(tmp_path / "a" / "clean" / "2.wav")
    with pytest.raises(DataError, match="F-NOISE-PAIRS"):
        read(tmp_path / "a")
    for number in range(4):
        sound(tmp_path / "b" / f"{number}.wav", seed=number, hz=300 + 50 * number)
    (tmp_path / "b" / "bad.wav").write_text("no sound")
    (tmp_path / "b" / "empty.wav").write_bytes(b"")
    soundfile.write(tmp_path / "b" / "silent.wav", np.zeros(RATE), RATE)
    found = codes(tmp_path / "b", capsys)
    assert {"F-AUDIO-UNREADABLE", "F-AUDIO-EMPTY", "F-AUDIO-SILENT"} <= set(found)
    for setting, code in (("snr=loud", "F-NOISE-SNR"), ("snr=", "F-NOISE-SNR")):
        assert code in codes(tmp_path / "b", capsys, "--set", setting)
    (tmp_path / "c").mkdir()
    assert "F-FOLDER-EMPTY" in codes(tmp_path / "c", capsys)
    with pytest.raises(UsageError, match="F-NOISE-FOLDER"):
        mixing.recordings(str(tmp_path / "none"), RATE)
    sound(tmp_path / "d" / "noisy" / "1.wav", seconds=0.5)
    sound(tmp_path / "d" / "clean" / "1.wav", seconds=0.3)
    assert "F-SOUND-LENGTHS" in codes(tmp_path / "d", capsys)
    sound(tmp_path / "e" / "noisy" / "1.wav")
    sound(tmp_path / "e" / "clean" / "1.wav")
    assert "F-SOUND-SAME" in codes(tmp_path / "e", capsys)


# -- what is mixed in ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("noise", ["white", "pink", "folder"])
def test_noise_is_as_loud_as_asked(noise, tmp_path):
    sound(tmp_path / "n.wav", hz=900)
    clean = torch.from_numpy(0.1 * np.sin(np.arange(3000) * 0.2)).float()[None].repeat(4, 1)
    lengths = torch.tensor([3000, 3000, 1000, 3000])
    clean[2, 1000:] = 0
    told = {"noise": str(tmp_path) if noise == "folder" else noise, "snr": "6", "rate": RATE}
    found = mixing.mixed(clean, lengths, torch.Generator().manual_seed(0), **told)
    ratio = 10 * torch.log10(clean.square().sum(1) / (found - clean).square().sum(1))
    torch.testing.assert_close(ratio, torch.full((4,), 6.0), atol=1e-3, rtol=0)
    assert not found[2, 1000:].any() and not torch.equal(found[0], found[1])
    again = mixing.mixed(clean, lengths, torch.Generator().manual_seed(0), **told)
    assert torch.equal(found, again)


def test_an_example_has_its_own_noise_wherever_it_stands(tmp_path):
    for number in range(3):
        sound(tmp_path / f"{number}.wav", hz=300 + 40 * number, seed=number)
    (column,) = (read(tmp_path).columns[name] for name in ("noisy",))
    noisy = Noisy().learn([column])
    whole, part = noisy.encode([column])["wave"], noisy.encode([column.take(np.array([2]))])["wave"]
    assert np.array_equal(whole.values[whole.offsets[2] :], part.values)
    (path,) = noisy.as_inputs([column], np.array([2]), tmp_path / "out")
    assert np.array_equal(soundfile.read(path, dtype="int16")[0], part.values)


# -- models and measures -------------------------------------------------------------------------------------------------
def test_spectra_come_back_as_they_were():
    spectra, wave = Spectra(64), torch.randn(2, 777, generator=torch.Generator().manual_seed(0))
    found = spectra(wave)
    torch.testing.assert_close(spectra.inverse(found, 777), wave, atol=1e-5, rtol=0)
    window = torch.hann_window(64)
    expected = torch.stft(torch.nn.functional.pad(wave, (48, 64)), 64, 16, window=window, center=False, return_complex=True)
    torch.testing.assert_close(found[:, 0], expected.real.transpose(1, 2), atol=1e-4, rtol=0)
    torch.testing.assert_close(found[:, 1], expected.imag.transpose(1, 2), atol=1e-4, rtol=0)


def test_the_ratio_is_that_of_torchmetrics():
    functional = pytest.importorskip("torchmetrics.functional.audio")
    rng = np.random.default_rng(0)
    clean = rng.normal(size=(5, 400))
    found = 0.3 * clean + rng.normal(0, 0.2, clean.shape)
    own = [si_sdr(a, b) for a, b in zip(found, clean, strict=True)]
    theirs = functional.scale_invariant_signal_distortion_ratio(torch.from_numpy(found), torch.from_numpy(clean))
    np.testing.assert_allclose(own, theirs.numpy(), atol=1e-4)
    lost = missing_db(torch.from_numpy(found), torch.from_numpy(clean))
    np.testing.assert_allclose(25 - lost.numpy(), own, atol=0.5)


@pytest.mark.parametrize("family", [mask_unet, conv_tasnet, denoising_autoencoder])
def test_company_padding_and_loudness_change_nothing(family):
    torch.manual_seed(0)
    model = family.build(AudioSpec.small(), **family.CARD.small).eval()
    values = 0.1 * torch.randn(2, 700, generator=torch.Generator().manual_seed(1))
    values[1, 333:] = 0
    both = model(Waves(values, torch.tensor([700, 333]))).values
    alone = model(Waves(values[1:, :333], torch.tensor([333]))).values
    torch.testing.assert_close(both[1, :333], alone[0], atol=1e-6, rtol=1e-4)
    louder = model(Waves(3 * values, torch.tensor([700, 333]))).values
    torch.testing.assert_close(louder, 3 * both, atol=1e-5, rtol=1e-3)


def test_spectral_subtraction_helps_where_a_recording_has_pauses():
    rng = np.random.default_rng(0)
    at = np.arange(8000) / RATE
    clean = np.sin(2 * np.pi * 500 * at) * (np.sin(2 * np.pi * 2 * at) > 0)
    noisy = clean + rng.normal(0, clean.std(), len(at))
    assert len(subtracted(noisy, 128)) == len(at)
    assert si_sdr(subtracted(noisy, 128), clean) > si_sdr(noisy, clean) + 3


def test_answers_are_files(tmp_path):
    wave = 0.5 * np.sin(np.arange(800) * 0.3)
    sound_text = as_text(wave, RATE)
    back, rate = soundfile.read(io.BytesIO(base64.b64decode(sound_text.partition(",")[2])))
    assert rate == RATE and np.abs(back - wave).max() < 1e-4
    told = [{"input": "a/b.wav", "sound": sound_text}, {"input": "c/b.wav", "sound": sound_text}]
    found = written(told, tmp_path / "out", run="r")
    assert [one["sound"] for one in found] == [str(tmp_path / "out" / name) for name in ("b.wav", "b-2.wav")]
    assert soundfile.info(found[0]["sound"]).samplerate == RATE
    assert "<audio" in Sound(state={"rate_hz": RATE}).drawn({"sound": sound_text}, columns=[], row=0)
