"""Many graphs as one, so that one firmware image can test them all."""

from collections.abc import Sequence
from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Tensor


def pack(graphs: Sequence[Graph]) -> Graph:
    """One graph that holds all `graphs` side by side, sharing nothing.

    Its inputs and outputs are theirs, end to end; operators keep their order.
    """
    tensors: list[Tensor] = []
    operators: list[Operator] = []
    inputs: list[int] = []
    outputs: list[int] = []
    for number, graph in enumerate(graphs):
        base = len(tensors)
        for tensor in graph.tensors:
            index = base + tensor.index
            tensors.append(replace(tensor, index=index, name=f"g{number}_{tensor.name}"))
        for operator in graph.operators:
            operators.append(
                replace(
                    operator,
                    index=len(operators),
                    inputs=tuple(i if i < 0 else base + i for i in operator.inputs),
                    outputs=tuple(base + i for i in operator.outputs),
                )
            )
        inputs += [base + i for i in graph.inputs]
        outputs += [base + i for i in graph.outputs]
    name = f"{len(graphs)}_graphs"
    return Graph(name, tuple(tensors), tuple(operators), tuple(inputs), tuple(outputs))
