"""Lowerings to Arm's CMSIS-NN (version 7): the portable call, with the library's own scratch.

The adapters in firmware/kernels take the arguments of the portable kernels. Sizes of scratch are
the library's rules (its *_get_buffer_size functions) for plain, DSP and MVE cores.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

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
    ScratchArgument,
)

# Input channels that the library's MVE depthwise convolution takes at a time.
_MVE_BLOCK = 124
# The name of an adapter ends so.
_SUFFIX = "_cmsis_nn"
Fields = Mapping[str, FieldValue]


@dataclass(frozen=True)
class Core:
    """The instruction sets that the library is compiled for."""

    dsp: bool
    mve: bool


def _portable(
    context: OperatorContext, support: OperatorSupport
) -> tuple[KernelCall, dict[str, int]]:
    """The portable call and its scalar parameters."""
    call = support.lower(context)
    for argument in call.arguments:
        if isinstance(argument, ParametersArgument):
            # A window's fields by their own names: window.input_height is input_height.
            fields = {k.rpartition(".")[2]: v for k, v in argument.fields}
            return call, {k: v for k, v in fields.items() if isinstance(v, int)}
    raise ValueError(f"{call.kernel} has no parameters")


def _renamed(call: KernelCall, extra: Sequence[tuple[str, int]] = ()) -> KernelCall:
    """The call of the adapter: same arguments, more parameters."""
    kernel = call.kernel + _SUFFIX
    arguments = tuple(
        ParametersArgument(f"qmcu_{kernel}_params", (*a.fields, *extra))
        if isinstance(a, ParametersArgument)
        else a
        for a in call.arguments
    )
    return replace(call, kernel=kernel, arguments=arguments)


def _with_scratch(call: KernelCall, size: int) -> KernelCall:
    """Scratch before the output; one word where the library needs none."""
    *before, output = call.arguments
    return replace(call, arguments=(*before, ScratchArgument(max(4, size)), output))


def _channels(context: OperatorContext, call: KernelCall, count: int) -> KernelCall:
    """One int32 multiplier and shift for each channel, and the plain bias: what the library takes.

    The library adds the input's zero point itself, so that padding is right.
    """
    bias = context.optional_input(2)
    plain = np.zeros(count, np.int32) if bias is None else bias.array.astype(np.int32).reshape(-1)
    arguments: list[Argument] = []
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is None:
            arguments.append(argument)
        elif constant.role == "bias":
            arguments.append(context.constant("bias", plain, "bias"))
        elif constant.name.endswith(("_multipliers", "_shifts")):
            arguments.append(_spread(context, constant.name, constant.ctype, constant.data, count))
        else:
            arguments.append(argument)
    return replace(call, arguments=tuple(arguments))


def _spread(
    context: OperatorContext, name: str, ctype: str, data: bytes, count: int
) -> ConstantArgument:
    values = np.frombuffer(data, "<i4" if ctype == "int32_t" else "i1").astype(np.int32)
    whole = values if len(values) == count else np.repeat(values[:1], count)
    return context.constant(name.rsplit("_", 1)[1], whole, "requantization")


def _convolve_size(f: Fields, core: Core) -> int:
    """arm_convolve_wrapper_s8_get_buffer_size of a convolution without groups."""
    g = {name: int(value) for name, value in f.items() if isinstance(value, int)}
    undilated = g["dilation_height"] == g["dilation_width"] == 1
    kernel = g["kernel_height"], g["kernel_width"]
    if kernel == (1, 1) and undilated and g["padding_top"] == g["padding_left"] == 0:
        return 0
    columns = g["input_depth"] * kernel[0] * kernel[1]
    if not core.mve:
        return 4 * (-(-columns // 4) * 4)
    whole = 4 * (-(-columns // 16) * 16)
    one_row = g["input_height"] == 1 and kernel[0] == 1 and undilated
    if one_row and g["stride_width"] * g["input_depth"] % 4 == 0:
        return _one_row_size(g, whole)
    return whole


def _one_row_size(g: Mapping[str, int], whole: int) -> int:
    """arm_convolve_1_x_n_s8_get_buffer_size_mve."""
    depth, kernel, pad, stride = (
        g[n] for n in ("input_depth", "kernel_width", "padding_left", "stride_width")
    )
    total = (g["output_width"] - 1) * stride + kernel - g["input_width"]
    odd = int(np.fmod(total, 2))
    right = max(1, (pad + odd + stride - 1) // stride) if pad + odd else 0
    left = max(1, (pad + stride - 1) // stride) if pad else 0
    middle = max(g["output_width"] - right - left, 0)
    if right + middle + left != g["output_width"]:
        return whole
    pad_right = right * depth if odd else pad * depth
    taps = kernel * depth
    return max(taps + pad * depth, taps - depth + pad_right)


def _conv_2d(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    if context.input(1).shape[3] != context.input(0).shape[3]:
        return None
    call, fields = _portable(context, support)
    filters = context.output().shape[3]
    return _with_scratch(_channels(context, _renamed(call), filters), _convolve_size(fields, core))


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
    call, fields = _portable(context, support)
    count = context.output().shape[3]
    return _with_scratch(_channels(context, _renamed(call), count), _depthwise_size(fields, core))


def _fully_connected(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    # The zero point is in the bias already, which also serves as the sums that MVE cores want.
    call, fields = _portable(context, support)
    arguments: list[Argument] = []
    count = context.input(1).shape[0] if fields["requantization_step"] else 1
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is not None and constant.name.endswith(("_multipliers", "_shifts")):
            arguments.append(_spread(context, constant.name, constant.ctype, constant.data, count))
        else:
            arguments.append(argument)
    return _renamed(replace(call, arguments=tuple(arguments)))


def _elementwise(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    target = context.output()
    if any(context.input(i).shape != target.shape for i in range(2)):
        return None
    call, _ = _portable(context, support)
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
    return _renamed(replace(call, arguments=tuple(kept)))


def _average_pool(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    call, fields = _portable(context, support)
    size = 4 * fields["depth"] if core.dsp and not core.mve else 0
    return _with_scratch(_renamed(call), size)


def _plain(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    call, _ = _portable(context, support)
    return _renamed(call)


_Lower = Callable[[OperatorContext, OperatorSupport, Core], KernelCall | None]
_LOWERINGS: dict[str, _Lower] = {
    "ADD": _elementwise,
    "AVERAGE_POOL_2D": _average_pool,
    "CONV_2D": _conv_2d,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _fully_connected,
    "MAX_POOL_2D": _plain,
    "MUL": _elementwise,
    "SOFTMAX": _plain,
}


def lowerings(
    core: Core, others: Mapping[str, Sequence[Lowering]], operators: Mapping[str, Forms]
) -> dict[str, Sequence[Lowering]]:
    """Operator kind to lowerings: CMSIS-NN first, then `others`, with the reason why."""

    def first(kind: str) -> Lowering:
        def lower(context: OperatorContext) -> KernelCall | None:
            support = fitting_form(operators[kind], context)
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
    if call.kernel.endswith(_SUFFIX):
        return ""
    if call.int4 != "none":
        return "qmcu calls no CMSIS-NN kernel for int4 weights"
    if call.kind in _LOWERINGS:
        return "CMSIS-NN has no kernel for these shapes (groups, broadcasting, constant input)"
    return f"qmcu calls no CMSIS-NN kernel for {call.kind}"
