"""SOFTMAX of int8 with exp from a table: what it takes depends on one byte, the difference to the
row's largest."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.elementwise import portable
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.fixed_point import exp_on_negative_values, rounding_divide
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import requantize

KINDS = ("SOFTMAX", "SOFTMAX int8>int16")
# Instructions that an output takes less, and bytes of code that the kernel brings along.
_SAVED = {"dsp": 180, "mve": 60, "scalar": 290}
_CODE = 400
# Instructions to save a byte of flash, by what is favoured; `size` takes no table.
_LEAST = {"balanced": 10.0, "ram": 10.0, "speed": 0.0}
_INTEGER_BITS, _SUM_SHIFT = 5, 12


def lowerings(core: str, optimize: str) -> dict[str, tuple[Lowering, ...]]:
    """Of `core`, dsp, mve or scalar."""
    if optimize not in _LEAST:
        return {}

    def lower(context: OperatorContext) -> KernelCall | None:
        return _table(context, core, _LEAST[optimize])

    return dict.fromkeys(KINDS, (lower,))


def exponentials(multiplier: int, shift: int, smallest: int) -> npt.NDArray[np.int32]:
    """exp as Q0.31 by the difference to the largest, 0, -1, ..., for those that count.

    Scaled as `operators.softmax.difference_scaling` says. What adds nothing to the sum, below
    2^-20, is no probability either: divided by the sum, at least 1, it rounds to 0 of 16 bits.
    """
    differences = -np.arange(min(256, 1 - smallest))
    values = exp_on_negative_values(requantize(differences, multiplier, shift), _INTEGER_BITS)
    used = rounding_divide(values, _SUM_SHIFT) > 0
    count = len(values) if used.all() else int(np.argmin(used))
    return values[:count].astype(np.int32)


def _table(context: OperatorContext, core: str, least: float) -> KernelCall | None:
    call, fields = portable(context)
    names = ("multiplier", "shift", "minimum_difference")
    numbers = [n for name in names if isinstance(n := fields[name], int)]
    if call.kernel not in ("softmax", "softmax_s8_s16") or context.input(0).is_constant:
        return None
    table = exponentials(*numbers)
    saved = _SAVED[core] * context.output().elements
    if least and saved < least * (table.nbytes + _CODE):
        return None
    kernel = f"softmax_table_{core}" if call.kernel == "softmax" else f"softmax_table_s16_{core}"
    parameters = (
        ("rows", fields["rows"]),
        ("depth", fields["depth"]),
        ("entries", len(table)),
    )
    _, source, target = call.arguments
    arguments = (
        ParametersArgument(f"qmcu_{kernel}_params", parameters),
        source,
        context.constant("exponentials", table, "table"),
        target,
    )
    trade = f"a table: {table.nbytes:,} bytes more flash for a fifth of the instructions"
    return replace(call, kernel=kernel, arguments=arguments, trade=trade)
