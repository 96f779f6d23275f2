"""RELU, RELU6, LEAKY_RELU and QUANTIZE of int16: values times a number, or another below zero.

The interpreter rounds twice, x * multiplier to 2^31 and that to the shift. A value has 16 bits, so
that words hold what the roundings need of the product (slopes_s16_code.h).
"""

from collections.abc import Mapping, Sequence

from qmcu.compile.kernel_sets.dsp.elementwise import portable, renamed
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.plan import FieldValue, KernelCall

_KINDS = ("LEAKY_RELU int16", "QUANTIZE int16", "RELU int16", "RELU6 int16")
_LARGEST = (1 << 15) - 1
_MOST_LEFT = 14  # shifts of a value of 16 bits
_MOST_RIGHT = 17  # from which nothing of a value is left
Pair = tuple[int, int]


def _slopes(kernel: str, fields: Mapping[str, FieldValue]) -> tuple[Pair, Pair, int] | None:
    """(multiplier, shift) above and below zero, and the largest output; None for other kernels."""

    def number(name: str) -> int:
        value = fields[name]
        assert isinstance(value, int)
        return value

    def pair(prefix: str = "") -> Pair:
        return number(f"{prefix}multiplier"), number(f"{prefix}shift")

    if kernel == "relu_s16" and number("minimum") == 0:
        return pair(), (0, 0), number("maximum")
    if kernel == "leaky_relu_s16" and number("negative_sign") == 1:
        return pair("positive_"), pair("negative_"), _LARGEST
    if kernel == "requantize_s16_s16":
        offsets = number("input_zero_point"), number("output_zero_point")
        return None if any(offsets) else (pair(), pair(), _LARGEST)
    return None


def lowerings(core: str) -> dict[str, Sequence[Lowering]]:
    """Operator kind and type to the lowering for `core`, dsp, mve or scalar."""

    def lower(context: OperatorContext) -> KernelCall | None:
        call, fields = portable(context)
        found = _slopes(call.kernel, fields)
        if found is None or max(found[0][1], found[1][1]) > _MOST_LEFT:
            return None
        above, below, maximum = found
        own: dict[str, FieldValue] = {"size": fields["size"], "maximum": maximum}
        for side, (multiplier, shift) in (("positive", above), ("negative", below)):
            own[f"{side}_multiplier"] = multiplier
            own[f"{side}_shift"] = max(shift, -_MOST_RIGHT)
        return renamed(call, f"slopes_s16_{core}", own)

    return dict.fromkeys(_KINDS, (lower,))
