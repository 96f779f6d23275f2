"""What nobody reads is not computed."""

from dataclasses import replace

from qmcu.model.early_ends import CIRCULAR
from qmcu.model.graph import Graph

# Operators that do something beside their outputs: they stay.
_ACTING = frozenset(
    {
        "ASSIGN_VARIABLE", "CALL_ONCE", CIRCULAR, "IF", "SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "WHILE",
    }
)  # fmt: skip


def drop_unread(graph: Graph) -> Graph:
    """Without the operators whose outputs neither an operator nor the model's outputs need."""
    wanted = set(graph.outputs)
    kept = []
    for operator in reversed(graph.operators):
        if operator.kind in _ACTING or wanted.intersection(operator.outputs):
            kept.append(operator)
            wanted.update(i for i in operator.inputs if i >= 0)
    if len(kept) == len(graph.operators):
        return graph
    return replace(graph, operators=tuple(reversed(kept)))
