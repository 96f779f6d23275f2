"""Whether a model keeps a state from one inference to the next."""

from qmcu.model.graph import Graph


def is_stateful(graph: Graph) -> bool:
    """Whether an inference can depend on those before it."""
    used = (graph.tensors[i] for op in graph.operators for i in op.inputs if i >= 0)
    kinds = {operator.kind for g in (graph, *graph.subgraphs) for operator in g.operators}
    return "ASSIGN_VARIABLE" in kinds or any(tensor.is_variable for tensor in used)
