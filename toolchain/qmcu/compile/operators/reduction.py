"""REDUCE_MAX, _MIN, _ALL, _ANY and _PROD over any dimensions; SUM and MEAN of what has no scale."""

from collections.abc import Callable

from qmcu.compile.lowering import (
    OWN_NOTE,
    PRODUCT_NOTE,
    Constraint,
    OperatorContext,
    OperatorSupport,
)
from qmcu.compile.operators import checks, walk
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.model.products import LEAST_SHIFT, product_scale, scale_of_16_bits


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


def _lower_to(kernel: str) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        fields = walk_fields(context)
        parameters = ParametersArgument("qmcu_reduce_params", fields)
        if kernel == "mean_f32":
            count = float(context.input(0).elements // context.output().elements)
            parameters = ParametersArgument("qmcu_mean_f32_params", (*fields, ("count", count)))
        operands = (context.operand(tensor) for tensor in (context.input(0), context.output()))
        return context.call(kernel, (parameters, *operands))

    return lower


def _lower_integer_mean(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    fields = (*walk_fields(context), ("count", source.elements // target.elements))
    parameters = ParametersArgument("qmcu_mean_integers_params", fields)
    kernel = f"mean_{_SHORT[source.dtype]}"
    return context.call(kernel, (parameters, context.operand(source), context.operand(target)))


def _check_product(context: OperatorContext) -> str | None:
    real = product_scale(context.input(0), context.output())
    if scale_of_16_bits(real)[1] > LEAST_SHIFT:
        return None
    return f"each factor is scaled by {real:.3g}, less than 2^7 is needed"


def _lower_product(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    multiplier, shift = scale_of_16_bits(product_scale(source, target))
    fields = (
        *walk_fields(context),
        ("input_zero_point", quantization_of(source).zero_point),
        ("multiplier", multiplier),
        # To the left of 15 bits.
        ("shift", 15 - shift),
        ("output_zero_point", quantization_of(target).zero_point),
    )
    parameters = ParametersArgument("qmcu_reduce_prod_params", fields)
    kernel = "reduce_prod" if source.dtype == "int8" else "reduce_prod_s16"
    return context.call(kernel, (parameters, context.operand(source), context.operand(target)))


def _scaled_product(dtype: str, kernel: str, *types: Constraint) -> OperatorSupport:
    scales = Constraint("input scale / n-th root of output scale below 2^7", _check_product)
    constraints = (checks.operands(2), *types, *AXES, scales)
    return OperatorSupport(
        "REDUCE_PROD", kernel, constraints, _lower_product, types=(dtype,), note=PRODUCT_NOTE
    )


def _integer_mean(dtype: str) -> OperatorSupport:
    constraints = (checks.operands(2), checks.types(dtype, 0, same=True), *AXES)
    kernel = f"mean_{_SHORT[dtype]}"
    return OperatorSupport(
        "MEAN", kernel, constraints, _lower_integer_mean, types=(dtype,), note=OWN_NOTE
    )


def _check_axis_count(context: OperatorContext) -> str | None:
    found = context.input(1).elements
    # The interpreter keeps four axes of a float mean and writes further ones past their end.
    return None if found <= 4 else f"{found} axes, at most 4 are possible"


def _form(
    kind: str, kernel: str, dtype: str, *further: Constraint, note: str = ""
) -> OperatorSupport:
    constraints = (checks.operands(2), checks.types(dtype, 0, same=True), *further, *AXES)
    return OperatorSupport(kind, kernel, constraints, _lower_to(kernel), types=(dtype,), note=note)


def _wide(kind: str, kernel: str) -> OperatorSupport:
    """Of int16, which the interpreter lacks."""
    same = (checks.quantized(0), checks.same_quantization(0))
    return _form(kind, kernel, "int16", *same, note=OWN_NOTE)


# Of integers that are not quantized: what a kernel's name ends in.
_SHORT = {"int32": "s32", "int64": "s64"}

SUPPORT: tuple[OperatorSupport, ...] = (
    _form("REDUCE_MAX", "reduce_max", "int8", checks.int8(0), checks.same_quantization(0)),
    _wide("REDUCE_MAX", "reduce_max_s16"),
    _form("REDUCE_MAX", "reduce_max_f32", "float32"),
    _form("REDUCE_MIN", "reduce_min", "int8", checks.int8(0), checks.same_quantization(0)),
    _wide("REDUCE_MIN", "reduce_min_s16"),
    _form("REDUCE_MIN", "reduce_min_f32", "float32"),
    _form("REDUCE_ALL", "reduce_all_bool", "bool"),
    _form("REDUCE_ANY", "reduce_any_bool", "bool", note=OWN_NOTE),
    *(
        _form(kind, f"{kernel}_{short}", dtype, note=OWN_NOTE)
        for kind, kernel in (
            ("REDUCE_MAX", "reduce_max"),
            ("REDUCE_MIN", "reduce_min"),
            ("REDUCE_PROD", "reduce_prod"),
            ("SUM", "sum"),
        )
        for dtype, short in _SHORT.items()
    ),
    _scaled_product("int8", "reduce_prod", checks.int8(0)),
    _scaled_product(
        "int16",
        "reduce_prod_s16",
        checks.types("int16", 0, same=True),
        checks.quantized(0, symmetric=True),
    ),
    _form("REDUCE_PROD", "reduce_prod_f32", "float32", note=PRODUCT_NOTE),
    *(_integer_mean(dtype) for dtype in _SHORT),
    _form("SUM", "sum_f32", "float32"),
    _form(
        "MEAN",
        "mean_f32",
        "float32",
        Constraint("at most 4 axes", _check_axis_count),
    ),
)
