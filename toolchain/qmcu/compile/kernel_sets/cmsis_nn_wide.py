"""int16 layers and BATCH_MATMUL by CMSIS-NN, where its bytes are the interpreter's.

The library adds products of int16 and int8 in 32 bits, at least some of them on some cores, and
rounds sums of 64 bits in two steps, with 32 bits between them.
"""

from dataclasses import replace

import numpy as np

from qmcu.compile.kernel_sets.cmsis_nn_calls import (
    SUFFIX,
    Core,
    portable_call,
    renamed,
    spread,
    with_scratch,
)
from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators.products_s16 import is_wide
from qmcu.compile.operators.weights import channel_multipliers, quantization_of
from qmcu.compile.plan import (
    Argument,
    ConstantArgument,
    FieldValue,
    KernelCall,
    ParametersArgument,
)

_LARGEST_SUM, _LARGEST_ROUNDED = 1 << 31, 1 << 30
_SIZES = {"int8": 1, "int16": 2}
# Taps from which the library does not take its fast depthwise convolution.
_MOST_TAPS = 512


def _fits(context: OperatorContext, axis: int) -> bool:
    """Whether no sum of the layer leaves the library's bits; channels are along `axis`."""
    if not is_wide(context):
        return False
    weights, bias = context.input(1).array.astype(np.int64), context.optional_input(2)
    rows = np.moveaxis(weights, axis, 0).reshape(weights.shape[axis], -1)
    largest = np.abs(rows).sum(axis=1) << 15
    whole = largest if bias is None else largest + np.abs(bias.array.astype(np.int64).reshape(-1))
    rounded = whole * np.array(channel_multipliers(context))
    return bool((largest < _LARGEST_SUM).all() and (rounded < _LARGEST_ROUNDED).all())


def _channels(context: OperatorContext, call: KernelCall, count: int) -> KernelCall:
    """One multiplier of 31 bits and one shift for each channel."""
    arguments: list[Argument] = []
    for argument in call.arguments:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is not None and constant.name.endswith(("_multipliers", "_shifts")):
            data = constant.data
            if constant.name.endswith("_multipliers"):
                # The library takes the upper 16 bits.
                data = (np.frombuffer(data, "<i4") << 16).astype("<i4").tobytes()
            argument = spread(context, constant.name, constant.ctype, data, count)
        arguments.append(argument)
    return replace(call, arguments=tuple(arguments))


def conv_2d(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    """arm_convolve_wrapper_s16, without groups and for a bias of 64 bits."""
    weights = context.input(1)
    if weights.shape[3] != context.input(0).shape[3] or not _fits(context, 0):
        return None
    call, _ = portable_call(context, support)
    columns = weights.elements // weights.shape[0]
    size = 8 * (-(-columns // 8) * 8) if core.mve else 4 * columns
    return with_scratch(_channels(context, renamed(call), weights.shape[0]), size)


def depthwise(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    """arm_depthwise_conv_wrapper_s16."""
    if not _fits(context, 3):
        return None
    call, f = portable_call(context, support)
    taps, size = f["kernel_height"] * f["kernel_width"], 0
    undilated = f["dilation_height"] == f["dilation_width"] == 1
    if f["depth_multiplier"] == 1 and undilated and taps < _MOST_TAPS and core.dsp:
        size = 2 * f["input_depth"] * taps
        size = 4 * size + 8 if core.mve else size
    count = context.output().shape[3]
    return with_scratch(_channels(context, renamed(call), count), size)


def fully_connected(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    """arm_fully_connected_s16, which knows one multiplier, for a bias of 64 bits."""
    call, fields = portable_call(context, support)
    if call.kernel != "fully_connected_s16" or fields["requantization_step"]:
        return None
    return renamed(call) if _fits(context, 0) else None


def _turned(context: OperatorContext, position: int, turned: bool) -> tuple[Argument, bool]:
    """An operand, and whether the adapter has to turn it: constants are turned here."""
    tensor = context.input(position)
    if tensor.is_constant and turned:
        values = np.ascontiguousarray(np.swapaxes(tensor.array, -1, -2))
        return context.constant(f"t{tensor.index}", values, "data"), False
    return context.operand(tensor), turned


def batch_matmul(
    context: OperatorContext, support: OperatorSupport, core: Core
) -> KernelCall | None:
    """arm_batch_matmul_s8 or _s16, of at most two dimensions of matrices."""
    left, right, target = context.input(0), context.input(1), context.output()
    call, f = portable_call(context, support)
    own = next(a for a in call.arguments if isinstance(a, ParametersArgument))
    values = dict(own.fields)
    batches, steps = values["batches"], (values["left_batch_steps"], values["right_batch_steps"])
    assert isinstance(batches, tuple) and all(isinstance(s, tuple) for s in steps)
    if call.kernel not in ("batch_matmul", "batch_matmul_s16") or batches[0] != 1:
        return None
    real = quantization_of(left).scale * quantization_of(right).scale
    real /= quantization_of(target).scale
    if target.dtype == "int16" and f["depth"] * real >= 1:
        return None
    options = context.operator.options
    first, left_turned = _turned(context, 0, bool(options.get("adj_x", False)))
    second, right_turned = _turned(context, 1, not options.get("adj_y", False))
    kept = ("left_zero_point", "right_zero_point", "multiplier", "shift", "output_zero_point")
    matrices = [
        tuple(int(n) if step else 1 for n, step in zip(batches[1:], side[1:], strict=True))
        for side in steps
        if isinstance(side, tuple)
    ]
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("left_matrices", matrices[0]),
        ("right_matrices", matrices[1]),
        ("batches", batches[1:]),
        *((name, f[name]) for name in ("rows", "columns", "depth")),
        ("left_turned", int(left_turned)),
        ("right_turned", int(right_turned)),
        *((name, f[name]) for name in kept),
    )
    sizes = ((left, left_turned), (right, right_turned))
    copied = sum(t.elements * _SIZES[t.dtype] for t, turned in sizes if turned)
    arguments = (
        ParametersArgument(f"qmcu_{call.kernel}{SUFFIX}_params", fields),
        first,
        second,
        context.operand(target),
    )
    found = replace(call, kernel=call.kernel + SUFFIX, arguments=arguments)
    return with_scratch(found, 4 * f["columns"] + copied)
