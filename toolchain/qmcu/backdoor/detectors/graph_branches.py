"""A graph that decides: IF, WHILE, SELECT or a comparison on the way from the input.

A classifier computes; it has no need to branch on its input. An equality test that selects a
constant is a backdoor without weights (BadNets' idea as a graph; MITRE ATLAS AML.T0018).
Activations that a converter writes so (`piecewise`) are no branch.
"""

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector
from qmcu.backdoor.detectors.piecewise import SELECTS, activations

# Operators that run other subgraphs: a file with them has no graph of its own to follow.
CONTROL = ("IF", "WHILE", "STABLEHLO_CASE", "STABLEHLO_WHILE", "CALL", "CALL_ONCE")
BRANCHES = (*CONTROL, *SELECTS, "WHERE")
COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")


@detector("graph-branches", source="qmcu; MITRE ATLAS AML.T0018", needs=("file",))
def graph_branches(context: AuditContext) -> Finding:
    """Operators that branch on the input, and custom ones that could do anything."""
    graph = context.graph
    named = dict.fromkeys(context.control, 1.0)
    reached = set(graph.inputs) if graph is not None else set()
    usual = activations(graph) if graph is not None else frozenset[int]()
    for operator in graph.operators if graph is not None else ():
        if not reached & set(operator.inputs):
            continue
        reached |= set(operator.outputs)
        custom = operator.kind.startswith("CUSTOM")
        if operator.index in usual:
            continue
        if custom or operator.kind in (*BRANCHES, *COMPARISONS):
            named[str(operator)] = 1.0
    names = ", ".join(named)
    return Finding(
        detector="graph-branches",
        score=float(len(named)),
        threshold=0.0,
        suspicious=bool(named),
        weight="static",
        reason=f"the graph branches on its input or runs custom code: {names}."
        if named
        else "no operator branches on the input.",
        details=named,
    )
