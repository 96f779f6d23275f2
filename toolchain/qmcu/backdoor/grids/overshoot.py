"""Inputs that drive activations beyond a range: ascent on the overshoot of every tensor.

What int8 clips and float lets pass is a way for a backdoor to wake up, whatever the weights are
rounded to. Neither calibration inputs nor random variations of them show how far an input can drive
an activation; gradients do. So sign steps climb on the largest activations, each relative to its
range, over patches in many places and over whole inputs. Projected signed gradients: Madry et al.,
ICLR 2018; a pattern that several inputs share: Wang et al., Neural Cleanse, S&P 2019.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids.keeping import Keeping
from qmcu.backdoor.grids.simulation import (
    SAME_GRID,
    ActivationGrid,
    extremes,
    reduce_activations,
)
from qmcu.backdoor.networks import CHANNEL_AXES, Network, forward, logits
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float32Array, Int64Array

# Low and high end of each tensor's range, by its index.
Ends = Mapping[int, tuple[float, float]]

STEPS = 25
# The first step, of the range of inputs; later ones shrink to nothing.
REACH = 0.25
# Activation values that one ascent holds at once, at 4 bytes, and as many for its gradient; more
# patterns climb in parts.
HELD = 1e8
# By these scores (keeping.py) an answer is kept, and sure enough again where it was not.
_SURE, _SURER = 0.05, 0.2
# How sharply the largest activation of a tensor outweighs the others.
_SHARP = 10.0


@dataclass(frozen=True, eq=False)
class Patterns:
    """G patterns over N inputs each, and what they are to climb on.

    `inputs` are float32 [N, ...]; `masks` [G, ...] say how much of each value is replaced, 0 to 1;
    `values` [G, 1, ...] are what replaces it, or [G, N, ...] where each input has its own.
    `weights` [G, T] weigh the activation tensors.
    """

    inputs: Float32Array
    masks: Float32Array
    values: Float32Array
    weights: Float32Array

    def apply(self, values: Any) -> Any:
        """The inputs with `values` under the masks, [G * N, ...]: a TensorFlow tensor."""
        tf = load_tensorflow()
        masks = tf.constant(self.masks[:, None])
        marked = self.inputs[None] * (1 - masks) + values * masks
        return tf.reshape(marked, [-1, *self.inputs.shape[1:]])

    @property
    def marked(self) -> Float32Array:
        """The inputs with the patterns, float32 [G, N, ...]."""
        marked = self.apply(self.values).numpy()
        return np.asarray(marked.reshape(len(self.masks), *self.inputs.shape), np.float32)

    def take(self, rows: Int64Array) -> "Patterns":
        """Those patterns."""
        return replace(
            self, masks=self.masks[rows], values=self.values[rows], weights=self.weights[rows]
        )

    def climb(
        self, height: Callable[[Any], Any], low: float, high: float,
        *, steps: int = STEPS, reach: float = REACH,
    ) -> "Patterns":  # fmt: skip
        """The patterns after sign steps up `height`, of marked inputs, within `low` to `high`."""
        tf = load_tensorflow()

        def step(values: Any, size: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(values)
                reached = height(self.apply(values))
            way = tf.sign(tape.gradient(reached, values))
            return tf.clip_by_value(values + size * way, low, high)

        run = tf.function(step, autograph=False)
        values = tf.constant(self.values)
        for k in range(steps):
            size = reach * (1 - k / steps) * (high - low)
            values = run(values, tf.constant(size, tf.float32))
        return replace(self, values=values.numpy())


def climb_overshoot(
    network: Network, patterns: Patterns, tensors: Sequence[int], ends: Ends,
    low: float, high: float, generator: np.random.Generator, *, steps: int = STEPS,
    keeping: Keeping | None = None,
) -> Patterns:  # fmt: skip
    """The patterns that drive the weighed `tensors` furthest beyond `ends`.

    Patterns that climb on one tensor climb on some of its channels: the one that is driven
    furthest need not be the one that matters. With `keeping` a pattern by which the network leaves
    an answer climbs back until it keeps them.
    """
    tf = load_tensorflow()
    count = len(patterns.inputs)
    weights = np.repeat(patterns.weights, count, axis=0)
    single = np.count_nonzero(patterns.weights, axis=1, keepdims=True) == 1
    channels = {}
    before = None if keeping is None else logits(network, patterns.inputs)
    for index in tensors:
        shape = len(patterns.masks), network.graph.tensors[index].shape[-1]
        share = generator.uniform(0, 0.5, (shape[0], 1))
        kept = ~single | (generator.random(shape) < share)
        channels[index] = kept.astype(np.float32)

    def climb(rows: Int64Array) -> Float32Array:
        inputs = slice(rows[0] * count, (rows[-1] + 1) * count)
        kept = {index: values[rows] for index, values in channels.items()}

        def height(marked: Any) -> Any:
            reached, answers = measure_overshoot(network, marked, tensors, ends, kept)
            heights = tf.reduce_sum(weights[inputs] * reached, 1)
            if keeping is None:
                return tf.reduce_sum(heights)
            held = keeping.best(np.concatenate([before] * len(rows)), answers)
            heights, held = (tf.reshape(v, [-1, count]) for v in (heights, held))
            keeps = tf.reduce_min(held, 1, keepdims=True) > _SURE
            return tf.reduce_sum(tf.where(keeps, heights, tf.minimum(held, _SURER)))

        return patterns.take(rows).climb(height, low, high, steps=steps).values

    parts = split_rows(len(patterns.masks), count * count_values(network))
    return replace(patterns, values=np.concatenate([climb(rows) for rows in parts]))


def split_rows(rows: int, values: int, held: float = HELD) -> list[Int64Array]:
    """Rows of so many activation values each, in parts as equal as can be of `held` at most."""
    count = min(rows, math.ceil(rows * values / held))
    return np.array_split(np.arange(rows), max(1, count))


def measure_overshoot(
    network: Network, inputs: Any, tensors: Sequence[int], ends: Ends,
    channels: Mapping[int, Float32Array] | None = None,
) -> tuple[Any, Any]:  # fmt: skip
    """How many times its range each tensor reaches, a soft maximum over its values, [N, T]; and the
    network's outputs.

    `channels` [G, C] weigh each tensor's channels, its last axis, for G patterns of N / G inputs
    each, one after the other.
    """
    tf = load_tensorflow()
    found: dict[int, Any] = {}
    rows = tf.shape(inputs)[0]

    def see(index: int, values: Any) -> Any:
        if index in tensors:
            low, high = ends[index]
            reached = values / high if high > 0 else tf.zeros_like(values)
            if low < 0:
                reached = tf.maximum(reached, values / low)
            # A sequence's rows may come merged with the batch.
            if channels is not None:
                own = channels[index]
                reached = tf.reshape(reached, [len(own), -1, values.shape[-1]]) * own[:, None]
            flat = tf.reshape(reached, [rows, -1])
            found[index] = tf.reduce_logsumexp(_SHARP * flat, 1) / _SHARP
        return values

    answers = forward(network, inputs, activation=see)
    return tf.stack([found[i] for i in tensors], 1), answers


def own_ranges(network: Network, ends: Ends) -> tuple[int, ...]:
    """The activation tensors that have a range of their own in `ends`: no input, no pool."""
    return tuple(
        op.outputs[0]
        for op in network.graph.operators
        if op.kind not in (*SAME_GRID, "PARTS", "SOFTMAX")
        and any(ends.get(op.outputs[0], (0.0, 0.0)))
    )


def clean_ends(network: Network, samples: Float32Array) -> dict[int, tuple[float, float]]:
    """What each activation tensor reaches on `samples`, float32 [N, ...], 0 included."""
    found = extremes(network, samples)
    return {i: (min(0.0, float(a.min())), max(0.0, float(b.max()))) for i, (a, b) in found.items()}


def grid_ends(grids: Mapping[int, ActivationGrid]) -> dict[int, tuple[float, float]]:
    """The ranges of int8 grids."""
    return {i: g.ends for i, g in grids.items()}


def furthest_inputs(network: Network, inputs: Float32Array) -> Float32Array:
    """Those of `inputs`, float32 [N, ...], that drive some channel of some activation furthest."""
    tf = load_tensorflow()

    def look(values: Any) -> Any:
        return tf.reduce_max(tf.abs(values), list(range(1, len(values.shape) - 1)))

    rows: set[int] = set()
    for parts in reduce_activations(network, inputs, look).values():
        rows.update(int(row) for row in np.concatenate(parts).argmax(axis=0).reshape(-1))
    return inputs[sorted(rows)]


def weigh_tensors(
    count: int, rounds: int, generator: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Weights [rounds, count]: all tensors together first, then one by one in random order."""
    orders = [generator.permutation(count) for _ in range(1 + rounds // count)]
    rows = np.concatenate(orders)[: rounds - 1]
    return np.concatenate([np.ones((1, count)), np.eye(count)[rows]]).astype(np.float32)


def count_multiplications(network: Network) -> int:
    """Multiplications of one inference, of convolutions, dense layers and products of matrices."""
    total = 0
    graph = network.graph
    for layer, weights in zip(network.layers, network.weights, strict=True):
        output = graph.tensors[graph.operators[layer.operator].outputs[0]]
        # A dense layer has a place for each row of a sequence.
        places = output.elements // output.shape[-1] if layer.kind in CHANNEL_AXES else 1
        total += weights.size * places
    for operator in graph.operators:
        if operator.kind == "BATCH_MATMUL":
            left = graph.tensors[operator.inputs[0]]
            inner = left.shape[-2 if operator.options.get("adj_x") else -1]
            total += inner * graph.tensors[operator.outputs[0]].elements
    return total


def count_values(network: Network) -> int:
    """Activation values of one inference."""
    graph = network.graph
    return sum(graph.tensors[i].elements for op in graph.operators for i in op.outputs)
