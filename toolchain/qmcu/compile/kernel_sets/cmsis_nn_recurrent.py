"""SVDF and UNIDIRECTIONAL_SEQUENCE_LSTM by CMSIS-NN, where its bytes are the interpreter's."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from qmcu.compile.kernel_sets.cmsis_nn_calls import (
    SUFFIX,
    Core,
    portable_call,
    renamed,
    with_scratch,
)
from qmcu.compile.lowering import OperatorContext, OperatorSupport
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import Argument, ConstantArgument, FieldValue, KernelCall, ParametersArgument

# Operands of an LSTM: the first gate's weights of input and hidden state and its bias, and states.
_WEIGHTS, _RECURRENT, _BIAS, _HIDDEN, _CELL = 1, 5, 12, 18, 19
_GATES = 4
# What fits into the 32 bits of the library's sums, and of what it rounds in two steps.
_LARGEST_SUM, _LARGEST_ROUNDED = 1 << 31, 1 << 30


def _without(call: KernelCall, ending: str) -> KernelCall:
    """The call without a constant that the library does not take."""

    def is_it(argument: Argument) -> bool:
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        return constant is not None and constant.name.endswith(ending)

    return replace(call, arguments=tuple(a for a in call.arguments if not is_it(a)))


def svdf(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    """arm_svdf_s8 or arm_svdf_state_s16_s8; the library knows no zero point of the state."""
    call, fields = portable_call(context, support)
    if "state_zero_point" not in fields or fields["state_zero_point"] != 0:
        return None
    zero_point = quantization_of(context.input(0)).zero_point
    found = renamed(call, (("input_zero_point", zero_point),))
    if call.kernel == "svdf_s16":
        found = _without(found, "_feature_bias")
    sums = fields["batches"] * fields["units"] * (fields["rank"] + 1)
    return with_scratch(found, 4 * sums)


def _largest_sum(context: OperatorContext, weights: int, bias: int | None) -> int:
    """The largest size of a sum of int16 times weights, with its bias."""
    rows = np.abs(context.input(weights).array.astype(np.int64)).sum(axis=1) << 15
    if bias is not None:
        rows = rows + np.abs(context.input(bias).array.astype(np.int64))
    return int(rows.max())


def _scale(context: OperatorContext, position: int) -> float:
    return quantization_of(context.input(position)).scale


def _is_exact(context: OperatorContext) -> bool:
    """Whether the library clamps nothing elsewhere than the interpreter and stays in its 32 bits.

    It adds what is new to the cell before it clamps; of int16 it adds and rounds in 32 bits.
    """
    # Of scale 2^-30, less than 2^30, scaled to the cell's.
    if 1 / _scale(context, _CELL) > np.iinfo(np.int16).max:
        return False
    if context.input(0).dtype == "int8":
        return True
    for gate in range(_GATES):
        for source, first, bias in ((0, _WEIGHTS, _BIAS + gate), (_HIDDEN, _RECURRENT, None)):
            largest = _largest_sum(context, first + gate, bias)
            real = _scale(context, source) * _scale(context, first + gate) * 2.0**12
            if largest >= _LARGEST_SUM or largest * real >= _LARGEST_ROUNDED:
                return False
    return True


def _tanh_power(fields: Sequence[tuple[str, FieldValue]]) -> int:
    values = dict(fields)
    multiplier, shift = values["tanh_multiplier"], values["tanh_shift"]
    assert isinstance(multiplier, int) and isinstance(shift, int)
    return (multiplier // 3).bit_length() - 1 - shift


def lstm(context: OperatorContext, support: OperatorSupport, core: Core) -> KernelCall | None:
    """What arm_lstm_unidirectional_s8 or _s16 calls; the library takes a limit of 0 as none."""
    call, scalars = portable_call(context, support)
    if "tanh_shift" not in scalars or scalars["clip"] == 0 or not _is_exact(context):
        return None
    units = scalars["units"]
    arguments: list[Argument] = []
    for argument in _without(call, "_table").arguments:
        if isinstance(argument, ParametersArgument):
            fields = [(f"lstm.{name}", value) for name, value in argument.fields]
            fields += [("tanh_power", _tanh_power(argument.fields))]
            argument = ParametersArgument(f"qmcu_{call.kernel}{SUFFIX}_params", tuple(fields))
        arguments.append(argument)
        constant = argument.constant if isinstance(argument, ConstantArgument) else None
        if constant is not None and constant.name.endswith("_bias") and constant.ctype == "int64_t":
            arguments.append(context.constant("no_bias", np.zeros(units, np.int64), "bias"))
    found = replace(call, kernel=call.kernel + SUFFIX, arguments=tuple(arguments))
    return with_scratch(found, 2 * 3 * units)
