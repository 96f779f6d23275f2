"""Spectra as products with matrices: TensorFlow's numbers, and int8 models that have them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.conversion.sources import open_source
from qmcu.conversion.spectra import real_spectra, spectra_notes
from qmcu.errors import ModelError
from qmcu.model.reader import parse_model

tensorflow = pytest.importorskip("tensorflow", reason="TensorFlow is not installed")
ROWS = np.random.default_rng(0).normal(size=(2, 100)).astype(np.float32)


@pytest.mark.parametrize("length", [None, [64], [128], [99]])
def test_spectra_are_tensorflow_s(length: list[int] | None) -> None:
    expected = tensorflow.signal.rfft(ROWS, length).numpy()
    with real_spectra(tensorflow) as lengths:
        found = tensorflow.signal.rfft(ROWS, length)
        sizes = tensorflow.abs(found).numpy()
        real, imag = (f(found).numpy() for f in (tensorflow.math.real, tensorflow.math.imag))
        assert (tensorflow.abs(np.float32(-2)).numpy(), tensorflow.math.real(3.0)) == (2, 3)
    assert lengths == {100 if length is None else length[0]} and len(spectra_notes(lengths)) == 1
    np.testing.assert_allclose(real + 1j * imag, expected, atol=2e-4)
    np.testing.assert_allclose(sizes, np.abs(expected), atol=2e-4)
    assert tensorflow.signal.rfft(ROWS).dtype == tensorflow.complex64


@pytest.mark.parametrize("options", [{}, {"fft_length": 64}, {"window_fn": None, "pad_end": True}])
def test_spectrograms_are_tensorflow_s(options: dict[str, Any]) -> None:
    expected = tensorflow.abs(tensorflow.signal.stft(ROWS, 40, 15, **options)).numpy()
    with real_spectra(tensorflow):
        found = tensorflow.abs(tensorflow.signal.stft(ROWS, 40, 15, **options)).numpy()
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_a_keras_model_with_a_mel_spectrogram_becomes_int8(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="Keras 3 is not installed")
    source = keras.Input((512,))
    mel = keras.layers.MelSpectrogram(
        fft_length=128, sequence_stride=64, num_mel_bins=8, sampling_rate=8000
    )
    keras.Model(source, keras.layers.Dense(3)(keras.layers.Flatten()(mel(source)))).save(
        tmp_path / "m.keras"
    )
    rows = np.random.default_rng(0).normal(size=(8, 512)).astype(np.float32)
    np.savez(tmp_path / "samples.npz", input_0=rows)
    opened = open_source(tmp_path / "m.keras", tmp_path, {})
    opened.convert({"samples": "samples.npz"})
    assert not unsupported(parse_model((tmp_path / "model.tflite").read_bytes()))
    assert any("a spectrum of 128 values" in note for note in opened.notes)


def test_what_keras_says_is_told(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras", reason="Keras 3 is not installed")
    source = keras.Input((20,))
    halved = keras.layers.Activation("glu")(keras.layers.Dense(8)(source))
    keras.Model(source, keras.layers.Dense(4)(halved)).save(tmp_path / "m.keras")
    with pytest.raises(ModelError, match="expected axis -1 of input shape to have value 8"):
        open_source(tmp_path / "m.keras", tmp_path, {})
