"""Real inputs that do not fit the scale of the input they go to, and the likely cause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from qmcu.arrays import read_arrays
from qmcu.model.graph import Graph, Tensor
from qmcu.model.signature import input_key
from qmcu.types import Array

# Above this share of an input's values the answers are likely not the model's any more.
MUCH = 0.01


@dataclass(frozen=True)
class Clipping:
    """The `share` of values of an input that are clipped: they reach from `least` to `most`, and
    the input's type holds `low` to `high`.
    """

    name: str
    share: float
    least: float
    most: float
    low: float
    high: float

    @property
    def much(self) -> bool:
        """Whether it is a warning."""
        return self.share > MUCH

    def __str__(self) -> str:
        text = (
            f"{self.share:.2%} of the values of {self.name} are clipped: they reach from "
            f"{self.least:.4g} to {self.most:.4g}, the input holds {self.low:.4g} to "
            f"{self.high:.4g}"
        )
        return f"{text}; {self._cause()}" if self.much else text

    def _cause(self) -> str:
        largest = max(abs(self.least), abs(self.most))
        small = max(abs(self.low), abs(self.high)) <= 1.5
        if small and self.least >= 0 and 16 < largest <= 256:
            return "these are likely pixels 0 to 255 for a model of smaller numbers: scale them"
        if small and 256 < largest <= 32768:
            return "these are likely 16-bit samples for a model of -1 to 1: divide them by 32768"
        if self.least < self.low and self.most <= self.high * 1.05:
            return "these are likely centred values for a model of positive ones: shift them"
        return (
            "the inputs are scaled otherwise than the calibration was, or it held too few of them: "
            "convert again with data like these"
        )


def clipped(values: Array, tensor: Tensor, name: str = "") -> Clipping | None:
    """What of real `values` a quantized tensor clips; None for nothing, and for its own type."""
    grid = tensor.quantization
    if grid is None or values.dtype.kind not in "biuf" or values.dtype == np.dtype(tensor.dtype):
        return None
    if np.dtype(tensor.dtype).kind not in "iu" or not values.size:
        return None
    limits = np.iinfo(np.dtype(tensor.dtype))
    low, high = ((end - grid.zero_point) * grid.scale for end in (limits.min, limits.max))
    real = values.astype(np.float64)
    beyond = (real < low - grid.scale / 2) | (real > high + grid.scale / 2)
    if not beyond.any():
        return None
    return Clipping(
        name or tensor.name, float(beyond.mean()), float(real.min()), float(real.max()), low, high
    )


def clipping_of(arrays: Sequence[Array], graph: Graph) -> tuple[Clipping, ...]:
    """What each input of a model clips of its array, in the model's order."""
    found = (
        clipped(array, graph.tensors[index], graph.name_of(index))
        for array, index in zip(arrays, graph.inputs, strict=True)
    )
    return tuple(one for one in found if one is not None)


def clipping_in(path: Path, graph: Graph, limit: int | None = None) -> tuple[Clipping, ...]:
    """The same of an .npz of inputs; nothing where it lacks some. Raises VectorError."""
    arrays: Mapping[str, Array] = read_arrays(path)
    names = [graph.name_of(index) for index in graph.inputs]
    keys = [input_key(arrays, i, name, len(names)) for i, name in enumerate(names)]
    if any(key not in arrays for key in keys):
        return ()
    return clipping_of([arrays[key][:limit] for key in keys], graph)
