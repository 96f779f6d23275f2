"""TRANSPOSE_CONV of int8 by phases for MVE."""

from qmcu.compile.kernel_sets.mve_packing import LANES, pack_pairs
from qmcu.compile.kernel_sets.mve_requantization import channel_pairs, multiply_fields
from qmcu.compile.kernel_sets.phases import Form, Phase, by_phases
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import channel_multipliers, folded_bias, quantization_of
from qmcu.compile.operators.window import Fields


def _pack(convolution: OperatorContext) -> Phase | None:
    """Not of one filter, for which laying windows out takes longer than the products."""
    weights, source = convolution.input(1).array, convolution.input(0)
    if len(weights) == 1:
        return None
    filters = weights.reshape(len(weights), -1)
    bias = folded_bias(convolution.optional_input(2), weights, quantization_of(source).zero_point)
    pairs = channel_pairs(channel_multipliers(convolution), len(weights))
    scratch = 4 * LANES * -(-filters.shape[1] // LANES)
    return Phase(convolution, pack_pairs(filters, bias, pairs).reshape(-1), scratch)


def _fields(context: OperatorContext, first: OperatorContext) -> Fields:
    weights = first.input(1).array
    pairs = channel_pairs(channel_multipliers(first), len(weights))
    return multiply_fields(first, weights.reshape(len(weights), -1), pairs)


FORMS = (by_phases(Form("transpose_conv_pairs_mve", _pack, _fields)),)
