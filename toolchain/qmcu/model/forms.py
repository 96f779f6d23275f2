"""Operators that TensorFlow's converter writes and tflite-micro lacks, as forms of what it has."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from math import prod

import numpy as np

from qmcu.model.graph import Graph, Operator
from qmcu.model.islands import settle_islands
from qmcu.model.moves import with_one_grid
from qmcu.model.one_hot import without_one_hot
from qmcu.model.places import with_short_places
from qmcu.model.reader import parse_model
from qmcu.model.rewriting import GraphMaker, rewritten
from qmcu.model.writer import write_model
from qmcu.types import Shape

# What tflite-micro's STRIDED_SLICE takes.
_MOST_SLICED = 4
# GELU(x) is about x sigmoid(2 sqrt(2 / pi) (x + 0.044715 x^3)): Hendrycks and Gimpel, 2016.
_LINEAR = 2 * float(np.sqrt(2 / np.pi))
_CUBIC = 0.044715 * _LINEAR
GELU_NOTE = (
    "GELU is computed as x sigmoid(1.5958 x + 0.0714 x^3), within 0.0005 of the real numbers: "
    "tflite-micro has no GELU"
)


def settle(data: bytes, name: str = "model") -> bytes:
    """A .tflite with each operator in a form that tflite-micro has.

    Functions in numbers that it has them in (`settle_islands`), moves on one grid
    (`with_one_grid`), places in int32 (`with_short_places`), ONE_HOT compared, slices of more than
    four dimensions with those joined that are taken whole. The same bytes where nothing is to be
    done.
    """
    data = settle_islands(data, name)
    graph = parse_model(data, name)
    if graph.subgraphs:
        return data
    settled = with_short_places(with_one_grid(without_one_hot(graph)))
    if any(_is_wide_slice(settled, op) for op in settled.operators):
        settled = _with_joined_slices(settled)
    return data if settled is graph else write_model(settled)


def without_gelu(data: bytes, name: str = "model") -> bytes:
    """A float32 .tflite with GELU written out; the same bytes where there is none."""
    graph = parse_model(data, name)
    plain = rewritten(graph, {"GELU": write_gelu})
    return data if plain is graph else write_model(plain)


def write_gelu(maker: GraphMaker, graph: Graph, op: Operator) -> bool:
    """A form (rewriting.py): x sigmoid(x times a slope)."""
    x, y = op.inputs[0], op.outputs[0]
    fused = {"fused_activation_function": "NONE"}
    square = maker.add("MUL", (x, x), x, fused)
    cubic = maker.add("MUL", (square, maker.number(_CUBIC)), x, fused)
    slope = maker.add("ADD", (cubic, maker.number(_LINEAR)), x, fused)
    gate = maker.add("LOGISTIC", (maker.add("MUL", (x, slope), x, fused),), x, {})
    maker.write("MUL", (x, gate), y, fused)
    return True


def _is_wide_slice(graph: Graph, op: Operator) -> bool:
    if op.kind != "STRIDED_SLICE" or len(graph.tensors[op.inputs[0]].shape) <= _MOST_SLICED:
        return False
    plain = not op.options.get("ellipsis_mask") and not op.options.get("new_axis_mask")
    return plain and all(graph.tensors[i].is_constant for i in op.inputs[1:])


def _with_joined_slices(graph: Graph) -> Graph:
    maker = GraphMaker(graph)
    joined: dict[tuple[int, Shape], int] = {}
    for op in graph.operators:
        runs = list(_runs(graph, op)) if _is_wide_slice(graph, op) else []
        if not runs or len(runs) > _MOST_SLICED:
            maker.operators.append(op)
            continue
        source, target = op.inputs[0], op.outputs[0]
        shape = tuple(run[0] for run in runs)
        if (source, shape) not in joined:
            joined[source, shape] = maker.like(source, shape)
            maker.reshape(source, joined[source, shape])
        part = maker.like(target, tuple(len(range(*run[1:])) for run in runs))
        bounds = (maker.constant(np.array([r[k] for r in runs], np.int32)) for k in (1, 2, 3))
        names = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
        options = dict.fromkeys(names, 0)
        inputs = (joined[source, shape], *bounds)
        maker.operators.append(replace(op, inputs=inputs, outputs=(part,), options=options))
        maker.reshape(part, target)
    return maker.graph()


def _runs(graph: Graph, op: Operator) -> Iterator[tuple[int, int, int, int]]:
    """Size, begin, end and step of each axis that is cut, axes between them that are whole joined.

    Nothing where an axis is walked backwards.
    """
    shape = graph.tensors[op.inputs[0]].shape
    begin, end, step = (graph.tensors[i].array.reshape(-1).tolist() for i in op.inputs[1:4])
    masks = {n: op.options.get(n) or 0 for n in ("begin_mask", "end_mask", "shrink_axis_mask")}
    cuts = []
    for axis, size in enumerate(shape):
        bit = 1 << axis
        first, stop, stride = begin[axis], end[axis], step[axis]
        begins, ends, shrinks = (isinstance(m, int) and bool(m & bit) for m in masks.values())
        first = 0 if begins else first
        stop = size if ends else stop
        if shrinks:
            first, stride = first % size, 1
            stop = first + 1
        if stride < 1:
            return
        cuts.append((size, *slice(first, stop, stride).indices(size)))
    for (whole, place), run in groupby(
        enumerate(cuts), lambda item: (_is_whole(item[1]), 0 if _is_whole(item[1]) else item[0])
    ):
        sizes = [cut for _, cut in run]
        if whole:
            size = prod(cut[0] for cut in sizes)
            yield size, 0, size, 1
        else:
            yield cuts[place]


def _is_whole(cut: tuple[int, int, int, int]) -> bool:
    return cut == (cut[0], 0, cut[0], 1)
