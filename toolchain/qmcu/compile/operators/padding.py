"""PAD and PADV2."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.plan import KernelCall, ParametersArgument


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


def _padded(context: OperatorContext) -> tuple[int, ...]:
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


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    assert target.quantization is not None
    value = target.quantization.zero_point
    if context.operator.kind == "PADV2":
        value = int(context.input(2).array.reshape(-1)[0])
    shape, before, kept = fused_padding(source.shape, _paddings(context))
    parameters = ParametersArgument(
        "qmcu_pad_params",
        (("shape", shape), ("before", before), ("input", kept), ("value", value)),
    )
    return context.call("pad", (parameters, context.operand(source), context.operand(target)))


_COMMON = (
    checks.constant(1, "paddings", ("int32",)),
    checks.input_rank(1, walk.RANK),
    Constraint("two paddings for each dimension, none negative", _check_paddings),
    checks.output_shape("output has the padded shape", _padded),
)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "PAD",
        "pad",
        (checks.operands(2), checks.int8(0), checks.same_quantization(0), *_COMMON),
        _lower,
    ),
    OperatorSupport(
        "PADV2",
        "pad",
        (
            checks.operands(3),
            checks.int8(0, 2),
            checks.constant(2, "padding value", ("int8",)),
            checks.same_quantization(0, 2),
            Constraint("padding value is a single number", _check_value),
            *_COMMON,
        ),
        _lower,
    ),
)
