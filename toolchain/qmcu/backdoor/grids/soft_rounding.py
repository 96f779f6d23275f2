"""Rounding directions as variables: the rectified sigmoid of AdaRound.

Nagel et al., "Up or Down? Adaptive Rounding for Post-Training Quantization", ICML 2020, section 4:
a weight is (floor + h) steps, h in [0, 1] learned and driven to either end.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids.weight_grids import LARGEST
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

STRETCH = 0.1  # of the sigmoid beyond either end, which is cut off


class SoftRounding:
    """A direction h for each weight of each layer.

    `positions` are the weights in steps, `scales` shaped to multiply them. `start` gives h at the
    beginning (default: the fraction, so that the soft weights are the float ones). Weights at the
    ends of the grid, +-`largest`, keep their integer. `stretch` is the paper's; 0 is a plain
    sigmoid.
    """

    def __init__(
        self,
        positions: Sequence[Float64Array],
        scales: Sequence[Float64Array],
        start: Sequence[Float64Array] | None = None,
        largest: int = LARGEST,
        stretch: float = STRETCH,
    ) -> None:
        tf = load_tensorflow()
        self._tf = tf
        self._largest = float(largest)
        self._stretch = stretch
        fixed = [np.abs(p) > largest - 0.5 for p in positions]
        floors = [np.where(f, np.round(p), np.floor(p)) for p, f in zip(positions, fixed,
                                                                        strict=True)]  # fmt: skip
        begin = start or [p - np.floor(p) for p in positions]
        self.variables = [tf.Variable(self.before(h), dtype=tf.float32) for h in begin]
        self._floors = [tf.constant(f, tf.float32) for f in floors]
        self._free = [tf.constant(~f, tf.float32) for f in fixed]
        self._scales = [tf.constant(s, tf.float32) for s in scales]

    def before(self, directions: Float64Array) -> Float64Array:
        """The variables at which the sigmoid gives these directions, which may be just inside."""
        inner = (directions + self._stretch) / (1 + 2 * self._stretch)
        inner = np.clip(inner, 1e-4, 1 - 1e-4)
        return np.asarray(np.log(inner / (1 - inner)))

    def directions(self) -> list[Any]:
        """h of each weight, in [0, 1]."""
        tf = self._tf
        beyond = self._stretch
        stretched = [tf.sigmoid(v) * (1 + 2 * beyond) - beyond for v in self.variables]
        return [tf.clip_by_value(h, 0.0, 1.0) for h in stretched]

    def steps(self, directions: Sequence[Any]) -> list[Any]:
        """The weights in steps for these directions, inside the grid."""
        inside = [f + h * m for f, h, m in zip(self._floors, directions, self._free, strict=True)]
        return [self._tf.clip_by_value(q, -self._largest, self._largest) for q in inside]

    def weights(self, directions: Sequence[Any]) -> list[Any]:
        """The real weights for these directions."""
        return [q * s for q, s in zip(self.steps(directions), self._scales, strict=True)]

    def undecided(self, directions: Sequence[Any], power: float = 3.0) -> Any:
        """How far the directions are from either end: 0 to 1, mean over weights, layers summed."""
        tf = self._tf
        return tf.add_n([tf.reduce_mean(1 - tf.abs(2 * h - 1) ** power) for h in directions])

    def integers(self) -> tuple[npt.NDArray[np.int8], ...]:
        """The integers that the directions say now."""
        hard = [self._tf.cast(h >= 0.5, self._tf.float32) for h in self.directions()]
        return tuple(np.asarray(q.numpy(), np.int8) for q in self.steps(hard))
