"""A bias that one converter leaves in its layer and another takes into the next one.

Behind a layer without an activation its bias b may as well be W b in the layer that reads it. So
where a float model's biases are not what the file was rounded from, the next layer's may tell why:
the float model gets the file's bias in the first and what is left over in the second. It computes
what it did; an edited bias is one still, in the layer behind.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qmcu.backdoor.grids.simulation import VIEWS
from qmcu.backdoor.grids.weight_grids import beyond_rounding, deployed_biases, layer_grids
from qmcu.backdoor.networks import CONSTANT, Network
from qmcu.model.graph import Graph
from qmcu.types import Float32Array


def move_biases(network: Network, integer: Graph) -> Network:
    """The same network with biases where the int8 file has them. Raises as `layer_grids`."""
    grids = layer_grids(network, integer)
    biases = list(network.biases)
    for first, second in _linear_pairs(network):
        values, steps = deployed_biases(integer, grids[first : first + 1])[0]
        errors = values - biases[first]
        if not np.isfinite(values).all() or not beyond_rounding(errors, steps, values).any():
            continue
        read = network.weights[second].astype(np.float64)
        moved = np.tile(biases[first] - values, read.shape[1] // len(values))
        biases[second] = _float32(biases[second] + read @ moved)
        biases[first] = _float32(values)
    return replace(network, biases=tuple(biases))


def _float32(values: object) -> Float32Array:
    return np.asarray(values, np.float32)


def _linear_pairs(network: Network) -> list[tuple[int, int]]:
    """Layers without an activation that a dense layer alone reads, and that layer: numbers of both.

    Between them there are views at most, which leave channels the last axis.
    """
    operators = network.graph.operators
    layers = {
        layer.operator: number
        for number, layer in enumerate(network.layers)
        if layer.kind != CONSTANT
    }
    found = []
    for place, number in layers.items():
        if operators[place].options.get("fused_activation_function", "NONE") != "NONE":
            continue
        reader = _only_reader(network.graph, operators[place].outputs[0])
        count = network.weights[number].shape[network.layers[number].axis]
        second = -1 if reader is None else layers.get(reader, -1)
        if second < 0 or network.layers[second].kind != "FULLY_CONNECTED":
            continue
        if network.weights[second].shape[1] % count == 0:
            found.append((number, second))
    return found


def _only_reader(graph: Graph, tensor: int) -> int | None:
    """The one operator that reads a tensor, past views; None where there are more or the end."""
    while True:
        readers: Sequence[int] = [op.index for op in graph.operators if tensor in op.inputs]
        if len(readers) != 1 or tensor in graph.outputs:
            return None
        reader = graph.operators[readers[0]]
        if reader.kind not in VIEWS:
            return reader.index
        tensor = reader.outputs[0]
