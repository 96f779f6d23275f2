"""DEPTHWISE_CONV_2D of one input channel: a CONV_2D, whose kernels share the window's columns."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import KernelCall


def of_one_channel(lowerings: Sequence[Lowering]) -> tuple[Lowering, ...]:
    """Lowerings of CONV_2D for depthwise convolutions of one input and several output channels."""
    return tuple(map(_as_convolution, lowerings))


def _as_convolution(lower: Lowering) -> Lowering:
    def lowered(context: OperatorContext) -> KernelCall | None:
        weights = context.input(1)
        if context.input(0).shape[3] != 1 or weights.shape[3] == 1 or weights.dtype != "int8":
            return None
        # [1, height, width, filters] to [filters, height, width, 1]
        filters = np.ascontiguousarray(weights.array.transpose(3, 1, 2, 0))
        changed = replace(
            weights,
            shape=filters.shape,
            data=filters.tobytes(),
            quantization=replace(quantization_of(weights), axis=0),
        )
        tensors = list(context.graph.tensors)
        tensors[weights.index] = changed
        return lower(replace(context, graph=replace(context.graph, tensors=tuple(tensors))))

    return lowered
