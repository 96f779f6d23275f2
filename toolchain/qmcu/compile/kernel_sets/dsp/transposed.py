"""TRANSPOSE_CONV of int8 by phases for the DSP extension."""

from qmcu.compile.kernel_sets.dsp import anything, fours
from qmcu.compile.kernel_sets.limits import with_limits
from qmcu.compile.kernel_sets.phases import Form, by_phases, from_call
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import Fields


def _zero_point(context: OperatorContext, convolution: OperatorContext) -> Fields:
    return (("output_zero_point", quantization_of(context.output()).zero_point),)


FORMS = with_limits(
    (
        by_phases(Form("transpose_conv_four_dsp", from_call(fours.windows), nested="")),
        by_phases(Form("transpose_conv_any_dsp", from_call(anything.conv_2d), _zero_point)),
    )
)
