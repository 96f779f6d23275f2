"""IF whose condition is a constant: only one of its branches can ever be taken."""

import itertools
from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Tensor


def take_constant_branches(graph: Graph) -> Graph:
    """The branch that is taken, in the place of the IF; its tensors are added at the end."""
    for position, operator in enumerate(graph.operators):
        if operator.kind != "IF" or not operator.inputs or operator.inputs[0] < 0:
            continue
        condition = graph.tensors[operator.inputs[0]]
        if not condition.is_constant or condition.dtype != "bool" or condition.elements != 1:
            continue
        name = "then_subgraph_index" if condition.array.any() else "else_subgraph_index"
        chosen = operator.options.get(name, 0)
        assert isinstance(chosen, int)
        body = graph.subgraph(chosen)
        inlined = _inlined(graph, position, operator, body)
        if inlined is not None:
            return inlined
    return graph


def _inlined(graph: Graph, position: int, operator: Operator, body: Graph) -> Graph | None:
    operands = operator.inputs[1:]
    if len(operands) != len(body.inputs) or len(operator.outputs) != len(body.outputs):
        return None
    if any(i < 0 for i in operands) or len(set(body.outputs)) != len(body.outputs):
        return None
    mapping = dict(zip(body.inputs, operands, strict=True))
    # Layers are named by their number: what is new gets numbers of its own.
    number = itertools.count(max(op.index for op in graph.operators) + 1)
    copies: list[Operator] = []
    added: list[Tensor] = []
    for inner, outer in zip(body.outputs, operator.outputs, strict=True):
        if inner in mapping or body.tensors[inner].is_constant:
            # A branch that hands through what it was given.
            source = _placed(graph, body, inner, mapping, added)
            copies.append(Operator(next(number), "RESHAPE", (source,), (outer,)))
        else:
            mapping[inner] = outer
    inside = [
        replace(
            op,
            index=next(number),
            inputs=tuple(_placed(graph, body, i, mapping, added) for i in op.inputs),
            outputs=tuple(_placed(graph, body, i, mapping, added) for i in op.outputs),
            intermediates=tuple(_placed(graph, body, i, mapping, added) for i in op.intermediates),
        )
        for op in body.operators
    ]
    operators = (
        *graph.operators[:position], *inside, *copies, *graph.operators[position + 1 :],
    )  # fmt: skip
    return replace(graph, tensors=(*graph.tensors, *added), operators=operators)


def _placed(
    graph: Graph, body: Graph, index: int, mapping: dict[int, int], added: list[Tensor]
) -> int:
    """The index in `graph` of a tensor of `body`, which is added when it is new."""
    if index < 0:
        return index
    if index not in mapping:
        mapping[index] = len(graph.tensors) + len(added)
        added.append(replace(body.tensors[index], index=mapping[index]))
    return mapping[index]
