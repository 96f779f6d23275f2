"""Sums and products of reshaped values, computed before the RESHAPE.

TensorFlow's quantizer moves a RESHAPE of both operands behind the operator, after the ranges were
found: the operator's result has then none, and it ends in an error without words.
"""

from qmcu.model.graph import Graph, Operator
from qmcu.model.rewriting import GraphMaker

_KINDS = frozenset(("ADD", "DIV", "MUL", "SUB"))


def with_late_reshapes(graph: Graph) -> Graph:
    """The float graph in that order; itself where no two operands are reshaped alike."""
    maker = GraphMaker(graph)
    sources: dict[int, int] = {}
    changed = False
    for op in graph.operators:
        if op.kind == "RESHAPE":
            sources[op.outputs[0]] = op.inputs[0]
        if not _is_behind(maker, op, sources):
            maker.operators.append(op)
            continue
        changed = True
        given = tuple(sources[i] for i in op.inputs)
        early = maker.add(op.kind, given, given[0], op.options)
        maker.reshape(early, op.outputs[0])
        sources[op.outputs[0]] = early
    return maker.graph() if changed else graph


def _is_behind(maker: GraphMaker, op: Operator, sources: dict[int, int]) -> bool:
    """Whether both operands are reshaped, from one shape to one shape."""
    if op.kind not in _KINDS or len(op.inputs) != 2 or not all(i in sources for i in op.inputs):
        return False
    before = [maker.tensors[sources[i]] for i in op.inputs]
    after = [maker.tensors[i] for i in (*op.inputs, *op.outputs)]
    alike = len({t.shape for t in before}) == len({t.shape for t in after}) == 1
    real = all(t.dtype == "float32" for t in (*before, *after))
    return alike and real and not any(t.is_constant for t in before)
