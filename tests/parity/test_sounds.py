"""What is heard in recordings is what librosa hears, to 1e-5; resampling is SciPy's."""

import numpy as np
import pytest
import torch

from fukami.fields.audio.features import Ear, LogMel, filters, frames_of
from fukami.fields.audio.spec import AudioSpec, Waves

pytestmark = pytest.mark.slow  # the library takes long to be imported
SPECS = [
    AudioSpec(8000, window=200, hop=80, bands=40, low_hz=20.0),
    AudioSpec(16_000, window=400, hop=160, bands=64),
    AudioSpec(22_050, window=1024, hop=256, bands=80, high_hz=8000.0),
]


@pytest.fixture(scope="module")
def librosa():
    return pytest.importorskip("librosa")


def wave(length: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 0.3 * np.sin(np.cumsum(rng.uniform(0, 1, length))) + rng.normal(0, 0.02, length)


def told(spec: AudioSpec) -> dict:
    size = LogMel(spec).size
    high = {"fmax": spec.high_hz} if spec.high_hz else {}
    return (
        {"sr": spec.rate_hz, "n_fft": size, "hop_length": spec.hop, "win_length": spec.window, "n_mels": spec.bands}
        | {"fmin": spec.low_hz}
        | high
    )


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: str(spec.rate_hz))
def test_decibels_on_the_mel_scale(spec, librosa):
    """A whole batch of other lengths, in double precision: each as librosa has it alone."""
    waves = [wave(length, length) for length in (4000, 2500, 3333)]
    lengths_B = torch.tensor([len(one) for one in waves])
    values_BL = torch.nn.utils.rnn.pad_sequence([torch.from_numpy(one) for one in waves], batch_first=True)
    hear = LogMel(spec).double()
    hear.weights, hear.window = filters(spec), torch.hann_window(spec.window, dtype=torch.float64)
    found = hear(values_BL)
    for own, heard, frames in zip(waves, found, frames_of(lengths_B, spec.hop).tolist(), strict=True):
        expected = librosa.power_to_db(librosa.feature.melspectrogram(y=own, **told(spec)))
        assert expected.shape[1] == frames
        np.testing.assert_allclose(heard[:frames].T.numpy(), expected, atol=2e-5, rtol=1e-5)


def test_single_precision_differs_by_rounding_alone(librosa):
    spec, own = SPECS[1], wave(16_000)
    found = LogMel(spec)(torch.from_numpy(own).float()[None])[0].T.numpy()
    expected = librosa.power_to_db(librosa.feature.melspectrogram(y=own, **told(spec)))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-3)


def test_cepstral_coefficients(librosa):
    spec = AudioSpec(16_000, window=400, hop=160, bands=40, coefficients=13)
    own = wave(8000)
    found, frames_B = Ear(spec).raw(Waves(torch.from_numpy(own).float()[None], torch.tensor([len(own)])))
    expected = librosa.feature.mfcc(y=own, n_mfcc=13, **told(spec))
    assert int(frames_B) == expected.shape[1]
    np.testing.assert_allclose(found[0].T.numpy(), expected, rtol=1e-5, atol=2e-3)


def test_filters_are_those_of_slaney(librosa):
    expected = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=64, dtype=np.float64)
    np.testing.assert_allclose(filters(SPECS[1]).T.numpy(), expected, atol=1e-9)
