"""Operators that move numbers, choose among or average them: one scale and zero point throughout.

TensorFlow's quantizer gives both sides of most of them one grid. Of some (REVERSE_V2) it does not:
what follows may ask for another grid than what came in, and the bytes, which are moved as they are,
would mean other numbers. A QUANTIZE between the two grids makes them mean the same.
"""

from collections.abc import Mapping
from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Quantization

# Each with the inputs whose numbers reach the outputs; None: all of them.
_MOVING: Mapping[str, tuple[int, ...] | None] = {
    "BATCH_TO_SPACE_ND": (0,),
    "BROADCAST_TO": (0,),
    "CONCATENATION": None,
    "DEPTH_TO_SPACE": (0,),
    "DYNAMIC_UPDATE_SLICE": (0, 1),
    "EXPAND_DIMS": (0,),
    "GATHER": (0,),
    "GATHER_ND": (0,),
    "MAXIMUM": (0, 1),
    "MAX_POOL_2D": (0,),
    "MINIMUM": (0, 1),
    "MIRROR_PAD": (0,),
    "PACK": None,
    "PAD": (0,),
    "PADV2": (0, 2),
    "REDUCE_MAX": (0,),
    "REDUCE_MIN": (0,),
    "RESHAPE": (0,),
    "RESIZE_NEAREST_NEIGHBOR": (0,),
    "REVERSE_V2": (0,),
    "SELECT": (1, 2),
    "SELECT_V2": (1, 2),
    "SLICE": (0,),
    "SPACE_TO_BATCH_ND": (0,),
    "SPACE_TO_DEPTH": (0,),
    "SPLIT": (1,),
    "SPLIT_V": (0,),
    "SQUEEZE": (0,),
    "STRIDED_SLICE": (0,),
    "TILE": (0,),
    "TRANSPOSE": (0,),
    "UNPACK": (0,),
}
# Between the numbers that go in, on the same grid.
AVERAGING: Mapping[str, tuple[int, ...] | None] = {
    "AVERAGE_POOL_2D": (0,),
    "RESIZE_BILINEAR": (0,),
}
ONE_GRID = {**_MOVING, **AVERAGING}
_INTEGERS = ("int8", "int16")


def moved_inputs(op: Operator) -> tuple[int, ...]:
    """The positions of the inputs whose numbers reach the outputs of an operator of ONE_GRID."""
    positions = ONE_GRID[op.kind]
    if positions is None:
        return tuple(range(len(op.inputs)))
    return tuple(p for p in positions if p < len(op.inputs))


def with_one_grid(graph: Graph) -> Graph:
    """The graph with QUANTIZE in front of moves whose result has another grid than what is moved.

    The graph itself where there is none, and where results of one move have several grids.
    """
    tensors = list(graph.tensors)
    operators: list[Operator] = []
    for op in graph.operators:
        inputs = list(op.inputs)
        for position in _moved(graph, op):
            source = graph.tensors[inputs[position]]
            inputs[position] = len(tensors)
            grid = graph.tensors[op.outputs[0]].quantization
            name = f"{source.name}/on_grid_{len(tensors)}"
            tensors.append(
                replace(source, index=len(tensors), name=name, quantization=grid, data=None)
            )
            operators.append(Operator(0, "QUANTIZE", (source.index,), (inputs[position],), {}, 1))
        operators.append(replace(op, inputs=tuple(inputs)))
    if len(operators) == len(graph.operators):
        return graph
    numbered = tuple(replace(op, index=i) for i, op in enumerate(operators))
    return replace(graph, tensors=tuple(tensors), operators=numbered)


def _moved(graph: Graph, op: Operator) -> list[int]:
    """The inputs of a move that are on another grid than its results."""
    if op.kind not in ONE_GRID:
        return []
    results = [graph.tensors[i] for i in op.outputs]
    grids = {_numbers(t.quantization) for t in results}
    if len(grids) != 1 or None in grids or results[0].dtype not in _INTEGERS:
        return []
    found = []
    for position in moved_inputs(op):
        source = graph.tensors[op.inputs[position]]
        grid = _numbers(source.quantization)
        if source.dtype == results[0].dtype and grid is not None and grid not in grids:
            found.append(position)
    return found


def _numbers(grid: Quantization | None) -> tuple[float, int] | None:
    return None if grid is None or grid.per_channel else (grid.scale, grid.zero_point)
