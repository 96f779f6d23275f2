"""States that operators keep inside themselves: on the device they are variables of the plan."""

from dataclasses import replace

from qmcu.model.custom import custom_operator
from qmcu.model.graph import Graph, Operator, Tensor


def hidden_state(graph: Graph, operator: Operator) -> tuple[int, str]:
    """How many elements of which type an operator keeps to itself; 0 if it keeps nothing."""
    described = custom_operator(operator.kind)
    if described is not None and described.problem(graph, operator) is None:
        return described.amount(described.state, graph, operator), "uint8"
    return 0, "uint8"


def show_states(graph: Graph) -> Graph:
    """The graph with each hidden state as a variable, the last operand of its operator."""
    tensors, operators = list(graph.tensors), []
    for operator in graph.operators:
        count, dtype = hidden_state(graph, operator)
        if count:
            name = f"{operator.kind.removeprefix('CUSTOM:')} {operator.index} state"
            tensors.append(Tensor(len(tensors), name, (count,), dtype, is_variable=True))
            operator = replace(operator, inputs=(*operator.inputs, len(tensors) - 1))
        operators.append(operator)
    if len(tensors) == len(graph.tensors):
        return graph
    return replace(graph, tensors=tuple(tensors), operators=tuple(operators))
