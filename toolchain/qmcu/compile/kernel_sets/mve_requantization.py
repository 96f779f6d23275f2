"""What turns the sums of MVE kernels into output bytes."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets import records
from qmcu.compile.kernel_sets.mve_packing import LANES, Int8Array, Int32Array
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import Fields
from qmcu.compile.requantize import activation_range, quantize_multiplier

_AWAY, _RELU, _LEFT = range(3)  # the forms in multiply_mve.h


def channel_pairs(reals: Sequence[float], count: int) -> list[tuple[int, int]]:
    """Multiplier and shift of each of `count` channels; a multiplier of 0 goes with shift -1."""
    pairs = [quantize_multiplier(real) for real in reals]
    pairs = [pair if pair[0] else (0, -1) for pair in pairs]
    return pairs if len(pairs) == count else pairs * count


def channel_constants(reals: Sequence[float], bias: Int32Array) -> Int32Array | None:
    """qmcu_mve_channel of each filter, int32 [count, 3]: bias, multiplier, shift.

    None where a shift is not in [-31, -1]: the vector sequence rounds only such shifts right.
    """
    pairs = channel_pairs(reals, len(bias))
    if any(shift > -1 for _, shift in pairs):
        return None
    return channel_records(pairs, bias)


def channel_records(pairs: Sequence[tuple[int, int]], bias: Int32Array) -> Int32Array:
    """qmcu_mve_channel of each filter, int32 [count, 3], with any shift."""
    multipliers, shifts = zip(*pairs, strict=True)
    channels = records.make(
        records.MVE_CHANNEL, len(bias), bias=bias, multiplier=multipliers, shift=shifts
    )
    return records.words(channels)


def output_limits(context: OperatorContext) -> tuple[int, int, int]:
    """The output's zero point and its clamp, minimum and maximum."""
    target = quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    return target.zero_point, *activation_range(activation, target.scale, target.zero_point)


def output_fields(context: OperatorContext) -> Fields:
    """The parameter fields of the output's zero point and clamp."""
    names = ("output_zero_point", "activation_minimum", "activation_maximum")
    return tuple(zip(names, output_limits(context), strict=True))


def multiply_fields(
    context: OperatorContext, filters: Int8Array, pairs: Sequence[tuple[int, int]], left: int = 0
) -> Fields:
    """The fields of qmcu_multiply_mve_params for int8 `filters` [count, values].

    `left` values of each are behind whole vectors where they are not filled up.
    """
    zero_point, low, high = output_limits(context)
    form = _RELU if low >= zero_point else _AWAY
    if any(shift > -1 for _, shift in pairs):
        form = _LEFT
    return (
        ("multiply.steps", -(-filters.shape[1] // LANES)),
        ("multiply.filters", filters.shape[0]),
        ("multiply.form", form + 4 * left),
        ("multiply.zero_point", zero_point),
        ("multiply.minimum", low),
        ("multiply.maximum", high),
    )
