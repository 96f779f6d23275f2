"""Whether a model keeps a state from one inference to the next."""

from qmcu.model.graph import Graph
from qmcu.model.hidden_states import hidden_state


def is_stateful(graph: Graph) -> bool:
    """Whether an inference can depend on those before it."""
    whole = (graph, *graph.subgraphs)
    used = (g.tensors[i] for g in whole for op in g.operators for i in op.inputs if i >= 0)
    kinds = {operator.kind for g in whole for operator in g.operators}
    if any(hidden_state(g, o)[0] for g in whole for o in g.operators):
        return True
    return "ASSIGN_VARIABLE" in kinds or any(tensor.is_variable for tensor in used)
