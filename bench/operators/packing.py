"""Many graphs as one, so that one firmware image can test them all."""

from collections.abc import Sequence
from dataclasses import replace

from qmcu.model.graph import Graph, Operator, Tensor


def pack(graphs: Sequence[Graph]) -> Graph:
    """One graph that holds all `graphs` side by side, sharing nothing.

    Its inputs and outputs are theirs, end to end; operators keep their order. Subgraphs and
    resource variables get numbers and names of their own.
    """
    tensors: list[Tensor] = []
    operators: list[Operator] = []
    subgraphs: list[Graph] = []
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
                    _renamed(operator, number, len(subgraphs)),
                    index=len(operators),
                    inputs=tuple(i if i < 0 else base + i for i in operator.inputs),
                    outputs=tuple(base + i for i in operator.outputs),
                )
            )
        inputs += [base + i for i in graph.inputs]
        outputs += [base + i for i in graph.outputs]
        before = len(subgraphs)
        for body in graph.subgraphs:
            renamed = tuple(_renamed(operator, number, before) for operator in body.operators)
            subgraphs.append(replace(body, operators=renamed))
    return Graph(
        f"{len(graphs)}_graphs",
        tuple(tensors),
        tuple(operators),
        tuple(inputs),
        tuple(outputs),
        subgraphs=tuple(subgraphs),
    )


def _renamed(operator: Operator, number: int, subgraphs: int) -> Operator:
    """The operator of graph `number`, with `subgraphs` subgraphs before its own."""
    options = dict(operator.options)
    for name, value in options.items():
        if name.endswith("_subgraph_index") and isinstance(value, int):
            options[name] = value + subgraphs
    if "shared_name" in options:
        options["shared_name"] = f"g{number}_{options['shared_name']}"
    return replace(operator, options=options) if options != operator.options else operator
