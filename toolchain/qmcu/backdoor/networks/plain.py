"""A graph without what only feeds shapes or changes the types at its ends.

The converter writes SHAPE, STRIDED_SLICE and PACK in front of a RESHAPE when it was given a model
with a free batch, and QUANTIZE and DEQUANTIZE at the ends of a file that takes float32 or uint8.
None of them computes anything that an audit looks at: shapes are constant here, and between the
ends a file is int8 or int16. Tensors have the batch as their first axis (batch_axis.py), and
what initial states alone decide is constant (first_states.py).
"""

from dataclasses import replace

from qmcu.backdoor.networks.batch_axis import batch_first
from qmcu.backdoor.networks.first_states import with_known_states
from qmcu.model.graph import Graph, Operator

_INTEGERS = ("int32", "int64")
_DEPLOYED = ("int8", "int16")


def plain_graph(graph: Graph) -> Graph:
    """The same network with constant shapes and integer ends; the graph itself if it has them.

    Operators are numbered anew; tensors keep their indices.
    """
    given = graph
    graph = _without_casts(graph)
    counted = replace(graph, operators=_without_wraps(graph, graph.operators))
    stateless = with_known_states(graph, _without_shapes(counted))
    operators = stateless.operators
    operators, inputs = _from_integers(graph, operators)
    operators, outputs = _to_integers(graph, operators)
    first = batch_first(replace(stateless, inputs=inputs, outputs=outputs), operators)
    if first.operators == given.operators:
        return given
    numbered = tuple(replace(op, index=k) for k, op in enumerate(first.operators))
    return replace(first, operators=numbered)


def _without_casts(graph: Graph) -> Graph:
    """With whole numbers where the only reader of real inputs is a CAST that makes such of them, as
    Keras writes in front of an embedding whose `Input` has no dtype.
    """
    inputs, gone = list(graph.inputs), set()
    for place, index in enumerate(graph.inputs):
        readers = [op for op in graph.operators if index in op.inputs]
        if len(readers) != 1 or readers[0].kind != "CAST" or index in graph.outputs:
            continue
        made = readers[0].outputs[0]
        real, whole = graph.tensors[index].dtype, graph.tensors[made].dtype
        if real == "float32" and whole in _INTEGERS and made not in graph.outputs:
            inputs[place] = made
            gone.add(readers[0].index)
    if not gone:
        return graph
    names = graph.input_names or tuple(graph.name_of(index) for index in graph.inputs)
    operators = tuple(op for op in graph.operators if op.index not in gone)
    return replace(graph, operators=operators, inputs=tuple(inputs), input_names=names)


def _without_wraps(graph: Graph, operators: tuple[Operator, ...]) -> tuple[Operator, ...]:
    """Without what lets numbers below zero count from a table's end, as Keras 3 writes in front of
    an embedding: SELECT(x < 0, x + rows, x). Those from zero are themselves.
    """
    producers = {i: op for op in operators for i in op.outputs}
    same: dict[int, int] = {}
    gone: set[int] = set()
    for op in operators:
        if op.kind not in ("SELECT", "SELECT_V2") or op.inputs[2] not in graph.inputs:
            continue
        source, parts = op.inputs[2], [producers.get(i) for i in op.inputs[:2]]
        kinds = [part.kind if part else "" for part in parts]
        first, second = (_beside(graph, part, source) for part in parts)
        readers = [o for o in operators if op.outputs[0] in o.inputs]
        rows = {graph.tensors[o.inputs[0]].shape[:1] for o in readers if o.kind == "GATHER"}
        tables = all(o.kind == "GATHER" and o.inputs[1] == op.outputs[0] for o in readers)
        inside = [index for part in parts if part for index in part.outputs]
        others = [o for o in operators if o is not op and set(o.inputs) & set(inside)]
        alone = not others and not {*inside, op.outputs[0]} & set(graph.outputs)
        if kinds == ["LESS", "ADD"] and first == 0 and tables and rows == {(second,)} and alone:
            same[op.outputs[0]] = source
            gone |= {op.index, *(part.index for part in parts if part)}
    return tuple(
        replace(op, inputs=tuple(same.get(i, i) for i in op.inputs))
        for op in operators
        if op.index not in gone
    )


def _beside(graph: Graph, op: Operator | None, source: int) -> int | None:
    """The whole number that an operator has beside `source`, in the second place."""
    if op is None or len(op.inputs) != 2 or op.inputs[0] != source:
        return None
    other = graph.tensors[op.inputs[1]]
    if not other.is_constant or other.elements != 1 or other.dtype not in _INTEGERS:
        return None
    return int(other.array.reshape(-1)[0])


def _without_shapes(graph: Graph) -> tuple[Operator, ...]:
    """The operators but those that compute shapes, and RESHAPE without its computed shape."""
    shapes: set[int] = set()
    for op in graph.operators:
        whole = all(graph.tensors[i].dtype in _INTEGERS for i in op.outputs)
        known = all(i < 0 or i in shapes or graph.tensors[i].is_constant for i in op.inputs)
        if op.kind == "SHAPE" or (whole and known):
            shapes.update(op.outputs)
    kept = [op for op in graph.operators if not set(op.outputs) <= shapes]
    return tuple(
        replace(op, inputs=op.inputs[:1])
        if op.kind == "RESHAPE" and set(op.inputs[1:]) & shapes
        else op
        for op in kept
    )


def _from_integers(
    graph: Graph, operators: tuple[Operator, ...]
) -> tuple[tuple[Operator, ...], tuple[int, ...]]:
    """Without QUANTIZE of the only input, and the inputs then."""
    readers = [op for op in operators if set(op.inputs) & set(graph.inputs)]
    if len(graph.inputs) != 1 or len(readers) != 1 or readers[0].kind != "QUANTIZE":
        return operators, graph.inputs
    made = readers[0].outputs[0]
    if graph.tensors[made].dtype not in _DEPLOYED or len(operators) == 1:
        return operators, graph.inputs
    return tuple(op for op in operators if op is not readers[0]), (made,)


def _to_integers(
    graph: Graph, operators: tuple[Operator, ...]
) -> tuple[tuple[Operator, ...], tuple[int, ...]]:
    """Without the QUANTIZE or DEQUANTIZE that makes the only output, and the outputs then."""
    if len(graph.outputs) != 1 or len(operators) < 2:
        return operators, graph.outputs
    last = operators[-1]
    given = last.inputs[0]
    if last.outputs != graph.outputs or last.kind not in ("QUANTIZE", "DEQUANTIZE"):
        return operators, graph.outputs
    if graph.tensors[given].dtype not in _DEPLOYED or graph.tensors[given].is_constant:
        return operators, graph.outputs
    return operators[:-1], (given,)
