"""What disturbs a network without aiming at anything: mixed inputs; and channels that are aimed.

Inputs of which a part is something else, in five ways: a quarter of noise, noise on top, a smooth
field on top, a quarter of their own places in another order, the mean with another input
(superposition: STRIP, Gao et al., ACSAC 2019). And factors of a tenth on the channels of every
layer, the same for all inputs, by ascent on one class after the other (neurons' noise: BAN, Xu et
al., NeurIPS 2024; after Wu and Wang, ANP, NeurIPS 2021).
"""

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from qmcu.backdoor.detectors.class_probes import smoothed
from qmcu.backdoor.detectors.quantized import QuantizedModel
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Float64Array, Int64Array

MIXED, _LEAST_MIXED = 600, 100  # inputs of each way
_MOST_VALUES = 2**24  # in these
BLEND = 0.25  # share of what is mixed in
NOISE, FIELD = 0.1, 0.24  # of the range: deviation of noise, height of a field
ROUNDS = 6  # a field is smoothed so often at most
FACTOR, STEPS, REACH = 0.1, 10, 0.4  # REACH: the first step, of FACTOR

WAYS = ("noise mixed in", "noise on top", "smooth field", "own places", "another input")

Random = np.random.Generator
Mix = Callable[[Float32Array, Random], Any]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Disturbed inputs, float32 [N, ...], and which given ones each was made of, int64 [N, 1 or
    2].
    """

    inputs: Float32Array
    made_of: Int64Array


def mixtures(
    given: Float32Array,
    low: float,
    high: float,
    rng: Random,
    *,
    count: int | None = None,
    names: Collection[str] = WAYS,
) -> Iterator[tuple[str, Mixture]]:
    """Every way of mixing of these `names`, inputs kept from `low` to `high`; `count` of each, or
    as many as `mixed_inputs` says.
    """
    width, count = high - low, count or mixed_inputs(given.shape[1:])

    def blend(some: Float32Array, rng: Random) -> Any:
        return (1 - BLEND) * some + BLEND * rng.uniform(low, high, some.shape)

    def add(some: Float32Array, rng: Random) -> Any:
        return some + NOISE * width * rng.standard_normal(some.shape)

    def cover(some: Float32Array, rng: Random) -> Any:
        return some + FIELD * width * smooth_fields(some.shape, rng)

    def reorder(some: Float32Array, rng: Random) -> Any:
        return (1 - BLEND) * some + BLEND * in_other_order(some, rng)

    ways: dict[str, Mix] = {
        "noise mixed in": blend, "noise on top": add, "smooth field": cover,
        "own places": reorder,
    }  # fmt: skip
    for name in names:
        chosen = rng.integers(len(given), size=(count, 1 + (name not in ways)))
        some = given[chosen[:, 0]]
        mixed = ways[name](some, rng) if name in ways else given[chosen].mean(axis=1)
        yield name, Mixture(np.clip(mixed, low, high).astype(np.float32), chosen)


def mixed_inputs(shape: tuple[int, ...]) -> int:
    """How many inputs each way makes: of large ones fewer."""
    return max(_LEAST_MIXED, min(MIXED, _MOST_VALUES // math.prod(shape)))


def smooth_fields(shape: tuple[int, ...], rng: Random) -> Float32Array:
    """Random fields [N, ...] with 1 as their largest value or -1 as their least, each smoothed
    once to ROUNDS times along its axes of places.
    """
    values = rng.standard_normal(shape).astype(np.float32)
    rounds = rng.integers(1, 1 + ROUNDS, size=(shape[0], *[1] * (len(shape) - 1)))
    for k in range(ROUNDS):
        values = np.where(k < rounds, smoothed(values), values)
    most = np.abs(values).max(axis=tuple(range(1, len(shape))), keepdims=True)
    return np.asarray(values / np.maximum(most, 1e-9), np.float32)


def in_other_order(inputs: Float32Array, rng: Random) -> Float32Array:
    """Each input's places (of a row of numbers: its numbers) in a random order."""
    depth = inputs.shape[-1] if inputs.ndim > 2 else 1
    flat = inputs.reshape(len(inputs), -1, depth)
    order = rng.permuted(np.tile(np.arange(flat.shape[1]), (len(flat), 1)), axis=1)
    return np.take_along_axis(flat, order[..., None], axis=1).reshape(inputs.shape)


class ChannelAscent:
    """Factors from 1 - FACTOR to 1 + FACTOR on the channels of all layers but the last, which
    climb on the margins of inputs of other classes, for all classes at once.
    """

    def __init__(self, model: QuantizedModel, classes: int, inputs: Float32Array) -> None:
        tf = load_tensorflow()
        self._model, self._classes, self._count = model, classes, len(inputs)
        tiled = np.tile(inputs, (classes, *[1] * (inputs.ndim - 1)))
        self._inputs = tf.constant(tiled)
        wanted = np.repeat(np.eye(classes, dtype=np.float32), len(inputs), 0)
        self._wanted = tf.constant(wanted)
        self._widths: dict[int, int] = {}
        layers = {
            model.network.graph.operators[layer.operator].outputs[0]
            for layer in model.network.layers[:-1]
        }

        def look(index: int, values: Any) -> Any:
            if index in layers and len(values.shape) > 1 and values.shape[0] == len(tiled):
                self._widths[index] = int(values.shape[-1])
            return values

        model(self._inputs, look)

    @property
    def channels(self) -> int:
        """How many channels there are to change; with none there is nothing to climb on."""
        return sum(self._widths.values())

    def margins(self, own: Int64Array, unit: float) -> Float64Array:
        """Each class's margin over the best other one, [classes, N], in units of `unit`; `own` are
        the inputs' answers.
        """
        tf = load_tensorflow()
        other = (own[None] != np.arange(self._classes)[:, None]).astype(np.float32)
        counted = tf.constant(other)

        def step(factors: list[Any], size: Any) -> tuple[list[Any], Any]:
            with tf.GradientTape() as tape:
                tape.watch(factors)
                margins = self._margins(factors) / unit
                rising = -tf.reduce_sum(counted * tf.nn.softplus(-2 * margins))
            slopes = tape.gradient(rising, factors, unconnected_gradients="zero")
            moved = [
                tf.clip_by_value(f + size * tf.sign(s), -FACTOR, FACTOR)
                for f, s in zip(factors, slopes, strict=True)
            ]
            return moved, margins

        run = tf.function(step, autograph=False)
        factors = [tf.zeros([self._classes, width]) for width in self._widths.values()]
        for k in range(STEPS):
            factors, _ = run(factors, tf.constant((1 - k / STEPS) * REACH * FACTOR, tf.float32))
        return np.asarray(run(factors, tf.constant(0.0))[1].numpy(), np.float64)

    def _margins(self, factors: list[Any]) -> Any:
        tf, changed = load_tensorflow(), dict(zip(self._widths, factors, strict=True))

        def change(index: int, values: Any) -> Any:
            if index not in changed:
                return values
            each = tf.repeat(changed[index], self._count, axis=0)
            ones = [1] * (len(values.shape) - 2)
            return values * (1 + tf.reshape(each, [-1, *ones, values.shape[-1]]))

        scores = self._model(self._inputs, change)
        own = tf.reduce_sum(scores * self._wanted, 1)
        best = tf.reduce_max(scores - 1e9 * self._wanted, 1)
        return tf.reshape(own - best, [self._classes, self._count])


def passes_of(classes: int) -> int:
    """Gradients that the ascent takes for each input."""
    return classes * (STEPS + 1)


def passes_of_mixtures(shape: tuple[int, ...]) -> int:
    """What the mixtures take, in gradients: a forward pass is a third of one."""
    return math.ceil(5 * mixed_inputs(shape) / 3)
