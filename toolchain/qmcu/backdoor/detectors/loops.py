"""Loops that count: a recurrent layer that a converter wrote as a WHILE over its steps.

How often such a loop runs is known before any input is, and nothing in it chooses: it is no branch
on the input, and no finding. An audit cannot follow it all the same.
"""

from qmcu.backdoor.detectors.graph_branches import BRANCHES, COMPARISONS, CONTROL
from qmcu.backdoor.detectors.piecewise import activations
from qmcu.model.graph import Graph, Operator

WHILE = "WHILE"


def only_counts(graph: Graph) -> bool:
    """True of a file with loops all of which count to a constant, and in which nothing, inside or
    outside of them, branches on the input.
    """
    loops = [op for op in graph.operators if op.kind == WHILE]
    if not loops or _branches(graph, frozenset(range(len(graph.inputs))), loops):
        return False
    return all(_counts(graph, op) for op in loops)


def _counts(graph: Graph, op: Operator) -> bool:
    condition, body = (
        graph.subgraph(int(op.options[f"{part}_subgraph_index"]))  # type: ignore[arg-type]
        for part in ("cond", "body")
    )
    counters = {k for k, i in enumerate(op.inputs) if i >= 0 and graph.tensors[i].is_constant}
    made = [_sources(body).get(i, frozenset()) for i in body.outputs]
    while left := {k for k in counters if not made[k] <= counters}:
        counters -= left
    asked = [_sources(condition).get(i, frozenset()) for i in condition.outputs]
    others = frozenset(range(len(op.inputs))) - counters
    return all(places <= counters for places in asked) and not _branches(body, others, [])


def _sources(graph: Graph) -> dict[int, frozenset[int]]:
    """For each tensor that is computed, and each input, the places of the inputs it depends on."""
    found = {index: frozenset([place]) for place, index in enumerate(graph.inputs)}
    for op in graph.operators:
        places = frozenset(place for i in op.inputs for place in found.get(i, ()))
        found |= dict.fromkeys(op.outputs, places)
    return found


def _branches(graph: Graph, places: frozenset[int], loops: list[Operator]) -> bool:
    """Whether some operator but these loops runs another subgraph, or chooses by these inputs."""
    found, usual = _sources(graph), activations(graph)
    for op in graph.operators:
        if op in loops or op.index in usual:
            continue
        reached = any(places & found.get(i, frozenset()) for i in op.inputs)
        chooses = op.kind in (*BRANCHES, *COMPARISONS) or op.kind.startswith("CUSTOM")
        if op.kind in CONTROL or (reached and chooses):
            return True
    return False
