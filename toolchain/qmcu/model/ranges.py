"""Ranges that calibration found, where TensorFlow's quantizer would cut those of other layers.

Operators that move numbers or choose among them have one grid for what goes in and what comes out,
and the quantizer takes the result's. Where that is narrower than what went in, the input's layer is
cut to it: harmless where the result is all that is made of it, and wrong where another operator
reads the same numbers (the ReLU beside a MINIMUM with 0), or where they are averaged. There the
result is given the range of what goes in.
"""

from collections import Counter
from collections.abc import Mapping

from qmcu.model.graph import Graph, Operator

Range = tuple[float, float]

# With the inputs whose numbers reach the result; None: all of them.
_CHOOSING: Mapping[str, tuple[int, ...] | None] = {
    "AVERAGE_POOL_2D": (0,),
    "GATHER": (0,),
    "GATHER_ND": (0,),
    "MAXIMUM": (0, 1),
    "MAX_POOL_2D": (0,),
    "MINIMUM": (0, 1),
    "REDUCE_MAX": (0,),
    "REDUCE_MIN": (0,),
    "RESIZE_BILINEAR": (0,),
    "SELECT": (1, 2),
    "SELECT_V2": (1, 2),
    "SLICE": (0,),
    "SPLIT": (1,),
    "SPLIT_V": (0,),
    "STRIDED_SLICE": (0,),
    "UNPACK": (0,),
}
_MOVING: Mapping[str, tuple[int, ...] | None] = {
    "BATCH_TO_SPACE_ND": (0,),
    "BROADCAST_TO": (0,),
    "CONCATENATION": None,
    "DEPTH_TO_SPACE": (0,),
    "EXPAND_DIMS": (0,),
    "MIRROR_PAD": (0,),
    "PACK": None,
    "PAD": (0,),
    "PADV2": (0, 2),
    "RESHAPE": (0,),
    "RESIZE_NEAREST_NEIGHBOR": (0,),
    "SPACE_TO_BATCH_ND": (0,),
    "SPACE_TO_DEPTH": (0,),
    "SQUEEZE": (0,),
    "TILE": (0,),
    "TRANSPOSE": (0,),
}
_ALL = {**_CHOOSING, **_MOVING}
# What a cut in front of them changes.
_AVERAGING = frozenset(("AVERAGE_POOL_2D", "RESIZE_BILINEAR"))


def may_cut(graph: Graph) -> bool:
    """Whether a graph has operators whose result's range may cut what others read."""
    readers = _readers(graph)
    joins = any(op.kind in ("CONCATENATION", "PACK") for op in graph.operators)
    return any(
        (op.kind in _CHOOSING and any(readers[i] > 1 for i in _sources(op)))
        or (op.kind in _AVERAGING and joins)
        for op in graph.operators
    )


def uncut(graph: Graph, ranges: Mapping[int, Range]) -> dict[int, Range]:
    """The results that need a wider range than calibration found, with that range.

    A result is as wide as its source where the source has other readers or is averaged, and what
    is moved on from there too, since all of it has one grid.
    """
    readers, found = _readers(graph), dict(ranges)
    kept = {i for i, count in readers.items() if count > 1}
    for op in graph.operators:
        if op.kind not in _ALL:
            continue
        sources = [i for i in _sources(op) if i in found]
        if op.kind not in _AVERAGING and not kept.intersection(sources):
            continue
        for result in (i for i in op.outputs if i in found):
            parts = [found[i] for i in (result, *sources)]
            found[result] = min(low for low, _ in parts), max(high for _, high in parts)
            kept.add(result)
    return {i: found[i] for i in found if found[i] != tuple(ranges[i])}


def _sources(op: Operator) -> list[int]:
    positions = _ALL[op.kind]
    if positions is None:
        return list(op.inputs)
    return [op.inputs[p] for p in positions if p < len(op.inputs)]


def _readers(graph: Graph) -> Counter[int]:
    """How many operators read each tensor, or give it as an output of the model."""
    found = Counter(i for op in graph.operators for i in {*op.inputs} if i >= 0)
    found.update(graph.outputs)
    constant = [i for i in found if graph.tensors[i].is_constant]
    for index in constant:
        del found[index]
    return found
