"""Ranges that calibration found, where TensorFlow's quantizer would cut those of other layers.

Operators that move numbers or choose among them have one grid for what goes in and what comes out,
and the quantizer takes the result's. Where that is narrower than what went in, the input's layer is
cut to it: harmless where the result is all that is made of it, and wrong where another operator
reads the same numbers (the ReLU beside a MINIMUM with 0), or where they are averaged. There the
result is given the range of what goes in.
"""

from collections import Counter
from collections.abc import Mapping

from qmcu.model.graph import Graph
from qmcu.model.moves import AVERAGING, ONE_GRID, moved_inputs

Range = tuple[float, float]


def uncut(graph: Graph, ranges: Mapping[int, Range], *, sums: bool = False) -> dict[int, Range]:
    """The results that need a wider range than calibration found, with that range.

    A result is as wide as its source where the source has other readers or is averaged, and what
    is moved on from there too, since all of it has one grid. With `sums` a SUM has one grid too,
    its source's, as TensorFlow's quantizer of 16 bits has it: that is as wide as the result.
    """
    readers, found = _readers(graph), dict(ranges)
    for op in graph.operators:
        ends = (op.inputs[0], op.outputs[0]) if sums and op.kind == "SUM" else ()
        if ends and all(i in found for i in ends):
            found[ends[0]] = found[ends[1]] = _union([found[i] for i in ends])
    kept = {i for i, count in readers.items() if count > 1}
    for op in graph.operators:
        if op.kind not in ONE_GRID:
            continue
        sources = [i for i in (op.inputs[p] for p in moved_inputs(op)) if i in found]
        if op.kind not in AVERAGING and not kept.intersection(sources):
            continue
        for result in (i for i in op.outputs if i in found):
            found[result] = _union([found[i] for i in (result, *sources)])
            kept.add(result)
    return {i: found[i] for i in found if found[i] != tuple(ranges[i])}


def _union(ranges: list[Range]) -> Range:
    return min(low for low, _ in ranges), max(high for _, high in ranges)


def _readers(graph: Graph) -> Counter[int]:
    """How many operators read each tensor, or give it as an output of the model."""
    found = Counter(i for op in graph.operators for i in {*op.inputs} if i >= 0)
    found.update(graph.outputs)
    constant = [i for i in found if graph.tensors[i].is_constant]
    for index in constant:
        del found[index]
    return found
