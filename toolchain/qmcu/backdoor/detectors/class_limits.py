"""What a search for one class among others needs: enough classes, time, and certain answers.

Of a network that is sure of nothing, as before training, one class leads for no reason: its scores
hardly depend on its input. The file tells so itself: the range of its scores is what calibration
found.
"""

import math

import numpy as np

from qmcu.backdoor.grids import SAME_GRID, ends_of
from qmcu.errors import ModelError
from qmcu.model.graph import Graph
from qmcu.model.inspect import inspect_graph
from qmcu.types import Float64Array

LEAST_CLASSES = 4
_PROBABILITIES = ("SOFTMAX", "LOG_SOFTMAX", "LOGISTIC")
# Inputs' margin over the second class, in units of that over the last one.
_SURE = 0.01
# What the likeliest class has to come to on what a file was calibrated on.
LIKELY = 0.5


def count_classes(graph: Graph) -> int:
    """How many classes a file has. Raises ModelError for too few to tell one from the others."""
    classes = graph.output_tensors[0].elements
    if classes < LEAST_CLASSES:
        raise ModelError(
            f"{graph.name} has {classes} output{'s' * (classes > 1)}; {LEAST_CLASSES} classes are "
            "needed for one of them to stand out."
        )
    return classes


def most_likely(graph: Graph) -> float:
    """The probability that the likeliest class has at most, within the range that calibration found
    for the scores: one of them at its upper end and the others at the lower, through a softmax,
    whether the file has that or its user. 1 where a file does not tell.
    """
    scores = graph.outputs[0]
    for operator in reversed(graph.operators):
        if operator.outputs[0] == scores and operator.kind in (*SAME_GRID, *_PROBABILITIES):
            scores = operator.inputs[0]
    if graph.tensors[scores].quantization is None:
        return 1.0
    low, high = ends_of(graph.tensors[scores])
    return 1 / (1 + (graph.output_tensors[0].elements - 1) * math.exp(low - high))


def require_sure(graph: Graph) -> None:
    """Raise ModelError for a file whose scores never get far enough from each other to be sure."""
    likely = most_likely(graph)
    if likely < LIKELY:
        raise ModelError(
            f"{graph.name}: the likeliest class of anything that it was calibrated on has a "
            f"probability of {likely:.2f} at most ({LIKELY:g} is needed), so a class that leads "
            "tells nothing; is it trained?"
        )


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
