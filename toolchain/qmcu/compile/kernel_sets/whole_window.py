"""CONV_2D whose window is the whole image: a FULLY_CONNECTED of one output row an image."""

from dataclasses import replace

from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.window import axes
from qmcu.compile.plan import KernelCall


def of_whole_window(lower: Lowering) -> Lowering:
    """The lowering of FULLY_CONNECTED, for convolutions of one output pixel without padding."""

    def lowered(context: OperatorContext) -> KernelCall | None:
        source, target, weights = context.input(0), context.output(), context.input(1)
        if weights.shape[1:] != source.shape[1:] or target.shape[1:3] != (1, 1):
            return None
        windows = axes(context, source.shape[1:3], weights.shape[1:3])
        if any(axis.padding or (axis.dilation > 1 and axis.kernel > 1) for axis in windows):
            return None
        rows = replace(weights, shape=(weights.shape[0], weights.elements // weights.shape[0]))
        tensors = list(context.graph.tensors)
        tensors[weights.index] = rows
        return lower(replace(context, graph=replace(context.graph, tensors=tuple(tensors))))

    return lowered
