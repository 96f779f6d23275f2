"""Whether a model keeps a state from one inference to the next."""

from qmcu.model.graph import Graph
from qmcu.model.hidden_states import hidden_state


def is_stateful(graph: Graph) -> bool:
    """Whether an inference can depend on those before it."""
    used = (graph.tensors[i] for op in graph.operators for i in op.inputs if i >= 0)
    kinds = {operator.kind for g in (graph, *graph.subgraphs) for operator in g.operators}
    if any(hidden_state(g, o)[0] for g in (graph, *graph.subgraphs) for o in g.operators):
        return True
    return "ASSIGN_VARIABLE" in kinds or any(tensor.is_variable for tensor in used)
