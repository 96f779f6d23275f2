"""REDUCE_MAX and REDUCE_MIN over any dimensions."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks, walk
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument


def axes(context: OperatorContext) -> set[int]:
    """The dimensions to reduce, counted from the front."""
    rank = len(context.input(0).shape)
    return {int(a) % rank for a in context.input(1).array.reshape(-1)} if rank else set()


def _axes_problem(context: OperatorContext) -> str | None:
    rank = len(context.input(0).shape)
    if not rank:
        return None
    wrong = [int(a) for a in context.input(1).array.reshape(-1) if not -rank <= a < rank]
    return f"axis {wrong[0]} of an input with {rank} dimensions" if wrong else None


def _reduced_shape(context: OperatorContext) -> tuple[int, ...]:
    shape, reduced = context.input(0).shape, axes(context)
    if context.operator.options.get("keep_dims", False):
        return tuple(1 if i in reduced else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in reduced)


# What every reduction needs of its axes and its shapes.
AXES = (
    checks.constant(1, "axes", ("int32",)),
    checks.input_rank(0, 8),
    Constraint("each axis is a dimension of the input", _axes_problem),
    checks.output_shape("output is the input without the axes", _reduced_shape),
)


def walk_fields(context: OperatorContext) -> tuple[tuple[str, FieldValue], ...]:
    """The fields of qmcu_reduce_params."""
    shape, reduced = context.input(0).shape, axes(context)
    dense = walk.dense_strides(shape)
    fields: list[tuple[str, FieldValue]] = []
    for name, wanted in (("kept", False), ("reduced", True)):
        chosen = [d for d in range(len(shape)) if (d in reduced) is wanted]
        sizes, (steps,) = walk.fused([shape[d] for d in chosen], [dense[d] for d in chosen])
        fields += [(name, sizes), (f"{name}_steps", steps)]
    return tuple(fields)


def _lower(context: OperatorContext) -> KernelCall:
    parameters = ParametersArgument("qmcu_reduce_params", walk_fields(context))
    arguments = (parameters, context.operand(context.input(0)), context.operand(context.output()))
    return context.call(context.operator.kind.lower(), arguments)


_CONSTRAINTS = (checks.operands(2), checks.int8(0), checks.same_quantization(0), *AXES)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport("REDUCE_MAX", "reduce_max", _CONSTRAINTS, _lower),
    OperatorSupport("REDUCE_MIN", "reduce_min", _CONSTRAINTS, _lower),
)
