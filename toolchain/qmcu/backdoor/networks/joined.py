"""A graph of several inputs as one of a single input, and back.

An operator PARTS in front cuts what was laid end to end (`Parts`) and gives each part its own range
again. It is no operator of .tflite: nothing writes such a graph, and a network is run without it
where its parts are given one by one.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from qmcu.backdoor.inputs import JoinedShape, Part, Parts
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Tensor

PARTS = "PARTS"
# Of a table's rows so many parts are followed up and down at a time.
_FOLLOWED = 64
# Orders of inputs that are tried, of those of one shape.
_MOST_ORDERS = 24


def join_inputs(graph: Graph, parts: Parts) -> Graph:
    """The graph with one input, of which PARTS makes its own, called as the parts are.

    Operators are numbered anew.
    """
    shape = (1, *parts.shape)
    ends = np.array([[part.low, part.width, part.rows] for part in parts.parts], np.float32)
    count = len(graph.tensors)
    tensors = list(graph.tensors)
    for index, part in zip(graph.inputs, parts.parts, strict=True):
        tensors[index] = replace(tensors[index], name=part.name)
    joined = Tensor(count, "inputs", shape, "float32")
    ranges = Tensor(count + 1, "ranges", ends.shape, "float32", None, ends.tobytes())
    first = Operator(0, PARTS, (count, count + 1), graph.inputs)
    rest = tuple(replace(op, index=op.index + 1) for op in graph.operators)
    return replace(
        graph,
        tensors=(*tensors, joined, ranges),
        operators=(first, *rest),
        inputs=(count,),
        input_names=(),
    )


def is_joined(graph: Graph) -> bool:
    """True of what `join_inputs` made."""
    return bool(graph.operators) and graph.operators[0].kind == PARTS


def joined_shape(graph: Graph) -> tuple[int, ...]:
    """The shape of one input, which knows its parts where the graph is joined."""
    if not is_joined(graph):
        return graph.input_tensors[0].shape[1:]
    return JoinedShape.of(list(_places(graph)))


def own_inputs(graph: Graph) -> tuple[Tensor, ...]:
    """The inputs of the file or model that a graph was made of."""
    if is_joined(graph):
        return tuple(graph.tensors[i] for i in graph.operators[0].outputs)
    return graph.input_tensors


def apart(graph: Graph) -> Graph:
    """A joined graph with the inputs that PARTS makes, which nothing runs."""
    return replace(graph, inputs=graph.operators[0].outputs) if is_joined(graph) else graph


def with_ends(graph: Graph, parts: Parts) -> Graph:
    """A joined graph whose parts have other ranges."""
    if not is_joined(graph):
        return graph
    index = graph.operators[0].inputs[1]
    ends = np.array([[part.low, part.width, part.rows] for part in parts.parts], np.float32)
    tensors = list(graph.tensors)
    tensors[index] = replace(tensors[index], data=ends.tobytes())
    return replace(graph, tensors=tuple(tensors))


def _places(graph: Graph) -> Iterator[tuple[int, ...]]:
    first = graph.operators[0]
    for index, (_, _, rows) in zip(first.outputs, _ranges(graph, first), strict=True):
        shape = graph.tensors[index].shape[1:]
        yield (*shape, int(rows)) if rows else shape


def _ranges(graph: Graph, op: Operator) -> Any:
    return graph.tensors[op.inputs[1]].array


def cut_parts(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """What PARTS computes of [N, values]: each part in its own range, of whole numbers one-hot."""
    places = list(_places(graph))
    columns = tf.split(operands[0], [math.prod(place) for place in places], 1)
    made = []
    for values, place, (low, width, rows) in zip(columns, places, _ranges(graph, op), strict=True):
        shaped = tf.reshape(values, [-1, *place])
        made.append(_choose(tf, shaped) if rows else shaped * width + low)
    return made if len(made) > 1 else made[0]


def _choose(tf: Any, values: Any) -> Any:
    """The highest place of the last axis is 1, the others 0. Slopes go through to the few rows that
    would raise most, and to those that would lower most (after HotFlip, ACL 2018).
    """
    rows = values.shape[-1]
    few = max(1, rows // _FOLLOWED)

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def choose(given: Any) -> Any:
        def slope(upstream: Any) -> Any:
            top = tf.math.top_k(upstream, few + 1).values[..., -1:]
            low = -tf.math.top_k(-upstream, few + 1).values[..., -1:]
            return tf.nn.relu(upstream - top) - tf.nn.relu(low - upstream)

        return tf.one_hot(tf.argmax(given, -1), rows), slope

    return choose(values)


def input_orders(floating: Graph, file: Graph) -> Iterator[tuple[int, ...]]:
    """Orders of a float graph's inputs that fit the file's, the likeliest first: by their names,
    as they are, and those in which inputs of one shape change places.

    Raises ModelError where the shapes are others.
    """
    own, other = (
        [g.tensors[i].shape[1:] for i in g.inputs] for g in (floating, file)
    )  # fmt: skip
    if sorted(own) != sorted(other):
        raise ModelError(
            f"{file.name} takes inputs of {_list(other)} and {floating.name} of {_list(own)}: they "
            "are not the same network; give the float model that was quantized."
        )
    names = [[_plain(g.name_of(i)) for i in g.inputs] for g in (floating, file)]
    first: list[tuple[int, ...]] = []
    if sorted(names[0]) == sorted(names[1]) and len(set(names[0])) == len(names[0]):
        first.append(tuple(names[0].index(name) for name in names[1]))
    orders = itertools.permutations(range(len(own)))
    fitting = (o for o in orders if [own[k] for k in o] == other)
    seen = set()
    for order in itertools.chain(first, itertools.islice(fitting, _MOST_ORDERS)):
        if order not in seen and [own[k] for k in order] == other:
            seen.add(order)
            yield order


def _plain(name: str) -> str:
    """A tensor's name without what converters add: serving_default_x:0 is x."""
    return name.removeprefix("serving_default_").split(":")[0]


def _list(shapes: Sequence[tuple[int, ...]]) -> str:
    return ", ".join(str(list(shape)) for shape in shapes)


def reorder_inputs(graph: Graph, order: tuple[int, ...]) -> Graph:
    """The graph with its inputs in this order."""
    names = graph.input_names
    return replace(
        graph,
        inputs=tuple(graph.inputs[k] for k in order),
        input_names=tuple(names[k] for k in order) if names else (),
    )


def find_rows(graph: Graph, index: int) -> int:
    """How many rows of tables the whole numbers of input `index` choose among.

    Raises ModelError where something else is made of them.
    """
    rows = set()
    for op in graph.operators:
        if index in op.inputs:
            table = graph.tensors[op.inputs[0]] if op.kind == "GATHER" else None
            whole = table is not None and op.inputs[0] != index and table.is_constant
            axes = [int(op.options.get(k, 0)) for k in ("axis", "batch_dims")]  # type: ignore[arg-type]
            if not whole or axes != [0, 0]:
                raise ModelError(
                    f"{graph.name}: {op} reads {graph.tensors[index]}; an audit follows whole "
                    "numbers only where they choose rows of constant tables (embeddings)."
                )
            assert table is not None
            rows.add(table.shape[0])
    return min(rows, default=1)


def part_of(graph: Graph, index: int, low: float, high: float) -> Part:
    """Input `index` of the graph with its real range; the range of whole numbers is their own."""
    tensor = graph.tensors[index]
    if tensor.dtype in ("int32", "int64"):
        rows = find_rows(graph, index)
        return Part(graph.name_of(index), tensor.shape[1:], 0.0, 1.0, rows)
    return Part(graph.name_of(index), tensor.shape[1:], low, high)


def look_up(tf: Any, graph: Graph, op: Operator, operands: Any, parameters: Any) -> Any:
    """GATHER of rows of a table by inputs that `cut_parts` made one-hot: [N, ..., columns]."""
    table, chosen = tf.convert_to_tensor(operands[0]), tf.convert_to_tensor(operands[1])
    if chosen.dtype.is_integer:
        return tf.gather(table, chosen)
    return tf.tensordot(chosen, table[: chosen.shape[-1]], 1)
