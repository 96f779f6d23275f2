"""What nobody reads is not computed."""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from qmcu.model.early_ends import CIRCULAR
from qmcu.model.graph import Graph, Operator

# Operators that do something beside their outputs: they stay.
_ACTING = frozenset(
    {
        "ASSIGN_VARIABLE", "CALL_ONCE", CIRCULAR, "IF", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "WHILE",
    }
)  # fmt: skip


def drop_unread(graph: Graph) -> Graph:
    """Without the operators whose outputs neither an operator nor the model's outputs need."""
    kept = operators_for(graph.outputs, graph.operators, acting=_ACTING)
    return graph if len(kept) == len(graph.operators) else replace(graph, operators=kept)


def operators_for(
    outputs: Iterable[int], operators: Sequence[Operator], *, acting: Container[str] = ()
) -> tuple[Operator, ...]:
    """Those of the operators that these tensors need, and those of the kinds `acting`."""
    wanted, kept = set(outputs), []
    for operator in reversed(operators):
        if operator.kind in acting or wanted.intersection(operator.outputs):
            kept.append(operator)
            wanted.update(i for i in operator.inputs if i >= 0)
    return tuple(reversed(kept))
