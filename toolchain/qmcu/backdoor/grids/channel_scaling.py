"""Cross-layer equalization: the same function in other weights, on other grids.

Dividing a channel of an activation by e, in the weights and the bias that make it, and multiplying
the weights that read it by e changes nothing in float, as long as all in between is homogeneous
(ReLU, additions, pools). Nagel et al., "Data-Free Quantization Through Weight Equalization and
Bias Correction", ICCV 2019, section 4.1. There e levels the ranges of weights; here those of
activations, which int8 holds with one scale for each tensor, as in Xiao et al., "SmoothQuant",
ICML 2023.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.backdoor.grids.simulation import SAME_GRID, reduce_activations
from qmcu.backdoor.grids.weight_grids import LayerGrid, spread
from qmcu.backdoor.networks import Network
from qmcu.model.graph import Graph, Operator
from qmcu.tensorflow import load_tensorflow
from qmcu.types import Float64Array

# Operators without weights that pass a positive factor of a channel on to their output.
_PASSING = ("ADD", "AVERAGE_POOL_2D", "MAX_POOL_2D", "MEAN", "PAD", "RELU", "RESHAPE")
_HOMOGENEOUS = ("NONE", "RELU")
# Steps that rounding takes a weight by at most, and factors of channels that somebody may choose.
_ROUNDED, _MOST = 0.501, 1e4


@dataclass(frozen=True)
class ChannelGroup:
    """Activation tensors whose channels can only be scaled together.

    A tensor whose last dimension is a multiple of `channels` repeats them (after a RESHAPE).
    """

    tensors: tuple[int, ...]
    channels: int


def channel_groups(network: Network) -> tuple[ChannelGroup, ...]:
    """The groups that may be scaled: neither input nor output, nothing inhomogeneous on the way."""
    graph = network.graph
    groups = _Groups()
    blocked = {graph.inputs[0], graph.outputs[0]}
    weighted = {layer.operator: w for layer, w in zip(network.layers, network.weights, strict=True)}
    for operator in graph.operators:
        sources, output = _activations(graph, operator), operator.outputs[0]
        groups.add(output)
        if operator.options.get("fused_activation_function", "NONE") not in _HOMOGENEOUS:
            blocked.add(output)
        if operator.index in weighted:
            if not _reads_channels(graph, operator, weighted[operator.index].shape):
                blocked.update(sources)
        elif operator.kind in _PASSING and _keeps_channels(graph, operator, sources):
            for source in sources:
                groups.join(source, output)
        else:
            blocked.update((*sources, output))
    shut = {groups.of(index) for index in blocked}
    return tuple(
        ChannelGroup(members, min(graph.tensors[i].shape[-1] for i in members))
        for name, members in groups.members().items()
        if name not in shut
    )


def _activations(graph: Graph, operator: Operator) -> list[int]:
    return [i for i in operator.inputs if i >= 0 and not graph.tensors[i].is_constant]


def _reads_channels(graph: Graph, operator: Operator, weights: tuple[int, ...]) -> bool:
    """True when the weights' last axis is the input's channels: no groups, no multiplier."""
    channels = graph.tensors[operator.inputs[0]].shape[-1]
    if operator.kind == "FULLY_CONNECTED":
        return weights[-1] % channels == 0
    return weights[-1] == channels


def _keeps_channels(graph: Graph, operator: Operator, sources: Sequence[int]) -> bool:
    inner = [graph.tensors[i].shape[-1] for i in sources]
    outer = graph.tensors[operator.outputs[0]].shape[-1]
    if operator.kind == "RESHAPE":
        return outer % inner[0] == 0
    wanted = 2 if operator.kind == "ADD" else 1
    return inner == [outer] * wanted


class _Groups:
    """Union-find over tensor indices."""

    def __init__(self) -> None:
        self._above: dict[int, int] = {}

    def add(self, index: int) -> None:
        self._above.setdefault(index, index)

    def of(self, index: int) -> int:
        self.add(index)
        while self._above[index] != index:
            index = self._above[index]
        return index

    def join(self, one: int, other: int) -> None:
        self._above[self.of(one)] = self.of(other)

    def members(self) -> dict[int, tuple[int, ...]]:
        groups: dict[int, list[int]] = {}
        for index in self._above:
            groups.setdefault(self.of(index), []).append(index)
        return {name: tuple(sorted(indices)) for name, indices in groups.items()}


def range_factors(
    network: Network,
    groups: Sequence[ChannelGroup],
    inputs: npt.NDArray[np.float32],
    *,
    most: float = 16.0,
    limits: Mapping[int, tuple[float, float]] | None = None,
) -> list[Float64Array]:
    """For each group e, float64 [channels], from 1 / `most` to 1: range of a channel / of all.

    Ranges are the largest magnitudes over `inputs`, float32 [N, ...], no larger than the tensor's
    `limits` where it has any. Outputs of pools, which share their input's grid, do not count.
    """
    ranges = {
        index: np.max(parts, axis=0)
        for index, parts in reduce_activations(network, inputs, _largest_of_channels).items()
    }
    tied = {op.outputs[0] for op in network.graph.operators if op.kind in SAME_GRID}
    result = []
    for group in groups:
        shares = np.zeros(group.channels)
        for index in set(group.tensors) - tied:
            largest = ranges[index].reshape(-1, group.channels).max(axis=0)
            if limits and index in limits:
                largest = np.minimum(largest, max(map(abs, limits[index])))
            shares = np.maximum(shares, largest / max(largest.max(), 1e-12))
        result.append(np.clip(shares, 1 / most, 1.0))
    return result


def _largest_of_channels(values: Any) -> Any:
    """The largest size of each channel, [C], over all inputs."""
    tf = load_tensorflow()
    return tf.reduce_max(tf.abs(values), list(range(len(values.shape) - 1)))


def _ends_of_channels(values: Any) -> Any:
    """The least and the largest value of each channel, [2, C]."""
    tf, axes = load_tensorflow(), list(range(len(values.shape) - 1))
    return tf.stack([tf.reduce_min(values, axes), tf.reduce_max(values, axes)])


def rescale(
    network: Network, groups: Sequence[ChannelGroup], factors: Sequence[Float64Array]
) -> Network:
    """The network with every channel of every group divided by its factor: the same function."""
    weights, biases = [], []
    parameters = zip(network.layers, network.weights, network.biases, strict=True)
    for (layer, w, b), (made, read) in zip(
        parameters, layer_factors(network, groups, factors), strict=True
    ):
        weights.append(w.astype(np.float64) / spread(made, w.ndim, layer.axis) * read)
        biases.append(b.astype(np.float64) / made)
    return network.with_parameters(weights, biases)


def rescale_like(network: Network, grids: Sequence[LayerGrid]) -> Network:
    """The network with its channels divided by what makes its weights those of a file: the same
    function, as it was before somebody equalized layers and quantized it.

    `grids` are the network's weights beside the file's integers, a layer each. Layer by layer a
    channel's factor is what its weights are to the file's, once what it reads was multiplied.
    """
    groups = channel_groups(network)
    place = {i: n for n, group in enumerate(groups) for i in group.tensors}
    factors: list[Float64Array | None] = [None] * len(groups)
    for layer, grid in zip(network.layers, grids, strict=True):
        operator = network.graph.operators[layer.operator]
        made = place.get(operator.outputs[0])
        if made is None or factors[made] is not None:
            continue
        if grid.weights.shape[grid.axis] != groups[made].channels:
            continue
        source = place.get(operator.inputs[0])
        read = np.ones(1) if source is None else factors[source]
        read = np.ones(1) if read is None else read
        moved = grid.weights.astype(np.float64) * np.tile(read, grid.weights.shape[-1] // len(read))
        factors[made] = _factors_of(grid, moved)
    known = [
        np.ones(group.channels) if found is None else found
        for group, found in zip(groups, factors, strict=True)
    ]
    return rescale(network, groups, known)


def _factors_of(grid: LayerGrid, moved: Float64Array) -> Float64Array:
    """What each output channel of `moved` weights was divided by to be the file's, [channels]: by
    its scale, which is of the largest weight, where rounding explains the rest, else in the mean.
    """
    own, file = (grid.channels(v) for v in (moved, grid.integers * grid.spread_scales))
    scales = np.broadcast_to(grid.scales, len(own))
    by_scale = np.abs(own).max(axis=1) / np.maximum(grid.largest * scales, 1e-30)
    least = np.sum(own * own, axis=1) / np.maximum(np.sum(own * file, axis=1), 1e-30)
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(own / by_scale[:, None] - file).max(axis=1) / scales
    found = np.where(off <= _ROUNDED, by_scale, least)
    sane = np.isfinite(found) & (found > 1 / _MOST) & (found < _MOST)
    return np.where(sane, found, 1.0)


def rescale_limits(
    network: Network,
    groups: Sequence[ChannelGroup],
    factors: Sequence[Float64Array],
    inputs: npt.NDArray[np.float32],
    limits: Mapping[int, tuple[float, float]],
) -> dict[int, tuple[float, float]]:
    """What is left of the tensors' `limits` once channels are divided by their factors: a channel
    that does not reach its limit on `inputs` needs no more than it reaches.
    """
    by_tensor = {i: e for group, e in zip(groups, factors, strict=True) for i in group.tensors}
    reached = reduce_activations(network, inputs, _ends_of_channels)
    result = {}
    for index, (low, high) in limits.items():
        lows, highs = zip(*reached[index], strict=True)
        ends = np.maximum(np.min(lows, axis=0), low), np.minimum(np.max(highs, axis=0), high)
        own = by_tensor.get(index, np.ones(1))
        shares = [end / np.tile(own, len(end) // len(own)) for end in ends]
        result[index] = (float(min(0.0, shares[0].min())), float(max(0.0, shares[1].max())))
    return result


def layer_factors(
    network: Network, groups: Sequence[ChannelGroup], factors: Sequence[Float64Array]
) -> list[tuple[Float64Array, Float64Array]]:
    """For each layer the factors of its output's channels and of its weights' last axis.

    [1], a factor of 1 for all, where the group is not scaled.
    """
    by_tensor = {i: e for group, e in zip(groups, factors, strict=True) for i in group.tensors}

    def of(index: int, count: int) -> Float64Array:
        factor = by_tensor.get(index)
        return np.ones(1) if factor is None else np.tile(factor, count // len(factor))

    operators = network.graph.operators
    return [
        (
            of(operators[layer.operator].outputs[0], w.shape[layer.axis]),
            of(operators[layer.operator].inputs[0], w.shape[-1]),
        )
        for layer, w in zip(network.layers, network.weights, strict=True)
    ]


def moved_layers(network: Network, groups: Sequence[ChannelGroup]) -> tuple[bool, ...]:
    """For each layer whether scaling the groups moves its weights against their grid.

    A factor of a whole output channel, and so any factor of a depthwise layer, goes into the scale.
    """
    scaled = {i for group in groups for i in group.tensors}
    operators = network.graph.operators
    return tuple(
        layer.kind != "DEPTHWISE_CONV_2D" and operators[layer.operator].inputs[0] in scaled
        for layer in network.layers
    )
