"""Graph to Graph: what can be known before the device runs is not done on the device.

Shapes and other integers computed from constants become constants, branches of which only one
can be taken become that one, requantizations that change no byte become names for their input,
and what nobody reads is dropped. Every byte stays what tflite-micro gives, but for operators whose
bytes it leaves to chance (`undefined`). Tensors keep their indices, operators the numbers that they
have in the file.
"""

from dataclasses import replace

from qmcu.model.graph import Graph
from qmcu.model.passes.branches import take_constant_branches
from qmcu.model.passes.dead import drop_unread, operators_for
from qmcu.model.passes.folding import fold_constants
from qmcu.model.passes.rewriting import rewrite
from qmcu.model.passes.undefined import define, is_undefined

__all__ = ["is_undefined", "operators_for", "simplify"]

# A branch taken may make new constants, which may decide another branch.
_MAX_ROUNDS = 20


def simplify(graph: Graph) -> Graph:
    """The same model with less to do; `graph` itself where there is nothing to simplify."""
    for _ in range(_MAX_ROUNDS):
        before = graph
        graph = take_constant_branches(fold_constants(rewrite(define(graph))))
        graph = drop_unread(graph)
        bodies = tuple(drop_unread(fold_constants(rewrite(define(g)))) for g in graph.subgraphs)
        if any(new is not old for new, old in zip(bodies, graph.subgraphs, strict=True)):
            graph = replace(graph, subgraphs=bodies)
        if graph is before:
            break
    return graph
