"""Means, maxima, tables and int16 for the DSP extension: portable calls, own kernels."""

from dataclasses import replace

from qmcu.compile.kernel_sets.trailing import trailing_pool
from qmcu.compile.lowering import OperatorContext, fitting_form
from qmcu.compile.operators import OPERATORS
from qmcu.compile.operators.pooling import lower_pool
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import requantize

# Operators that are a table of 256 results.
TABLES = (
    *(kind for kind, forms in OPERATORS.items() if any(form.kernel == "lookup" for form in forms)),
    "QUANTIZE int8>uint8",
    "QUANTIZE uint8>int8",
)


def portable(context: OperatorContext) -> tuple[KernelCall, dict[str, FieldValue]]:
    """The portable call and the fields of its parameters."""
    form = fitting_form(OPERATORS[context.operator.kind], context)
    assert not isinstance(form, str), form
    call = form.lower(context)
    parameters = next(a for a in call.arguments if isinstance(a, ParametersArgument))
    return call, dict(parameters.fields)


def renamed(call: KernelCall, kernel: str, fields: dict[str, FieldValue]) -> KernelCall:
    """The call of `kernel` with `fields` and the same arguments otherwise."""
    parameters = ParametersArgument(f"qmcu_{kernel}_params", tuple(fields.items()))
    arguments = tuple(
        parameters if isinstance(a, ParametersArgument) else a for a in call.arguments
    )
    return replace(call, kernel=kernel, arguments=arguments)


def lookup(context: OperatorContext) -> KernelCall | None:
    """What is a table of 256 results, four at a time."""
    call, fields = portable(context)
    if call.kernel != "lookup" or context.input(0).is_constant:
        return None
    return renamed(call, "lookup_dsp", fields)


def max_pool_2d(context: OperatorContext) -> KernelCall | None:
    """MAX_POOL_2D of any window and number of channels."""
    if context.input(0).is_constant:
        return None
    return trailing_pool(context, lower_pool(context, "max_pool_2d_dsp"))


def mean(context: OperatorContext) -> KernelCall | None:
    """MEAN or SUM over any dimensions, fastest where channels are kept."""
    call, fields = portable(context)
    if context.input(0).is_constant or call.kernel != "mean":
        return None
    return renamed(call, "mean_dsp", fields)


def shifted_rounding(
    multiplier: int, shift: int, zero_point: int, largest: int
) -> dict[str, FieldValue] | None:
    """How mul_dsp.c scales values up to `largest` by multiplier * 2^(shift - 31).

    None where values, shifted and rounded, do not keep to 31 bits.
    """
    # Further to the right each of them is 0 as well.
    left, right = max(shift, 0), min(max(-shift, 0), largest.bit_length() + 1)
    rounding = (1 << right) + (zero_point << (right + 1))
    largest <<= left
    if largest >= 1 << 30 or 2 * largest + abs(rounding) + 2 >= 1 << 31:
        return None
    return {
        "multiplier": multiplier,
        "left": left + 1,
        "rounding": rounding,
        "shift": right + 1,
    }


def mul_s16(context: OperatorContext) -> KernelCall | None:
    """MUL of int16 with broadcasting, scaled to the right, without limits inside int16."""
    call, fields = portable(context)
    multiplier, shift = fields["output_multiplier"], fields["output_shift"]
    limits = fields["activation_minimum"], fields["activation_maximum"]
    assert isinstance(multiplier, int) and isinstance(shift, int)
    if multiplier == 0:
        shift = -1  # nothing times 2^0 is nothing times 2^-1
    if call.kernel != "mul_s16" or limits != (-(1 << 15), (1 << 15) - 1) or not -30 <= shift < 0:
        return None
    rounding = 1 << (-shift - 1)
    # Of -2^15 times itself, twice the product saturates.
    high = (((1 << 31) - 1) * multiplier + (1 << 31) >> 32) + rounding >> -shift
    if min(high, limits[1]) != min(int(requantize(1 << 30, multiplier, shift)), limits[1]):
        return None
    kept = {k: v for k, v in fields.items() if k.startswith(("shape", "strides"))}
    own: dict[str, FieldValue] = {
        "multiplier": multiplier,
        "rounding": rounding,
        "shift": -shift,
    }
    return renamed(call, "mul_s16_dsp", kept | own)


def add_s16(context: OperatorContext) -> KernelCall | None:
    """ADD and SUB of int16 with broadcasting, without limits inside int16."""
    call, fields = portable(context)
    if call.kernel != "add_s16":
        return None
    limits = fields["activation_minimum"], fields["activation_maximum"]
    multipliers, shifts = [], []
    for name in ("input1", "input2", "output"):
        multiplier, shift = fields[f"{name}_multiplier"], fields[f"{name}_shift"]
        assert isinstance(multiplier, int) and isinstance(shift, int)
        multipliers.append(multiplier)
        shifts.append(1 - shift)
        # Of at most 2^30, which is negative if it is as much.
        high = ((1 << 30) * multiplier >> 31) + 1
        if not 1 <= shifts[-1] <= 31 or 2 * high + (1 << -shift) + 2 >= 1 << 31:
            return None
    if limits != (-(1 << 15), (1 << 15) - 1):
        return None
    kept = {k: v for k, v in fields.items() if k.startswith(("shape", "strides"))}
    own: dict[str, FieldValue] = {
        "multipliers": tuple(multipliers),
        "shifts": tuple(shifts),
        "input2_sign": fields["input2_sign"],
    }
    return renamed(call, "add_s16_dsp", kept | own)
