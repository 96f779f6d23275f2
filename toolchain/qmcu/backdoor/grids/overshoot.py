"""Inputs that drive activations beyond a range: ascent on the overshoot of every tensor.

What int8 clips and float lets pass is a way for a backdoor to wake up, whatever the weights are
rounded to. Neither calibration inputs nor random variations of them show how far an input can drive
an activation; gradients do. So sign steps climb on the largest activations, each relative to its
range, over patches in many places and over whole inputs. Projected signed gradients: Madry et al.,
ICLR 2018; a pattern that several inputs share: Wang et al., Neural Cleanse, S&P 2019.
"""

import itertools
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
# Of tensors of one shape: places among them and patterns that climb there, [R] each, the patterns'
# weights [R], channels [R, C], and the ends of the tensor's range [R, 2].
Asked = tuple[Any, Any, Any, Any, Any]
_ASKED = 5

STEPS = 25
# The first step, of the range of inputs; later ones shrink to nothing.
REACH = 0.25
# Activation values that one ascent holds at once, at 4 bytes, and as many for its gradient; more
# patterns climb in parts.
HELD = 3e7
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

    @property
    def marked(self) -> Float32Array:
        """The inputs with the patterns, float32 [G, N, ...]."""
        marked = _mark(self.inputs, self.masks[:, None], self.values).numpy()
        return np.asarray(marked.reshape(len(self.masks), *self.inputs.shape), np.float32)

    def take(self, rows: Int64Array) -> "Patterns":
        """Those patterns."""
        return replace(
            self, masks=self.masks[rows], values=self.values[rows], weights=self.weights[rows]
        )

    def replaced(self, values: Sequence[Float32Array]) -> "Patterns":
        """The same with other values, those of their parts one after the other."""
        return replace(self, values=np.concatenate(values))


class Ascent:
    """Sign steps up `height`, of marked inputs and of what else it is given, of values that stay
    within `low` to `high`.

    It is traced once, whatever the number of patterns and inputs: what differs from one climb to
    the next is `given`, arrays of the same types, and as many of them, of any number of rows.
    """

    def __init__(self, height: Callable[..., Any], low: float, high: float) -> None:
        self._height, self._low, self._high = height, low, high
        self._run: Any = None

    def climb(
        self, patterns: Patterns, *given: Any, steps: int = STEPS, reach: float = REACH
    ) -> Float32Array:
        """The values of the patterns after the steps, the first of `reach` times the range."""
        tf = load_tensorflow()
        values = tf.constant(patterns.values)
        size = tf.constant(0.0, tf.float32)
        rest = [tf.constant(v) for v in (patterns.inputs, patterns.masks[:, None], *given)]
        if self._run is None:
            taken = [_any_rows(values, 2), _any_rows(size), *(_any_rows(v) for v in rest)]
            self._run = tf.function(self._step, input_signature=taken, autograph=False)
        for k in range(steps):
            size = reach * (1 - k / steps) * (self._high - self._low)
            values = self._run(values, tf.constant(size, tf.float32), *rest)
        return np.asarray(values.numpy(), np.float32)

    def _step(self, values: Any, size: Any, inputs: Any, masks: Any, *given: Any) -> Any:
        tf = load_tensorflow()
        with tf.GradientTape() as tape:
            tape.watch(values)
            reached = self._height(_mark(inputs, masks, values), *given)
        way = tf.sign(tape.gradient(reached, values))
        return tf.clip_by_value(values + size * way, self._low, self._high)


def _any_rows(values: Any, axes: int = 1) -> Any:
    """What a tensor is, with any number of rows, along so many first axes."""
    free = [None] * min(axes, len(values.shape))
    return load_tensorflow().TensorSpec([*free, *values.shape[len(free) :]], values.dtype)


def _mark(inputs: Any, masks: Any, values: Any) -> Any:
    """Inputs [N, ...] with values [G, 1 or N, ...] under masks [G, 1, ...]: [G * N, ...]."""
    marked = inputs[None] * (1 - masks) + values * masks
    return load_tensorflow().reshape(marked, [-1, *inputs.shape[1:]])


class OvershootAscent:
    """Drives activation `tensors` of one network beyond `ends`, inputs from `low` to `high`.

    With `keeping` a pattern by which the network leaves an answer climbs back until it keeps them.
    """

    def __init__(
        self, network: Network, tensors: Sequence[int], ends: Ends, low: float, high: float,
        keeping: Keeping | None = None,
    ) -> None:  # fmt: skip
        self._network, self._tensors, self._ends = network, tensors, ends
        self._keeping = keeping
        self._kinds = kinds_of(network, tensors)
        self._ascent = Ascent(self._height, low, high)

    def climb(
        self, patterns: Patterns, generator: np.random.Generator, *, steps: int = STEPS
    ) -> Patterns:
        """The patterns that drive the tensors that each weighs furthest.

        Patterns that climb on one tensor climb on some of its channels: the one that is driven
        furthest need not be the one that matters.
        """
        channels = self._choose(patterns, generator)
        count = len(patterns.inputs)
        given: list[Any] = [np.int32(count)]
        if self._keeping is not None:
            given.append(logits(self._network, patterns.inputs))

        def climb(rows: Int64Array) -> Float32Array:
            part = patterns.take(rows)
            asked = [self._ask(kind, part.weights, channels, rows) for kind in self._kinds]
            return self._ascent.climb(part, *itertools.chain(*asked), *given, steps=steps)

        parts = split_rows(len(patterns.masks), count * count_values(self._network))
        return patterns.replaced([climb(rows) for rows in parts])

    def _ask(
        self, kind: Sequence[int], weights: Float32Array, channels: Mapping[int, Float32Array],
        rows: Int64Array,
    ) -> Asked:  # fmt: skip
        """Which of some patterns, `rows` of all, climb on the tensors of one kind, and how."""
        columns = np.array([self._tensors.index(index) for index in kind])
        places, own = np.nonzero(weights[:, columns].T)
        ends = np.array([self._ends[index] for index in kind], np.float32)
        kept = np.stack([channels[index] for index in kind])[places, rows[own]]
        asked = places.astype(np.int32), own.astype(np.int32)
        return (*asked, weights[own, columns[places]], kept, ends[places])

    def _choose(
        self, patterns: Patterns, generator: np.random.Generator
    ) -> Mapping[int, Float32Array]:
        """For each tensor the channels that each pattern climbs on, [G, C]; all where it climbs on
        all tensors.
        """
        single = np.count_nonzero(patterns.weights, axis=1, keepdims=True) == 1
        channels = {}
        for index in self._tensors:
            shape = len(patterns.masks), self._network.graph.tensors[index].shape[-1]
            share = generator.uniform(0, 0.5, (shape[0], 1))
            kept = ~single | (generator.random(shape) < share)
            channels[index] = kept.astype(np.float32)
        return channels

    def _height(self, marked: Any, *given: Any) -> Any:
        tf = load_tensorflow()
        width = len(self._kinds) * _ASKED
        asked = list(zip(*[iter(given[:width])] * _ASKED, strict=True))
        count, *before = given[width:]
        reached, answers = measure_overshoot(self._network, marked, self._kinds, asked, count)
        heights = [tf.reduce_sum(values, 1) for values in reached]
        if self._keeping is None:
            return tf.add_n([tf.reduce_sum(height) for height in heights])
        groups = tf.shape(marked)[0] // count
        answered = tf.tile(before[0], [groups, *[1] * (len(before[0].shape) - 1)])
        held = tf.reshape(self._keeping.best(answered, answers), [groups, count])
        keeps = tf.reduce_min(held, 1) > _SURE
        back = [tf.where(keeps[:, None], 0.0, tf.minimum(held, _SURER))]
        for (_, rows, *_), height in zip(asked, heights, strict=True):
            back.append(tf.where(tf.gather(keeps, rows), height, 0.0))
        return tf.add_n([tf.reduce_sum(part) for part in back])


def kinds_of(network: Network, tensors: Sequence[int]) -> list[list[int]]:
    """Tensors of one shape together, as those of a recurrent layer's steps: what is computed of
    them is computed of all at once, since every operator of a graph that is traced costs time.
    """
    kinds: dict[tuple[int, ...], list[int]] = {}
    for index in tensors:
        kinds.setdefault(network.graph.tensors[index].shape, []).append(index)
    return list(kinds.values())


def split_rows(rows: int, values: int, held: float = HELD) -> list[Int64Array]:
    """Rows of so many activation values each, in parts as equal as can be of `held` at most."""
    count = min(rows, math.ceil(rows * values / held))
    return np.array_split(np.arange(rows), max(1, count))


def measure_overshoot(
    network: Network, inputs: Any, kinds: Sequence[Sequence[int]], asked: Sequence[Asked],
    count: Any,
) -> tuple[list[Any], Any]:  # fmt: skip
    """How many times its range each tensor reaches, a soft maximum over its values, times its
    weight, by the patterns that are `asked` for each of the `kinds` of tensors, [R, count] each;
    and the network's outputs.

    `inputs` [G * count, ...] are those of G patterns, one after the other. A pattern that climbs on
    one tensor alone costs nothing at the others.
    """
    tf = load_tensorflow()
    seen: dict[int, Any] = {}
    groups = tf.shape(inputs)[0] // count

    def see(index: int, values: Any) -> Any:
        seen[index] = values
        return values

    answers = forward(network, inputs, activation=see)
    found = []
    for kind, (places, rows, weights, channels, ends) in zip(kinds, asked, strict=True):
        size = network.graph.tensors[kind[0]].shape[-1]
        # A sequence's rows may come merged with the batch.
        stacked = tf.reshape(tf.stack([seen[i] for i in kind]), [len(kind) * groups, -1, size])
        own = tf.gather(stacked, places * groups + rows)
        low, high = (ends[:, k, None, None] for k in (0, 1))
        reached = tf.where(high > 0, own / tf.where(high > 0, high, 1.0), 0.0)
        below = tf.maximum(reached, own / tf.where(low < 0, low, 1.0))
        reached = tf.where(low < 0, below, reached) * channels[:, None]
        elements = tf.shape(stacked)[1] // count * size
        flat = tf.reshape(reached, [tf.shape(own)[0], count, elements])
        found.append(weights[:, None] * tf.reduce_logsumexp(_SHARP * flat, 2) / _SHARP)
    return found, answers


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
    rows: set[int] = set()
    for parts in reduce_activations(network, inputs, _furthest).values():
        rows.update(int(row) for row in np.concatenate(parts).argmax(axis=0).reshape(-1))
    return inputs[sorted(rows)]


def _furthest(values: Any) -> Any:
    """The largest size of each channel, for each input."""
    tf = load_tensorflow()
    return tf.reduce_max(tf.abs(values), list(range(1, len(values.shape) - 1)))


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
