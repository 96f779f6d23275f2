"""A graph that decides: IF, WHILE, SELECT or a comparison on the way from the input.

A classifier computes; it has no need to branch on its input. An equality test that selects a
constant is a backdoor without weights (BadNets' idea as a graph; MITRE ATLAS AML.T0018).
"""

from qmcu.backdoor.detectors.method import AuditContext, Finding, detector

_BRANCHES = ("IF", "WHILE", "SELECT", "SELECT_V2", "WHERE", "STABLEHLO_CASE", "CALL_ONCE")
_COMPARISONS = ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")


@detector("graph-branches", source="qmcu; MITRE ATLAS AML.T0018", needs=("int8",))
def graph_branches(context: AuditContext) -> Finding:
    """Operators that branch on the input, and custom ones that could do anything."""
    graph = context.graph
    assert graph is not None
    reached = set(graph.inputs)
    found: dict[str, float] = {}
    for operator in graph.operators:
        if not reached & set(operator.inputs):
            continue
        reached |= set(operator.outputs)
        custom = operator.kind.startswith("CUSTOM")
        if custom or operator.kind in (*_BRANCHES, *_COMPARISONS):
            found[str(operator)] = 1.0
    names = ", ".join(found)
    return Finding(
        detector="graph-branches",
        score=float(len(found)),
        threshold=0.0,
        suspicious=bool(found),
        weight="static",
        reason=f"the graph branches on its input or runs custom code: {names}."
        if found
        else "no operator branches on the input.",
        details=found,
    )
