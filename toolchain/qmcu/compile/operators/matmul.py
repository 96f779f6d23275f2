"""BATCH_MATMUL."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.weights import multipliers_in_range, quantization_of
from qmcu.compile.plan import KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

_RANK = 5

Shape = tuple[int, ...]


def _padded(shape: Shape) -> Shape:
    return (1,) * (_RANK - len(shape)) + shape


def _adjoint(context: OperatorContext) -> tuple[bool, bool]:
    options = context.operator.options
    return bool(options.get("adj_x", False)), bool(options.get("adj_y", False))


def _matrices(context: OperatorContext) -> tuple[tuple[int, int], tuple[int, int]]:
    """(rows, depth) of the left and (depth, columns) of the right matrices."""
    sizes = [context.input(i).shape[-2:] for i in range(2)]
    left, right = (
        (b, a) if swap else (a, b) for (a, b), swap in zip(sizes, _adjoint(context), strict=True)
    )
    return left, right


def _batches(context: OperatorContext) -> Shape | None:
    """The batch dimensions of the result, or None when those of the inputs do not broadcast."""
    left, right = (_padded(context.input(i).shape)[:-2] for i in range(2))
    if not all(a == b or 1 in (a, b) for a, b in zip(left, right, strict=True)):
        return None
    return tuple(max(a, b) for a, b in zip(left, right, strict=True))


def _check_shapes(context: OperatorContext) -> str | None:
    left, right, output = context.input(0), context.input(1), context.output()
    (rows, depth), (other_depth, columns) = _matrices(context)
    batches = _batches(context)
    if depth != other_depth or batches is None:
        return f"inputs {left} and {right} cannot be multiplied"
    rank = max(len(left.shape), len(right.shape))
    wanted = (*batches[_RANK - rank :], rows, columns)
    return None if output.shape == wanted else f"output {output} has not the shape {wanted}"


def _multiplier(context: OperatorContext) -> list[float]:
    left, right = (quantization_of(context.input(i)).scale for i in range(2))
    return [left * right / quantization_of(context.output()).scale]


def _lower(context: OperatorContext) -> KernelCall:
    left, right, output = context.input(0), context.input(1), context.output()
    batches = _batches(context)
    assert batches is not None
    (rows, depth), (_, columns) = _matrices(context)
    adjoint_left, adjoint_right = _adjoint(context)
    batch_steps = []
    for tensor in (left, right):
        shape = _padded(tensor.shape)
        dense = walk.dense_strides(shape)
        batch_steps.append(tuple(0 if n == 1 else s for n, s in zip(shape, dense, strict=True))[:3])
    multiplier, shift = quantize_multiplier(_multiplier(context)[0])
    parameters = ParametersArgument(
        "qmcu_batch_matmul_params",
        (
            ("batches", batches),
            ("left_batch_steps", batch_steps[0]),
            ("right_batch_steps", batch_steps[1]),
            ("rows", rows),
            ("columns", columns),
            ("depth", depth),
            ("left_row_step", 1 if adjoint_left else depth),
            ("left_step", rows if adjoint_left else 1),
            ("right_column_step", depth if adjoint_right else 1),
            ("right_step", 1 if adjoint_right else columns),
            ("left_zero_point", quantization_of(left).zero_point),
            ("right_zero_point", quantization_of(right).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_zero_point", quantization_of(output).zero_point),
        ),
    )
    operands = (context.operand(tensor) for tensor in (left, right, output))
    return context.call("batch_matmul", (parameters, *operands), macs=output.elements * depth)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "BATCH_MATMUL",
        "batch_matmul",
        (
            checks.operands(2),
            checks.int8(),
            checks.input_rank(2, _RANK, 0),
            checks.input_rank(2, _RANK, 1),
            Constraint("matrices fit, batch dimensions broadcast, output too", _check_shapes),
            multipliers_in_range(_multiplier),
        ),
        _lower,
    ),
)
