"""Why a layer runs on a slower kernel than its kind has, and what that costs, for people."""

from qmcu.compile.kernel_sets.dsp.anything import SINGLES
from qmcu.compile.kernel_sets.grouped import has_groups
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.plan import KernelCall

# By the kernel; instructions as counted on a Cortex-M4.
_KERNELS = {
    "batch_matmul_dsp": "no two rows or columns along what is summed, or sums beyond the fast "
    "form: 3 to 6 instructions a MAC instead of 2",
    "batch_matmul_mve": "no two rows or columns along what is summed: 3 to 5 instructions a MAC "
    "instead of 1",
    "conv_2d_dsp": "dilation, or strides above the window: 0.9 instructions a MAC instead of 0.6, "
    "and windows laid out tap by tap",
    "conv_2d_any_dsp": "sums up to 2^31 or multipliers beyond the fast forms: about 1.1 "
    "instructions a MAC instead of 0.6 and up to 20 more an output",
    "conv_1x1_four_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "conv_2d_rows_four_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "conv_1x1_pair_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "conv_1x1_wide_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "conv_2d_rows_pair_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "conv_2d_rows_wide_steep_dsp": "a multiplier of 1/2 or more: 3 instructions more an output",
    "depthwise_3x3_steep_dsp": "a multiplier of 1/2 or more: 1 instruction more an output",
    "depthwise_any_bytes_dsp": "a depth multiplier, dilation, many taps or a multiplier of 1/2 or "
    "more: about 4 instructions a MAC instead of 2",
    "depthwise_any_dsp": "a depth multiplier, dilation, many taps or a multiplier of 1/2 or more: "
    "about 3 instructions a MAC instead of 2",
    "depthwise_even_dsp": "a depth multiplier: about 3 instructions a MAC instead of 2",
    "fully_connected_any_dsp": "sums of more than 24 bits, a multiplier of 1/2 or more, or a "
    "weight of -128 beside a negative one: 1.25 instructions a MAC instead of 0.97",
    "fully_connected_any_wide_dsp": "sums of more than 24 bits, a multiplier of 1/2 or more, or a "
    "weight of -128 beside a negative one: 1.25 instructions a MAC instead of 0.97",
    "lstm_dsp": "sums of more than 24 bits or a weight of -128 beside a negative one: 1.25 "
    "instructions a MAC instead of 1.02",
    "transpose_conv_any_dsp": "sums up to 2^31 or a multiplier of 1/2 or more: about half more "
    "instructions a MAC",
    "transpose_conv_dsp": "strides above the window, or outputs fewer than them: 4 to 12 "
    "instructions a MAC instead of 1 to 3",
    "transpose_conv_mve": "one filter, strides above the window, or outputs fewer than them: 3 to "
    "12 instructions a MAC instead of 0.3 to 2",
    "transpose_conv_scalar": "fewer than four filters, two weights of -128 side by side, strides "
    "above the window, or outputs fewer than them: 6 to 16 instructions a MAC instead of 2 to 7",
}
# Forms that plain C alone has.
ALONE = {
    "fully_connected_offset": "weights with a zero point, or computed ones",
    "fully_connected_offset_s16": "weights with a zero point, or computed ones",
    "mean_any": "more than two separate groups of dimensions",
    "softmax_s8_s16": "so few outputs that a table of exp would not pay its flash",
    "mean_any_s16": "more than two separate groups of dimensions",
}
# These move elements one by one, on any core.
_ELEMENTS = ("slice", "strided_copy_wide")


def reason(call: KernelCall, context: OperatorContext) -> str:
    """For a layer of a kind with native kernels: why it is slower, or "" where it is not."""
    if call.kernel.endswith("_cmsis_nn") or call.kernel in _ELEMENTS:
        return ""
    if not call.kernel.endswith(("_dsp", "_mve", "_scalar")) and "_mve_" not in call.kernel:
        what = ALONE.get(call.kernel) or _declined(context)
        return f"plain C for {what}: up to ten times the instructions"
    if call.kernel == "conv_2d_any_dsp" and has_groups(context):
        return (
            "groups of channels: windows laid out for each, about 1.5 instructions a MAC instead "
            "of 0.6"
        )
    if call.kernel.startswith("fully_connected_any") and context.input(1).shape[0] <= SINGLES:
        return ""  # by themselves, not as some of four
    return _KERNELS.get(call.kernel, "")


def _declined(context: OperatorContext) -> str:
    """What none of the native kernels of the kind takes."""
    source, second = context.optional_input(0), context.optional_input(1)
    if source is None or source.is_constant:
        return "a constant input"
    if second is not None and second.dtype == "int4":
        return "these int4 weights"
    if context.operator.kind == "CONV_2D" and has_groups(context):
        return "groups of channels"
    if context.operator.kind in ("ADD", "SUB"):
        return "an output scale far below those of the inputs"
    return "this form of it"
