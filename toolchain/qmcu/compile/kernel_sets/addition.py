"""ADD without broadcasting, as the DSP and MVE kernels see it."""

from dataclasses import dataclass

from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier
from qmcu.model.graph import Tensor

Fields = tuple[tuple[str, FieldValue], ...]


@dataclass(frozen=True)
class PlainSum:
    """The multiplier of the `wider` input (of the larger scale) is 1/2, which is a shift.

    `multiplier` and `shift` are the other input's; with equal scales that is 1/2 too, written
    as 1/2 of twice the value (`doubled` 1), so that every shift is to the right.
    """

    wider: Tensor
    other: Tensor
    doubled: int
    multiplier: int
    shift: int
    output_multiplier: int
    output_shift: int

    @property
    def fields(self) -> Fields:
        """The first parameter fields of both kernels."""
        return (
            ("size", self.wider.elements),
            ("offset", -(quantization_of(self.wider).zero_point << 19)),
            ("zero_point", quantization_of(self.other).zero_point),
        )


def plain_sum(context: OperatorContext, largest_shift: int) -> PlainSum | None:
    """The sum of two inputs of the output's shape, or None where it is another."""
    inputs, target = (context.input(0), context.input(1)), context.output()
    if any(tensor.is_constant or tensor.shape != target.shape for tensor in inputs):
        return None
    wider, other = sorted(inputs, key=lambda tensor: -quantization_of(tensor).scale)
    common = 2 * quantization_of(wider).scale
    multiplier, shift = quantize_multiplier(quantization_of(other).scale / common)
    doubled = int(shift == 0)
    last, last_shift = quantize_multiplier(common / ((1 << 20) * quantization_of(target).scale))
    if not all(-largest_shift <= s <= -1 for s in (shift - doubled, last_shift)):
        return None
    return PlainSum(wider, other, doubled, multiplier, shift - doubled, last, last_shift)


def sum_call(
    context: OperatorContext, kernel: str, terms: PlainSum, parameters: Fields
) -> KernelCall:
    """The kernel call; the output may lie over either input."""
    target = context.output()
    operands = tuple(context.operand(t) for t in (terms.wider, terms.other, target))
    return context.call(
        kernel,
        (ParametersArgument(f"qmcu_{kernel}_params", parameters), *operands),
        may_overlay=tuple((t.index, target.index) for t in (terms.wider, terms.other)),
    )
