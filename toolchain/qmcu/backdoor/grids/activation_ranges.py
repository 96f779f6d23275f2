"""Other ranges for activations of an int8 .tflite: scales, zero points, and the biases in them.

The converter takes ranges from its calibration inputs. Where a tensor is to have a narrower one,
its grid is written into the file. What only moves or averages numbers has one grid with what it
reads, and a bias counts in steps of its layer's input, so those follow. Every other byte stays.
"""

from collections.abc import Mapping

import numpy as np

from qmcu.backdoor.grids.constants import write_constants, write_scales, write_zero_points
from qmcu.backdoor.grids.simulation import ActivationGrid, ends_of, grid_of
from qmcu.backdoor.networks import weighted_layers
from qmcu.model.graph import Graph, Tensor
from qmcu.model.moves import ONE_GRID, moved_inputs
from qmcu.model.reader import parse_model
from qmcu.types import Array


def write_ranges(model: bytes, ends: Mapping[int, tuple[float, float]]) -> bytes:
    """The int8 .tflite `model` with these ranges of activation tensors, by their indices.

    A tensor that shares its grid with a constant, or with one that only moves numbers of others,
    keeps its range. Raises ModelError for a tensor without zero point.
    """
    graph = parse_model(model, "model")
    grids: dict[int, ActivationGrid] = {}
    for members in _one_grid(graph):
        roots = [i for i in members if not _is_moved(graph, i)]
        if any(graph.tensors[i].is_constant for i in members) or not ends.keys() & {*roots}:
            continue
        lows, highs = zip(*(ends.get(i) or ends_of(graph.tensors[i]) for i in roots), strict=True)
        grids |= dict.fromkeys(members, grid_of(min(lows), max(highs)))
    scales: dict[int, Array] = {i: np.array([g.scale]) for i, g in grids.items()}
    biases: dict[int, Array] = {}
    for layer in weighted_layers(graph):
        grid = grids.get(graph.operators[layer.operator].inputs[0])
        if grid is not None and layer.bias is not None:
            bias = graph.tensors[layer.bias]
            scales[layer.bias] = _steps(graph.tensors[layer.weights], grid)
            biases[layer.bias] = _in_steps(bias, scales[layer.bias])
    zeros = {i: grid.zero_point for i, grid in grids.items()}
    return write_constants(write_zero_points(write_scales(model, scales), zeros), biases)


def _one_grid(graph: Graph) -> list[set[int]]:
    """Tensors that have one scale and zero point, by the operators that move their numbers."""
    groups: list[set[int]] = [
        {t.index} for t in graph.tensors if t.dtype == "int8" and t.quantization is not None
    ]
    for operator in graph.operators:
        if operator.kind in ONE_GRID:
            moved = {operator.inputs[p] for p in moved_inputs(operator)} | {*operator.outputs}
            joined = [group for group in groups if group & moved]
            groups = [group for group in groups if not group & moved]
            groups.append(set().union(*joined))
    return groups


def _is_moved(graph: Graph, index: int) -> bool:
    return any(index in op.outputs for op in graph.operators if op.kind in ONE_GRID)


def _steps(weights: Tensor, grid: ActivationGrid) -> Array:
    """The scales of a bias: input scale times weight scale, as every TFLite kernel expects."""
    assert weights.quantization is not None
    return np.float32(grid.scale) * np.array(weights.quantization.scales, np.float32)


def _in_steps(bias: Tensor, scales: Array) -> Array:
    return np.round(bias.real.astype(np.float64) / scales).astype(bias.array.dtype)
