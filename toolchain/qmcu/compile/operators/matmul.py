"""BATCH_MATMUL."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.weights import multipliers_in_range, quantization_of
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

_RANK = 5

Shape = tuple[int, ...]


def _padded_shape(shape: Shape) -> Shape:
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
    left, right = (_padded_shape(context.input(i).shape)[:-2] for i in range(2))
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


def _quantized_fields(context: OperatorContext) -> tuple[tuple[str, FieldValue], ...]:
    left, right, output = (
        quantization_of(t) for t in (context.input(0), context.input(1), context.output())
    )
    multiplier, shift = quantize_multiplier(_multiplier(context)[0])
    if context.output().dtype == "int16":
        # For sums of 64 bits the interpreter keeps 16 bits of the multiplier.
        multiplier = min((multiplier + (1 << 15)) >> 16, (1 << 15) - 1)
    return (
        ("left_zero_point", left.zero_point),
        ("right_zero_point", right.zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", output.zero_point),
    )


def _check_wide_shift(context: OperatorContext) -> str | None:
    real = _multiplier(context)[0]
    # Written so that NaN fails too.
    return None if real < 2.0**14 else f"its scales give the multiplier {real:.3g}, not below 2^14"


def _lower(context: OperatorContext) -> KernelCall:
    left, right, output = context.input(0), context.input(1), context.output()
    batches = _batches(context)
    assert batches is not None
    (rows, depth), (_, columns) = _matrices(context)
    adjoint_left, adjoint_right = _adjoint(context)
    batch_steps = []
    for tensor in (left, right):
        shape = _padded_shape(tensor.shape)
        dense = walk.dense_strides(shape)
        batch_steps.append(tuple(0 if n == 1 else s for n, s in zip(shape, dense, strict=True))[:3])
    fields: tuple[tuple[str, FieldValue], ...] = (
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
    )
    kernel = {"int8": "batch_matmul", "int16": "batch_matmul_s16", "float32": "batch_matmul_f32"}[
        output.dtype
    ]
    struct = "qmcu_batch_matmul_f32_params"
    if output.dtype != "float32":
        struct, fields = "qmcu_batch_matmul_params", (*fields, *_quantized_fields(context))
    operands = (context.operand(tensor) for tensor in (left, right, output))
    arguments = (ParametersArgument(struct, fields), *operands)
    return context.call(kernel, arguments, macs=output.elements * depth)


_SHAPES = (
    checks.input_rank(2, _RANK, 0),
    checks.input_rank(2, _RANK, 1),
    Constraint("matrices fit, batch dimensions broadcast, output too", _check_shapes),
)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "BATCH_MATMUL",
        "batch_matmul",
        (
            checks.operands(2),
            checks.int8(),
            *_SHAPES,
            multipliers_in_range(_multiplier),
        ),
        _lower,
    ),
    OperatorSupport(
        "BATCH_MATMUL",
        "batch_matmul_s16",
        (
            checks.operands(2),
            checks.types("int16", same=True),
            checks.quantized(symmetric=True),
            *_SHAPES,
            Constraint("product of input scales below 2^14 output scales", _check_wide_shift),
        ),
        _lower,
        types=("int16",),
    ),
    OperatorSupport(
        "BATCH_MATMUL",
        "batch_matmul_f32",
        (checks.operands(2), checks.types("float32", same=True), *_SHAPES),
        _lower,
        types=("float32",),
    ),
)
