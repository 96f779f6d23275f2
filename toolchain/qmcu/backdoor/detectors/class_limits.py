"""What a search for one class among others needs: enough classes, time, and certain answers."""

import numpy as np

from qmcu.errors import ModelError
from qmcu.model.graph import Graph
from qmcu.model.inspect import inspect_graph
from qmcu.types import Float64Array

LEAST_CLASSES = 4
# Inputs' margin over the second class, in units of that over the last one.
_SURE = 0.01


def count_classes(graph: Graph) -> int:
    """How many classes a file has. Raises ModelError for too few to tell one from the others."""
    classes = graph.output_tensors[0].elements
    if classes < LEAST_CLASSES:
        raise ModelError(
            f"{graph.name} has {classes} output{'s' * (classes > 1)}; {LEAST_CLASSES} classes are "
            "needed for one of them to stand out."
        )
    return classes


def fit_work(
    graph: Graph, most_work: float, passes: float, wanted: int, least: int, *, fixed: float = 0.0
) -> int:
    """How many starts or inputs, `wanted` at most, fit into `most_work` multiply-accumulates.

    Each of them takes `passes` gradients, and `fixed` ones come on top; a gradient is a forward
    pass and twice that back. Raises ModelError when fewer than `least` fit.
    """
    macs = inspect_graph(graph).macs
    gradient = max(3.0 * macs, 1.0)
    count = min(wanted, int((most_work / gradient - fixed) / passes))
    if count < least:
        times = gradient * (fixed + passes * least) / most_work
        classes = graph.output_tensors[0].elements
        raise ModelError(
            f"{graph.name}: {classes} classes of {macs:,} multiply-accumulates would take "
            f"{times:.1f} times as long as is allowed."
        )
    return count


def certainty(name: str, scores: Float64Array) -> float:
    """The median margin over the second class, of scores [N, classes]. Raises ModelError for next
    to none: then there is nothing to measure by.
    """
    ordered = np.sort(scores, axis=1)
    unit = float(np.median(ordered[:, -1] - ordered[:, -2]))
    if unit <= max(_SURE * float(np.median(ordered[:, -1] - ordered[:, 0])), 0.0):
        raise ModelError(
            f"{name}: no inputs were found that it is sure of, so there is nothing to measure "
            "classes by; is it trained?"
        )
    return unit
