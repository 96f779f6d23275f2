"""Masks of attention: constants that shut entries out of a softmax, in numbers that int8 holds.

A mask adds -1e9 (or -inf) to the scores of entries that are not to be looked at, or puts such a
number in their place. Eight bits over that range leave nothing of the scores: all entries that stay
get one weight. Each weight is a multiple of 1/256 in int8 (1/32768 in int16), and one of less than
half of that is 0, so a mask need only reach so far below the scores that calibration met.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import log

import numpy as np

from qmcu.model.graph import Graph, Operator
from qmcu.model.rewriting import GraphMaker
from qmcu.types import Array

# What reaches not even this many times as far as it need not is left as it is.
_FAR = 2.0
_MOVES = frozenset(("BROADCAST_TO", "EXPAND_DIMS", "RESHAPE", "SQUEEZE", "TILE", "TRANSPOSE"))
_CHOICES = frozenset(("SELECT", "SELECT_V2"))
_SUMS = frozenset(("ADD", "SUB"))


@dataclass(frozen=True)
class Mask:
    """A constant at `position` of an operator that reaches a softmax over `length` entries.

    `scores` is the tensor beside it. Where the constant is multiplied first, `gate` is the tensor
    that says by 0 to 1 how much of it is added; None otherwise.
    """

    operator: int
    position: int
    scores: int
    length: int
    replaces: bool
    gate: int | None = None


def masks_of(graph: Graph) -> list[Mask]:
    """What may be masks in front of each SOFTMAX of a float graph, by where their constants are."""
    makers = {i: op for op in graph.operators for i in op.outputs}
    found: dict[tuple[int, int], Mask] = {}
    for op in graph.operators:
        shape = graph.tensors[op.inputs[0]].shape if op.kind == "SOFTMAX" else ()
        if shape:
            for mask in _behind(graph, makers, op.inputs[0], shape[-1]):
                found.setdefault((mask.operator, mask.position), mask)
    return list(found.values())


def with_cut_masks(
    graph: Graph, masks: list[Mask], ranges: Mapping[int, tuple[float, float]], steps: int = 256
) -> Graph:
    """The float graph with masks that reach no further than they need.

    A softmax has weights in `steps` of 1. `ranges` are the smallest and largest value of each
    tensor of scores and each gate. The graph itself where no mask reaches too far.
    """
    maker = GraphMaker(graph)
    changed: dict[int, Operator] = {}
    for mask in masks:
        op = changed.get(mask.operator, graph.operators[mask.operator])
        values = graph.tensors[op.inputs[mask.position]].array
        if mask.gate is not None and not _is_gate(ranges[mask.gate]):
            continue
        cut = _cut(values, mask, ranges[mask.scores], 1 / (2 * steps))
        if cut is None:
            continue
        inputs = list(op.inputs)
        inputs[mask.position] = maker.constant(cut)
        changed[mask.operator] = replace(op, inputs=tuple(inputs))
    if not changed:
        return graph
    maker.operators += [changed.get(op.index, op) for op in graph.operators]
    return maker.graph()


def _cut(values: Array, mask: Mask, scores: tuple[float, float], nothing: float) -> Array | None:
    """The constant as far as it need reach; None where it does not reach much further.

    All masked entries together have a weight of `nothing` at most.
    """
    low, high = scores
    beyond = log(mask.length / nothing)
    floor = low - beyond if mask.replaces else low - high - beyond
    if not values.size or not np.isfinite([low, high]).all():
        return None
    reach = float(np.abs(values).max()) if mask.gate is not None else -float(values.min())
    if reach <= _FAR * max(-floor, high - low):
        return None
    if mask.gate is None:
        return np.maximum(values, np.float32(floor)).astype(np.float32)
    return np.clip(values, np.float32(floor), np.float32(-floor)).astype(np.float32)


def _is_gate(values: tuple[float, float]) -> bool:
    return values[0] >= 0 and values[1] <= 1


def _behind(
    graph: Graph, makers: Mapping[int, Operator], index: int, length: int
) -> Iterator[Mask]:
    """The masks that a tensor was made with, back to what is neither a sum nor a choice."""
    op = makers.get(index)
    if op is None:
        return
    if op.kind in _MOVES:
        yield from _behind(graph, makers, op.inputs[0], length)
        return
    places = (1, 2) if op.kind in _CHOICES else (0, 1) if op.kind in _SUMS else ()
    if op.options.get("fused_activation_function", "NONE") != "NONE":
        return
    for place, other in (places, places[::-1]) if places else ():
        operand, scores = op.inputs[place], op.inputs[other]
        if graph.tensors[scores].is_constant:
            continue
        if _is_real(graph, operand):
            if op.kind != "SUB" or place == 0:
                yield Mask(op.index, place, scores, length, op.kind in _CHOICES)
            continue
        if op.kind in _SUMS:
            yield from _gated(graph, makers, operand, scores, length)
        yield from _behind(graph, makers, operand, length)


def _gated(
    graph: Graph, makers: Mapping[int, Operator], index: int, scores: int, length: int
) -> Iterator[Mask]:
    """A constant times what says where it counts."""
    op = makers.get(index)
    while op is not None and op.kind in _MOVES:
        op = makers.get(op.inputs[0])
    if op is None or op.kind != "MUL":
        return
    for place in (0, 1):
        gate = op.inputs[1 - place]
        if _is_real(graph, op.inputs[place]) and not graph.tensors[gate].is_constant:
            yield Mask(op.index, place, scores, length, False, gate)


def _is_real(graph: Graph, index: int) -> bool:
    tensor = graph.tensors[index]
    return tensor.is_constant and tensor.dtype == "float32"
