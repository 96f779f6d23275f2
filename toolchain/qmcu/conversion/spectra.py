"""Spectra while a Keras model is traced: products with constant matrices, for TFLite's are complex.

tf.signal.rfft and stft then give a `Spectrum`, of which tf.math.real and imag and tf.abs take the
parts. What else is done with a complex number stays refused.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

# Of a root: what is asked for at least, so that quantized zeros have one.
_TINY = 1e-12


@dataclass(frozen=True)
class Spectrum:
    """Complex numbers as two tensors [..., length // 2 + 1]."""

    real: Any
    imag: Any


@contextmanager
def real_spectra(tensorflow: Any) -> Iterator[set[int]]:
    """Within it spectra are such pairs; gives the lengths of the transforms that were asked for."""
    tf, lengths = tensorflow, set[int]()
    own = {
        (module, name): getattr(module, name)
        for module, name in (
            (tf.signal, "rfft"), (tf.signal, "stft"), (tf.math, "real"), (tf.math, "imag"),
            (tf.math, "abs"), (tf, "abs"),
        )
    }  # fmt: skip

    def rfft(input_tensor: Any, fft_length: Any = None, name: str | None = None) -> Spectrum:
        x = tf.convert_to_tensor(input_tensor)
        length = int(x.shape[-1] if fft_length is None else np.asarray(fft_length).reshape(-1)[0])
        lengths.add(length)
        taken = min(length, int(x.shape[-1]))
        real, imag = _matrices(length, taken)
        return Spectrum(tf.matmul(x[..., :taken], real), tf.matmul(x[..., :taken], imag))

    def stft(
        signals: Any, frame_length: int, frame_step: int, fft_length: int | None = None,
        window_fn: Callable[..., Any] | None = tf.signal.hann_window, pad_end: bool = False,
        name: str | None = None,
    ) -> Spectrum:  # fmt: skip
        frames = tf.signal.frame(signals, frame_length, frame_step, pad_end=pad_end)
        if window_fn is not None:
            frames = frames * window_fn(frame_length, dtype=frames.dtype)
        return rfft(frames, fft_length or 1 << (int(frame_length) - 1).bit_length())

    def part(module: Any, name: str, of: Callable[[Spectrum], Any]) -> Callable[..., Any]:
        def function(x: Any, *given: Any, **named: Any) -> Any:
            return of(x) if isinstance(x, Spectrum) else own[module, name](x, *given, **named)

        return function

    def size(x: Spectrum) -> Any:
        return tf.sqrt(tf.maximum(x.real * x.real + x.imag * x.imag, _TINY))

    forms: dict[tuple[Any, str], Callable[..., Any]] = {
        (tf.signal, "rfft"): rfft,
        (tf.signal, "stft"): stft,
        (tf.math, "real"): part(tf.math, "real", lambda x: x.real),
        (tf.math, "imag"): part(tf.math, "imag", lambda x: x.imag),
        (tf.math, "abs"): part(tf.math, "abs", size),
        (tf, "abs"): part(tf, "abs", size),
    }
    try:
        for (module, name), form in forms.items():
            setattr(module, name, form)
        yield lengths
    finally:
        for (module, name), function in own.items():
            setattr(module, name, function)


def spectra_notes(lengths: set[int]) -> tuple[str, ...]:
    """What is to be said of the transforms."""
    return tuple(
        f"a spectrum of {n} values is a product with matrices of {n} x {2 * (n // 2 + 1)} numbers: "
        "TFLite's is of complex numbers"
        for n in sorted(lengths)
    )


def _matrices(length: int, taken: int) -> tuple[Any, Any]:
    """Cosines and minus sines, float32 [taken, length // 2 + 1]."""
    product = np.outer(np.arange(taken), np.arange(length // 2 + 1)) % length
    angles = 2 * np.pi * product / length
    return np.cos(angles).astype(np.float32), -np.sin(angles).astype(np.float32)
