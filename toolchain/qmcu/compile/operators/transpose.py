"""TRANSPOSE."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.plan import KernelCall, ParametersArgument


def _permutation(context: OperatorContext) -> list[int]:
    return [int(axis) for axis in context.input(1).array.reshape(-1)]


def _check_permutation(context: OperatorContext) -> str | None:
    tensor, permutation = context.input(0), _permutation(context)
    if len(context.input(1).shape) == 1 and sorted(permutation) == [*range(len(tensor.shape))]:
        return None
    return f"{permutation} does not permute the dimensions of input {tensor}"


def _transposed(context: OperatorContext) -> tuple[int, ...]:
    shape = context.input(0).shape
    return tuple(shape[axis] for axis in _permutation(context))


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    dense = walk.dense_strides(source.shape)
    shape, (strides,) = walk.fused(target.shape, [dense[axis] for axis in _permutation(context)])
    parameters = ParametersArgument(
        "qmcu_strided_copy_params", (("shape", shape), ("strides", strides), ("start", 0))
    )
    arguments = (parameters, context.operand(source), context.operand(target))
    return context.call("strided_copy", arguments)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "TRANSPOSE",
        "strided_copy",
        (
            checks.operands(2),
            checks.int8(0),
            checks.same_quantization(0),
            checks.input_rank(1, walk.RANK),
            checks.constant(1, "permutation", ("int32",)),
            Constraint("permutation names each dimension once, none negative", _check_permutation),
            checks.output_shape("output has the permuted shape", _transposed),
        ),
        _lower,
    ),
)
