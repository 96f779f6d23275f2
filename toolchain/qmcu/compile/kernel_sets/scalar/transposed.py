"""TRANSPOSE_CONV of int8 by phases for cores without the DSP extension."""

import numpy as np

from qmcu.compile.kernel_sets.phases import Form, Phase, by_phases, words
from qmcu.compile.kernel_sets.scalar.multiply import PACKED_FROM, in_pairs, part_of
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators import transpose_conv
from qmcu.compile.operators.weights import folded_bias, quantization_of, requantization
from qmcu.compile.operators.window import Fields
from qmcu.compile.plan import Argument


def _pack(convolution: OperatorContext) -> Phase | None:
    weights, source = convolution.input(1).array, convolution.input(0)
    packed = in_pairs(weights)
    if packed is None or len(weights) < PACKED_FROM:
        return None
    bias = folded_bias(convolution.optional_input(2), weights, quantization_of(source).zero_point)
    filled = np.pad(packed, (0, (weights.size + 4) // 4 * 4 - len(packed)))
    scratch = 8 * part_of(weights[0].size) + 16 * len(weights) + source.shape[3]
    return Phase(convolution, np.concatenate([bias, words(filled)]), scratch)


def _fields(context: OperatorContext, first: OperatorContext) -> Fields:
    """The first phase has the most taps."""
    fields, _ = requantization(context, transpose_conv.multipliers(context))
    return (*fields, ("part", part_of(first.input(1).array[0].size)))


def _constants(context: OperatorContext) -> tuple[Argument, ...]:
    return requantization(context, transpose_conv.multipliers(context))[1]


FORMS = (by_phases(Form("transpose_conv_parts_scalar", _pack, _fields, _constants)),)
