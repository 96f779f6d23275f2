"""CIRCULAR_BUFFER that lets what follows run in every n-th inference only.

In the others the interpreter ends early. Its outputs that come later are then what the last whole
inference made them where it keeps every tensor, else whatever lies in their memory: here they are
the former, before the first whole inference zeros (integers: the zero point).
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from qmcu.model.custom import custom_operator, operator_options
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.types import Array

CIRCULAR = "CUSTOM:CIRCULAR_BUFFER"
# Where a model does not say it, the interpreter goes by the shape, and counts those that it sees.
_EVERY_TIME = (5, 13, 25)
_FIFTH = 5
_FIFTH_SHAPE = (2, 96)


def declared_cycles(operator: Operator) -> int:
    """What the options say; 0 where they say nothing. Raises ValueError for no integer."""
    declared = operator_options(operator).get("cycles_max", 0)
    if not isinstance(declared, int):
        raise ValueError(f"option cycles_max is {declared}, an integer is needed")
    return max(0, declared)


def cycles(graph: Graph) -> dict[int, int]:
    """For each buffer by its operator's number: it lets what follows run every so many inferences.

    Raises ValueError where that depends on the models that the interpreter had before.
    """
    found: dict[int, int] = {}
    seen, by_count = 0, False
    for operator in graph.operators:
        if operator.kind != CIRCULAR or custom_operator(CIRCULAR) is not None:
            continue
        found[operator.index] = declared_cycles(operator)
        shape = graph.tensors[operator.outputs[0]].shape
        if found[operator.index] or len(shape) != 4:
            continue
        seen += 1
        counts = shape[2:] == _FIFTH_SHAPE and shape[1] not in _EVERY_TIME
        by_count |= counts
        once = shape[1] in _EVERY_TIME or (counts and seen == _FIFTH)
        found[operator.index] = 1 if once else 2
        seen = 0 if once else seen
    if by_count and seen:
        raise ValueError(
            "the interpreter decides by how many circular buffers it saw before, those of other "
            "models among them, which of them run; give cycles_max in the model"
        )
    return found


def ends_early(graph: Graph) -> bool:
    """Whether some inferences end before the last operator."""
    try:
        periods = cycles(graph)
    except ValueError:
        return False
    return any(periods.get(operator.index, 1) > 1 for operator in graph.operators[:-1])


def first_value(tensor: Tensor) -> Array:
    """What an output is before the first whole inference."""
    fill = tensor.quantization.zero_point & 0xFF if tensor.quantization else 0
    return np.frombuffer(bytes([fill]) * tensor.size, tensor.dtype).reshape(tensor.shape)


def blank_before_first(
    graph: Graph, values: Mapping[int, Array], since: Sequence[int] | Array
) -> dict[int, Array]:
    """Values [N, *shape] by tensor, with the first value where nothing was computed yet.

    `since` says of each row how many inferences there were since the last reset.
    """
    changed, periods, wait = dict(values), cycles(graph), 1
    for operator in graph.operators:
        for index in operator.outputs:
            if wait > 1 and index in changed:
                early = np.asarray(since) + 1 < wait
                changed[index] = changed[index].copy()
                changed[index][early] = first_value(graph.tensors[index])
        wait = math.prod((wait, periods.get(operator.index, 1)))
    return changed
