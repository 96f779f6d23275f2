"""Lowerings to Arm's CMSIS-NN (version 7): the portable call, with the library's own scratch.

The adapters in firmware/kernels take the arguments of the portable kernels. Sizes of scratch are
the library's rules (its *_get_buffer_size functions) for plain, DSP and MVE cores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from qmcu.compile.kernel_sets import cmsis_nn_recurrent, cmsis_nn_wide
from qmcu.compile.kernel_sets.cmsis_nn_calls import (
    SUFFIX,
    Core,
    channels,
    portable_call,
    renamed,
    spread,
    with_scratch,
)
from qmcu.compile.lowering import (
    Forms,
    Lowering,
    OperatorContext,
    OperatorSupport,
    fitting_form,
)
from qmcu.compile.operators.weights import has_int4_weights
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
)

# Input channels that the library's MVE depthwise convolution takes at a time.
_MVE_BLOCK = 124
Fields = Mapping[str, FieldValue]


def _convolve_size(f: Fields, core: Core) -> int:
    """arm_convolve_wrapper_s8_get_buffer_size."""
    g = {name: int(value) for name, value in f.items() if isinstance(value, int)}
    undilated = g["dilation_height"] == g["dilation_width"] == 1
    kernel = g["kernel_height"], g["kernel_width"]
    whole_depth = g.get("groups", 1) == 1
    unpadded = g["padding_top"] == g["padding_left"] == 0
    if kernel == (1, 1) and undilated and unpadded and whole_depth:
        return 0
    columns = g["input_depth"] * kernel[0] * kernel[1]
    if not core.mve:
        return 4 * (-(-columns // 4) * 4)
    whole = 4 * (-(-columns // 16) * 16)
    return _one_row_size(g, whole) if _is_one_row(g) else whole


def _is_one_row(g: Mapping[str, int]) -> bool:
    """arm_nn_is_convolve_1_x_n, and that no window is a pixel."""
    same = g["input_height"] == g["kernel_height"] == g.get("groups", 1) == 1
    return (
        same
        and g["dilation_height"] == g["dilation_width"] == 1
        and g["stride_width"] * g["input_depth"] % 4 == 0
        and (g["kernel_width"] > 1 or g["padding_top"] > 0 or g["padding_left"] > 0)
    )


def _padding_of_row(g: Mapping[str, int]) -> int:
    """Columns of padding on both sides; less than none where the last windows leave pixels out."""
    return (g["output_width"] - 1) * g["stride_width"] + g["kernel_width"] - g["input_width"]


def _one_row_size(g: Mapping[str, int], whole: int) -> int:
    """arm_convolve_1_x_n_s8_get_buffer_size_mve."""
    depth, kernel, pad, stride = (
        g[n] for n in ("input_depth", "kernel_width", "padding_left", "stride_width")
    )
    odd = int(np.fmod(_padding_of_row(g), 2))
    right = max(1, (pad + odd + stride - 1) // stride) if pad + odd else 0
    left = max(1, (pad + stride - 1) // stride) if pad else 0
    middle = max(g["output_width"] - right - left, 0)
    if right + middle + left != g["output_width"]:
        return whole
    pad_right = right * depth if odd else pad * depth
    taps = kernel * depth
    return max(taps + pad * depth, taps - depth + pad_right)


def _conv_2d(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    """Not of one row whose last pixels no window reads: with MVE the library's function for rows
    takes them for padding, and the last output is another one, or none is computed."""
    call, fields = portable_call(context, support)
    g = {name: int(value) for name, value in fields.items() if isinstance(value, int)}
    if core.mve and _is_one_row(g) and _padding_of_row(g) < 0:
        return None
    filters = context.output().shape[3]
    return with_scratch(channels(context, renamed(call), filters), _convolve_size(fields, core))


def _depthwise_size(f: Mapping[str, int], core: Core) -> int:
    """arm_depthwise_conv_wrapper_s8_get_buffer_size."""
    depth, outputs = f["input_depth"], f["input_depth"] * f["depth_multiplier"]
    taps = f["kernel_height"] * f["kernel_width"]
    if core.mve and depth == 1 and outputs > 1:
        # The library may turn it into a convolution, with the weights transposed behind it.
        return _convolve_size(f, core) + taps * outputs
    undilated = f["dilation_height"] == f["dilation_width"] == 1
    if depth != outputs or f["batches"] != 1 or not undilated:
        return 0
    if core.mve:
        return 4 * _MVE_BLOCK * taps
    small = (f["kernel_height"], f["kernel_width"]) == (3, 3)
    if not core.dsp or (small and f["padding_top"] <= 1 and f["padding_left"] <= 1):
        return 0
    return 2 * depth * taps


def _depthwise(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    call, fields = portable_call(context, support)
    count = context.output().shape[3]
    return with_scratch(channels(context, renamed(call), count), _depthwise_size(fields, core))


def _fully_connected(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    # The zero point is in the bias already, which also serves as the sums that MVE cores want.
    call, fields = portable_call(context, support)
    arguments: list[Argument] = []
    count = context.input(1).shape[0] if fields["requantization_step"] else 1
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is not None and constant.name.endswith(("_multipliers", "_shifts")):
            arguments.append(spread(context, constant.name, constant.ctype, constant.data, count))
        else:
            arguments.append(argument)
    return renamed(replace(call, arguments=tuple(arguments)))


def _elementwise(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    target = context.output()
    if any(context.input(i).shape != target.shape for i in range(2)):
        return None
    call, _ = portable_call(context, support)
    kept = []
    for argument in call.arguments:
        if isinstance(argument, ParametersArgument):
            fields = tuple(
                (name, value)
                for name, value in argument.fields
                if name not in ("shape", "strides1", "strides2", "input2_sign")
            )
            argument = ParametersArgument(argument.ctype, (("size", target.elements), *fields))
        kept.append(argument)
    return renamed(replace(call, arguments=tuple(kept)))


def _average_pool(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    call, fields = portable_call(context, support)
    size = 4 * fields["depth"] if core.dsp and not core.mve else 0
    return with_scratch(renamed(call), size)


def _plain(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    call, _ = portable_call(context, support)
    return renamed(call)


def _product_s16(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    # Shifted left, the largest product would leave the library's 32 bits.
    _, fields = portable_call(context, support)
    return None if fields["output_shift"] > 0 else _elementwise(context, support, core)


def _softmax_s16(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    # Of one class the library gives 2^15, which is -1.
    _, fields = portable_call(context, support)
    return None if fields["depth"] == 1 else _plain(context, support, core)


_Lower = Callable[[OperatorContext, OperatorSupport, Core], KernelCall | None]
# By the operator and its types, as `compile.alternatives` asks; those of int8 by its name alone.
_LOWERINGS: dict[str, _Lower] = {
    "ADD": _elementwise,
    "ADD int16": _elementwise,
    "AVERAGE_POOL_2D": _average_pool,
    "AVERAGE_POOL_2D int16": _average_pool,
    "BATCH_MATMUL": cmsis_nn_wide.batch_matmul,
    "BATCH_MATMUL int16": cmsis_nn_wide.batch_matmul,
    "CONV_2D": _conv_2d,
    "CONV_2D int16": cmsis_nn_wide.conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "DEPTHWISE_CONV_2D int16": cmsis_nn_wide.depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "FULLY_CONNECTED int16": cmsis_nn_wide.fully_connected,
    "MAX_POOL_2D": _plain,
    "MAX_POOL_2D int16": _plain,
    "MUL": _elementwise,
    "MUL int16": _product_s16,
    "SOFTMAX": _plain,
    "SOFTMAX int16": _softmax_s16,
    "SOFTMAX int8>int16": _plain,
    "SVDF": cmsis_nn_recurrent.svdf,
    "SVDF int8+int16>int8": cmsis_nn_recurrent.svdf,
    "UNIDIRECTIONAL_SEQUENCE_LSTM int16": cmsis_nn_recurrent.lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM int8+int16>int8": cmsis_nn_recurrent.lstm,
}
# Why the library does not serve, by the operator.
_ELSE_ANY = (
    "CMSIS-NN has no kernel for these shapes (groups, broadcasting, constant input) or types, or "
    "its sums could leave 32 bits"
)
_ELSE = {
    "SVDF": "CMSIS-NN has no kernel for these types, or for a state with a zero point",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "CMSIS-NN has no kernel for these types, or would clamp "
    "the cell's state elsewhere, or its sums could leave 32 bits",
}
_KINDS = {kind.partition(" ")[0] for kind in _LOWERINGS}


def lowerings(
    core: Core, others: Mapping[str, Sequence[Lowering]], operators: Mapping[str, Forms]
) -> dict[str, Sequence[Lowering]]:
    """Operator kind and types to lowerings: CMSIS-NN first, then `others`."""

    def first(kind: str) -> Lowering:
        def lower(context: OperatorContext) -> KernelCall | None:
            support = fitting_form(operators[context.operator.kind], context)
            if context.input(0).is_constant or has_int4_weights(context):
                return None
            assert not isinstance(support, str), support
            return _LOWERINGS[kind](context, support, core)

        return lower

    result: dict[str, Sequence[Lowering]] = dict(others)
    for kind in _LOWERINGS:
        result[kind] = (first(kind), *others.get(kind, ()))
    return result


def fallback_reason(call: KernelCall) -> str:
    """Why a layer of a cmsis-nn plan is not CMSIS-NN's, or an empty string where it is."""
    if call.kernel.endswith(SUFFIX):
        return ""
    if call.int4 != "none":
        return "qmcu calls no CMSIS-NN kernel for int4 weights"
    if call.kind in _KINDS:
        return _ELSE.get(call.kind, _ELSE_ANY)
    return f"qmcu calls no CMSIS-NN kernel for {call.kind}"
