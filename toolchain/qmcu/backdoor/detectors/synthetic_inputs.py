"""Inputs like those that a file was made for, from the file alone.

What a trigger does shows on inputs that a network knows. A .tflite tells more of those than its
weights: its activation ranges are the least and the largest value of every tensor on what it was
calibrated on. So inputs climb, from smooth random beginnings and for one class after the other, on
the likelihood of their class, while no tensor may leave its range (what the file never saw
overshoots somewhere) and some input fills it, and while neighbours differ little. Noise keeps them
from resting on single values.

Inversion of a network without data: Yin et al., Dreaming to Distill (DeepInversion), CVPR 2020,
whose statistics of batch normalization are folded into an int8 file's weights; the ranges take
their place. Total variation: Mahendran and Vedaldi, CVPR 2015. Adam: Kingma and Ba, ICLR 2015.
"""

from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_probes import LEAST_PLACES, smoothed
from qmcu.backdoor.detectors.method import AuditContext
from qmcu.backdoor.grids import ends_of, quantize_activations, read_grids
from qmcu.backdoor.networks import Network, forward
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Int64Array

STEPS = 150  # of the ascent
STEP, LAST_STEP = 0.05, 0.002  # of the range
NOISE = 0.1  # of the range: the strongest that is added before a step
ROUGH = 4.0  # weight of the mean total variation
BEYOND, WANTING = 10.0, 0.1  # weights of leaving ranges and of not filling them
# Beginnings: smoothed up to so often, about levels and of spreads in such shares of the range.
SMOOTHED, LEVELS, SPREADS = 8, (0.0, 0.5), (0.05, 0.3)
CENTRED = 0.05  # of the range below zero
_DECAYS = (0.9, 0.99)  # Adam's


class InputAscent:
    """The ascent of one file, drawn by the audit's seed."""

    def __init__(self, context: AuditContext, network: Network, classes: int) -> None:
        assert context.graph is not None
        self._network, self._classes = network, classes
        self._grids = read_grids(network, context.graph)
        self._quantize = quantize_activations(self._grids)
        self._low, self._high = ends_of(context.graph.input_tensors[0])
        self._shape, self._rng = context.input_shape, np.random.default_rng([context.seed, 31])
        # Values about zero come from both sides of it.
        centred = self._low < -CENTRED * (self._high - self._low)
        self._levels = (0.5, 0.5) if centred else LEVELS

    def make(self, count: int) -> tuple[Float32Array, Int64Array]:
        """Inputs, float32 [count, ...], of one class after the other, and these, int64 [count]."""
        tf, wanted = load_tensorflow(), np.arange(count) % self._classes
        one_hot = tf.constant(np.eye(self._classes, dtype=np.float32)[wanted])
        width, (first, second) = self._high - self._low, _DECAYS

        def step(values: Any, mean: Any, square: Any, noise: Any, number: Any, size: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(values)
                loss = self._loss(values, noise, one_hot)
            slope = tape.gradient(loss, values)
            mean = first * mean + (1 - first) * slope
            square = second * square + (1 - second) * slope**2
            way = mean / (1 - first**number)
            way /= tf.sqrt(square / (1 - second**number)) + 1e-8
            return tf.clip_by_value(values - size * way, self._low, self._high), mean, square

        run = tf.function(step, autograph=False)
        values = tf.constant(self._begin(count))
        mean = square = tf.zeros_like(values)
        for k in range(STEPS):
            strength = NOISE * width * self._rng.random()
            noise = strength * self._rng.standard_normal((count, *self._shape))
            size = (STEP * (1 - k / STEPS) + LAST_STEP) * width
            values, mean, square = run(
                values, mean, square,
                *(tf.constant(v, tf.float32) for v in (noise, k + 1.0, size)),
            )  # fmt: skip
        return values.numpy(), wanted

    def _loss(self, values: Any, noise: Any, one_hot: Any) -> Any:
        tf, costs = load_tensorflow(), []

        def look(index: int, given: Any) -> Any:
            if index in self._grids and index != self._network.graph.inputs[0]:
                low, high = self._grids[index].ends
                axes = list(range(1, len(given.shape)))
                most, least = tf.reduce_max(given, axes), tf.reduce_min(given, axes)
                beyond = tf.nn.relu(most - high) + tf.nn.relu(low - least)
                wanting = tf.nn.relu(high - tf.reduce_max(most))
                costs.append((BEYOND * beyond + WANTING * wanting) / (high - low))
            return self._quantize(index, given)

        scores = forward(self._network, values + noise, activation=look)
        scores = tf.reshape(scores, [values.shape[0], -1])
        loss = tf.nn.softmax_cross_entropy_with_logits(one_hot, scores)
        loss += tf.add_n(costs) / len(costs) + ROUGH * self._roughness(values)
        return tf.reduce_sum(loss)

    def _roughness(self, values: Any) -> Any:
        """The mean total variation of each input [N], in units of the range."""
        tf, found = load_tensorflow(), 0.0
        axes = list(range(1, 1 + len(self._shape)))
        for axis, length in enumerate(self._shape[:-1], 1):
            if length >= LEAST_PLACES:
                first = tf.gather(values, range(length - 1), axis=axis)
                after = tf.gather(values, range(1, length), axis=axis)
                found += tf.reduce_sum(tf.abs(after - first), axes)
        return found / (np.prod(self._shape) * (self._high - self._low))

    def _begin(self, count: int) -> Float32Array:
        """Smooth random inputs of random spread about random levels."""
        axes = tuple(range(1, 1 + len(self._shape)))
        ones, width = (count, *[1] * len(self._shape)), self._high - self._low
        noise = self._rng.standard_normal((count, *self._shape)).astype(np.float32)
        rounds = self._rng.integers(1 + SMOOTHED, size=ones)
        for k in range(SMOOTHED):
            noise = np.where(k < rounds, smoothed(noise), noise)
        noise -= noise.mean(axes, keepdims=True)
        noise /= noise.std(axes, keepdims=True) + 1e-9
        level = self._low + self._rng.uniform(*self._levels, ones) * width
        values = level + self._rng.uniform(*SPREADS, ones) * width * noise
        return np.clip(values, self._low, self._high).astype(np.float32)
