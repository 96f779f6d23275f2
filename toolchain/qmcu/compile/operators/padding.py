"""PAD and PADV2."""

import numpy as np

from qmcu.compile.lowering import OWN_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import Argument, KernelCall, ParametersArgument
from qmcu.model.graph import Tensor


def _paddings(context: OperatorContext) -> list[tuple[int, int]]:
    values = context.input(1).array.reshape(-1, 2)
    return [(int(before), int(after)) for before, after in values]


def _check_paddings(context: OperatorContext) -> str | None:
    tensor, paddings = context.input(0), context.input(1)
    if paddings.elements != 2 * len(tensor.shape):
        return f"paddings {paddings} need two numbers for each dimension of input {tensor}"
    if (paddings.array < 0).any():
        return f"paddings {paddings.name} hold a negative number"
    return None


def _padded_shape(context: OperatorContext) -> tuple[int, ...]:
    lengths = zip(context.input(0).shape, _paddings(context), strict=True)
    return tuple(length + before + after for length, (before, after) in lengths)


def _check_value(context: OperatorContext) -> str | None:
    value = context.input(2)
    return None if value.elements == 1 else f"padding value {value} is not a single number"


def fused_padding(
    shape: tuple[int, ...], paddings: list[tuple[int, int]]
) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Output shape, padding before and input shape, in walk.RANK dimensions.

    A dimension that is not padded becomes one with the dimension before it, so that rows are
    long.
    """
    output: list[int] = []
    leading: list[int] = []
    kept: list[int] = []
    run = 1
    for length, (before, after) in zip(reversed(shape), reversed(paddings), strict=True):
        if before == after == 0:
            run *= length
            continue
        output.insert(0, (before + length + after) * run)
        leading.insert(0, before * run)
        kept.insert(0, length * run)
        run = 1
    # What is left is not padded: the number of padded blocks.
    output.insert(0, run)
    leading.insert(0, 0)
    kept.insert(0, run)
    missing = walk.RANK - len(output)
    if missing < 0:
        # All of walk.RANK dimensions are padded and nothing is left over.
        return tuple(output[1:]), tuple(leading[1:]), tuple(kept[1:])
    ones, zeros = (1,) * missing, (0,) * missing
    return ones + tuple(output), zeros + tuple(leading), ones + tuple(kept)


def _value(context: OperatorContext) -> Tensor | bytes:
    """The element that fills the padding: a tensor that is computed, or the bytes of a constant."""
    target = context.output()
    if context.operator.kind == "PADV2":
        value = context.input(2)
        return value if value.data is None else value.data
    zero_point = target.quantization.zero_point if target.quantization else 0
    if target.dtype == "int8":
        return np.array(zero_point, np.int8).tobytes()
    # The interpreter's value for other types, whatever the zero point.
    return bytes(element_size(target))


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    size, value = element_size(source), _value(context)
    shape, before, kept = fused_padding(source.shape, _paddings(context))
    from_bytes, to_bytes = byte_operands(context, source, target)
    if isinstance(value, bytes) and len(set(value)) == 1:
        lengths = [(*row[:-1], row[-1] * size) for row in (shape, before, kept)]
        filler = int.from_bytes(value[:1], "little", signed=True)
        fields = zip(("shape", "before", "input"), lengths, strict=True)
        parameters = ParametersArgument("qmcu_pad_params", (*fields, ("value", filler)))
        return context.call("pad", (parameters, from_bytes, to_bytes))
    parameters = ParametersArgument(
        "qmcu_pad_wide_params",
        (("shape", shape), ("before", before), ("input", kept), ("size", size)),
    )
    filling: Argument
    if isinstance(value, bytes):
        filling = context.constant("value", np.frombuffer(value, np.int8), "data")
    else:
        (filling,) = byte_operands(context, value)
    return context.call("pad_wide", (parameters, from_bytes, filling, to_bytes))


_TYPES = ("int8", "int16", "int32", "float32")
_COMMON = (
    checks.constant(1, "paddings", ("int32",)),
    checks.input_rank(1, walk.RANK),
    Constraint("two paddings for each dimension, none negative", _check_paddings),
    checks.output_shape("output has the padded shape", _padded_shape),
)

# Moved by the same kernels; of zeros alone.
_OWN = ("int64", "bool")

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "PAD",
        "pad",
        (
            checks.operands(2),
            checks.types(_TYPES, 0, same=True),
            *_COMMON,
        ),
        _lower,
        types=_TYPES,
    ),
    OperatorSupport(
        "PAD",
        "pad",
        (checks.operands(2), checks.types(_OWN, 0, same=True), *_COMMON),
        _lower,
        types=_OWN,
        note=OWN_NOTE,
    ),
    OperatorSupport(
        "PADV2",
        "pad",
        (
            checks.operands(3),
            checks.types(_TYPES, 0, 2, same=True),
            checks.same_quantization(2),
            Constraint("padding value is a single number", _check_value),
            *_COMMON,
        ),
        _lower,
        types=_TYPES,
    ),
)
