"""Every output of a model has bytes of its own: constants are copied to where outputs are read.

So are inputs that a model without operators gives as they are.
"""

from dataclasses import replace

from qmcu.model.graph import Graph, Operator


def give_outputs_bytes(graph: Graph) -> Graph:
    """The graph with a RESHAPE, which copies, behind each output that no operator makes."""
    tensors, operators = list(graph.tensors), list(graph.operators)
    number = max((operator.index for operator in operators), default=-1) + 1
    outputs = []
    for index in graph.outputs:
        if not tensors[index].is_constant and graph.operators:
            outputs.append(index)
            continue
        copy = replace(tensors[index], index=len(tensors), data=None)
        tensors.append(copy)
        operators.append(Operator(number, "RESHAPE", (index,), (copy.index,)))
        number += 1
        outputs.append(copy.index)
    if tuple(outputs) == graph.outputs:
        return graph
    return replace(
        graph, tensors=tuple(tensors), operators=tuple(operators), outputs=tuple(outputs)
    )
