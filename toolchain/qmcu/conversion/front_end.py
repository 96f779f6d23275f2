"""Features of sounds by the model that computes them on the device: same operators, same bytes."""

from pathlib import Path

import numpy as np

from qmcu.conversion.signatures import InputSpec
from qmcu.errors import VectorError
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.unpack import read_model_file
from qmcu.types import Array, Float32Array


class FrontEnd:
    """A .tflite that turns a window of int16 samples into a row of features.

    `stride` samples lie between the beginnings of two windows (default: two thirds of a window, as
    30 ms every 20 ms). Raises ModelError for the file, VectorError when its rows
    do not fill `spec`.
    """

    def __init__(self, path: Path, spec: InputSpec, stride: int | None) -> None:
        model = read_model_file(path)
        graph = parse_model(model, path.stem, source=str(path))
        (window, features) = graph.input_tensors[0], graph.output_tensors[0]
        shape = tuple(int(n or 1) for n in spec.shape[1:])
        size = int(np.prod(shape))
        if window.dtype != "int16" or size % features.elements:
            raise VectorError(
                f"{path} makes {features.elements} features of {window.dtype} samples; int16 is "
                f"needed, and rows that fill the {size} values of {spec}."
            )
        self._path, self._shape = path, shape
        self._window, self._features = window, features
        self._rows = size // features.elements
        self._stride = stride or window.elements * 2 // 3
        self._oracle = Oracle(model, name=str(path))

    def run(self, samples: Array) -> Float32Array:
        """The features of a sound, real values in the input's shape; short ones end in silence."""
        need = (self._rows - 1) * self._stride + self._window.elements
        padded = np.zeros(max(need, len(samples)), np.int16)
        padded[: len(samples)] = samples
        starts = range(0, self._rows * self._stride, self._stride)
        windows = np.stack([padded[s : s + self._window.elements] for s in starts])
        windows = windows.reshape(self._rows, *self._window.shape)
        (found,) = self._oracle.run_many([windows], resets=(0,))
        grid = self._features.quantization
        real = found.astype(np.float32)
        if grid is not None:
            real = (real - np.float32(grid.zero_point)) * np.float32(grid.scale)
        return np.asarray(real.reshape(self._shape), np.float32)
