"""Patterns that inputs share, climbed for all classes at once through the file's own integers.

A pattern is what `Apply` makes inputs into: values in a region, something added, a blend. Every
class has its own, which climb on the margin of its score over the best other one. Projected signed
gradients: Madry et al., ICLR 2018; a pattern for every class: Wang et al., Neural Cleanse, IEEE S&P
2019.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array

# Patterns [patterns, ...] and inputs [N, ...] in, inputs that have them out: [patterns, N, ...].
Apply = Callable[[Any, Any], Any]
# A step's gradients in, the way to go out; and what keeps patterns where they may be.
Way = Callable[[Any], Any]
# Margins [patterns, N] in, what is to rise out.
Height = Callable[[Any], Any]


class PatternAscent:
    """Ascents of one file; patterns are in the order of classes, as many for each."""

    def __init__(self, model: QuantizedModel, classes: int) -> None:
        self._model, self._classes = model, classes

    def climb(
        self,
        apply: Apply,
        start: Float32Array,
        inputs: Float32Array,
        height: Height,
        *,
        steps: int,
        reach: float,
        keep: Way,
        way: Way | None = None,
    ) -> Any:
        """The patterns [patterns, ...] after `steps` from `start`, the first of length `reach`, the
        others shrinking to nothing; `way` is the sign of the gradient unless it is given.
        """
        tf = load_tensorflow()
        given, direct = tf.constant(inputs), way or tf.sign
        wanted = self._wanted(len(start), len(inputs))

        def step(values: Any, size: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(values)
                rising = tf.reduce_sum(height(self._margins(apply(values, given), wanted)))
            return keep(values + size * direct(tape.gradient(rising, values)))

        run = tf.function(step, autograph=False)
        values = tf.constant(np.asarray(start, np.float32))
        for k in range(steps):
            values = run(values, tf.constant((1 - k / steps) * reach, tf.float32))
        return values

    def margins(self, apply: Apply, values: Any, inputs: Float32Array) -> Float64Array:
        """The margins [patterns, N] of inputs with each pattern."""
        tf = load_tensorflow()
        wanted = self._wanted(int(values.shape[0]), len(inputs))

        def look(values: Any, given: Any) -> Any:
            return self._margins(apply(values, given), wanted)

        run = tf.function(look, autograph=False)
        return np.asarray(run(values, tf.constant(inputs)), np.float64)

    def _wanted(self, patterns: int, count: int) -> Any:
        each = np.repeat(np.eye(self._classes, dtype=np.float32), patterns // self._classes, 0)
        return load_tensorflow().constant(np.repeat(each, count, axis=0))

    def _margins(self, marked: Any, wanted: Any) -> Any:
        tf = load_tensorflow()
        scores = self._model(tf.reshape(marked, [-1, *marked.shape[2:]]))
        best = tf.reduce_max(scores - 1e9 * wanted, 1)
        own = tf.reduce_sum(scores * wanted, 1)
        return tf.reshape(own - best, [marked.shape[0], marked.shape[1]])


def within(low: float, high: float) -> Way:
    """Values kept between two ends."""
    return lambda values: load_tensorflow().clip_by_value(values, low, high)


def in_regions(masks: Float32Array) -> Apply:
    """Values in a region of each pattern's own, masks float32 [patterns, ...] of 0 and 1, are the
    pattern's; patterns are float32 [patterns, 1, ...].
    """
    mask = load_tensorflow().constant(masks[:, None])

    def apply(values: Any, inputs: Any) -> Any:
        return inputs[None] * (1 - mask) + mask * values

    return apply
