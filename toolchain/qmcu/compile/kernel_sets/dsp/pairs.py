"""Operators of two inputs by rows in which one of them is repeated, where that can be."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed, shifted_rounding
from qmcu.compile.kernel_sets.dsp.general import output_limits_are_int8
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.walk import dense_strides
from qmcu.compile.plan import FieldValue, KernelCall

# Values in a row that are worth a step of the walk over rows.
_ENOUGH = 7
_LARGEST_PRODUCT = 255 * 255
_LARGEST_SUM_SHIFT = 2  # to the left: sums have 28 bits, the high product wants 30


def along(fields: dict[str, FieldValue]) -> dict[str, FieldValue]:
    """`shape`, `strides1` and `strides2` with the dimension that rows go along put last.

    That is the last one, unless another is longer along which one input is repeated and the other
    lies as the output does; `along` is the one that changed places with the last.
    """
    shape, first, second = (_numbers(fields[name]) for name in ("shape", "strides1", "strides2"))
    last, whole = len(shape) - 1, dense_strides(shape)
    rows = [
        d
        for d in range(len(shape))
        if (first[d] == 0) != (second[d] == 0) and first[d] + second[d] == whole[d]
    ]
    chosen = max(rows, key=lambda d: shape[d], default=last)
    pairs = first[last] != 0 and second[last] != 0
    if not (shape[chosen] > shape[last] or (pairs and shape[chosen] >= _ENOUGH)):
        chosen = last
    order = list(range(len(shape)))
    order[last], order[chosen] = chosen, last
    turned = {
        name: tuple(values[d] for d in order)
        for name, values in (("shape", shape), ("strides1", first), ("strides2", second))
    }
    return {**turned, "along": chosen}


def with_rows(call: KernelCall, kernel: str, fields: dict[str, FieldValue]) -> KernelCall:
    """The call of `kernel`, whose parameters hold the portable ones as `pairs`, then `along`."""
    turned = along(fields)
    own = {f"pairs.{name}": turned.get(name, value) for name, value in fields.items()}
    return renamed(call, kernel, {**own, "along": turned["along"]})


def add(context: OperatorContext) -> KernelCall | None:
    """ADD and SUB with broadcasting, constants and scales of any ratio."""
    if not output_limits_are_int8(context):
        return None
    call, fields = portable(context)
    shift = fields.get("output_shift")
    if call.kernel != "add" or not isinstance(shift, int) or shift > _LARGEST_SUM_SHIFT:
        return None
    return with_rows(call, "add_any_dsp", fields)


def mul(context: OperatorContext) -> KernelCall | None:
    """MUL with broadcasting; exact while products, shifted and rounded, keep to 31 bits."""
    if not output_limits_are_int8(context):
        return None
    call, fields = portable(context)
    shift, zero_point = fields["output_shift"], fields["output_zero_point"]
    assert isinstance(shift, int) and isinstance(zero_point, int)
    multiplier = fields["output_multiplier"]
    assert isinstance(multiplier, int)
    own = shifted_rounding(multiplier, shift, zero_point, _LARGEST_PRODUCT)
    if own is None:
        return None
    kept = along(fields) | {k: v for k, v in fields.items() if k.startswith("input")}
    return renamed(call, "mul_dsp", kept | own)


def squared_difference(context: OperatorContext) -> KernelCall | None:
    """SQUARED_DIFFERENCE of any form."""
    call, fields = portable(context)
    if call.kernel != "squared_difference":
        return None
    return with_rows(call, "squared_difference_dsp", fields)


def prelu(context: OperatorContext) -> KernelCall | None:
    """PRELU; exact while inputs and products, shifted and rounded, keep to 31 bits."""
    call, fields = portable(context)
    numbers = {name: value for name, value in fields.items() if isinstance(value, int)}
    if call.kernel != "prelu":
        return None
    zero_points = ("input_zero_point", "alpha_zero_point")
    kept = along(fields) | {name: fields[name] for name in zero_points}
    own: dict[str, FieldValue] = {}
    for sign, largest in (("positive", 255), ("negative", _LARGEST_PRODUCT)):
        scale = shifted_rounding(
            numbers[f"{sign}_multiplier"],
            numbers[f"{sign}_shift"],
            numbers["output_zero_point"],
            largest,
        )
        if scale is None:
            return None
        own |= {f"{sign}.{name}": value for name, value in scale.items()}
    return renamed(call, "prelu_dsp", kept | own)


def _numbers(value: FieldValue) -> Sequence[int]:
    assert isinstance(value, tuple)
    return [int(n) for n in value]
