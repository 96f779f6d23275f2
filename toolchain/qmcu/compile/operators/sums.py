"""ADD_N, CUMSUM and L2_NORMALIZATION."""

from qmcu.compile.lowering import OWN_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier

_HEADROOM_BITS = 20
# Squares of 255 up to 2^31.
_LONGEST_ROW = ((1 << 31) - 1) // 255**2


def _scaled_sum(context: OperatorContext) -> float:
    """The real multiplier from a sum, 2^19 finer than the input, to the output."""
    source, target = quantization_of(context.input(0)), quantization_of(context.output())
    return 2 * source.scale / ((1 << _HEADROOM_BITS) * target.scale)


def _check_scales(context: OperatorContext) -> str | None:
    real = _scaled_sum(context)
    # Written so that NaN fails too.
    if 0 < real < 1 and quantize_multiplier(real)[1] <= 0:
        return None
    return f"its scales give the multiplier {real:.3g}, between 0 and 1 is needed"


_SCALES = Constraint("output scale more than 2^-19 of the input scale", _check_scales)


def _check_terms(context: OperatorContext) -> str | None:
    inputs = [context.input(i) for i in range(len(context.operator.inputs))]
    for tensor in inputs:
        if tensor.is_constant:
            return f"input {tensor} is a constant"
        if tensor.shape != context.output().shape:
            return f"input {tensor} has not the shape of output {context.output()}"
        if tensor.dtype == "float32":
            continue
        own, first = quantization_of(tensor), quantization_of(inputs[0])
        if (own.scale, own.zero_point) != (first.scale, first.zero_point):
            return f"input {tensor.name} is not quantized like input {inputs[0].name}"
    return None


def _lower_add_n(context: OperatorContext) -> KernelCall:
    inputs, output = context.operator.inputs, context.output()
    tensors = [context.input(i) for i in range(len(inputs))]
    overlay = tuple((tensor, output.index) for tensor in dict.fromkeys(inputs))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("size", output.elements),
        ("count", len(inputs)),
    )
    kernel = "add_n_f32"
    if output.dtype == "int8":
        kernel = "add_n"
        multiplier, shift = quantize_multiplier(_scaled_sum(context))
        fields = (
            *fields,
            ("sum_offset", -(len(inputs) + 1) * quantization_of(context.input(0)).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_zero_point", quantization_of(output).zero_point),
        )
    parameters = ParametersArgument(f"qmcu_{kernel}_params", fields)
    arguments = (parameters, context.operands(tensors, writes=False), context.operand(output))
    return context.call(kernel, arguments, may_overlay=overlay)


def _check_axis(context: OperatorContext) -> str | None:
    axis, tensor = context.input(1), context.input(0)
    if axis.elements != 1:
        return f"axis {axis} is not a single number"
    place, rank = int(axis.array.reshape(-1)[0]), len(tensor.shape)
    return None if -rank <= place < rank else f"axis {place} is outside input {tensor}"


def _lower_cumsum(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    axis = int(context.input(1).array.reshape(-1)[0]) % len(source.shape)
    options = context.operator.options
    inner = 1
    for length in source.shape[axis + 1 :]:
        inner *= length
    length = source.shape[axis]
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("rows", source.elements // (length * inner)),
        ("length", length),
        ("inner", inner),
        ("exclusive", int(bool(options.get("exclusive", False)))),
        ("reverse", int(bool(options.get("reverse", False)))),
    )
    kernel, struct = _CUMULATED[source.dtype], "qmcu_cumsum_plain_params"
    if source.dtype == "int8":
        struct = "qmcu_cumsum_params"
        multiplier, shift = quantize_multiplier(_scaled_sum(context))
        fields = (
            *fields,
            ("input_zero_point", quantization_of(source).zero_point),
            ("multiplier", multiplier),
            ("shift", shift),
            ("output_zero_point", quantization_of(target).zero_point),
        )
    parameters = ParametersArgument(struct, fields)
    arguments = (parameters, context.operand(source), context.operand(target))
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call(kernel, arguments, may_overlay=overlay)


# Of each type: the kernel of CUMSUM.
_CUMULATED = {
    "int8": "cumsum", "int32": "cumsum_s32", "int64": "cumsum_s64", "float32": "cumsum_f32",
}  # fmt: skip


def _check_row(context: OperatorContext) -> str | None:
    tensor = context.input(0)
    activation = context.text("fused_activation_function", "NONE")
    if activation != "NONE":
        return f"fused activation {activation}, none is possible"
    if tensor.shape[-1] > _LONGEST_ROW:
        return f"rows of input {tensor} are longer than {_LONGEST_ROW}"
    return None


def _lower_l2_normalization(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    depth = source.shape[-1]
    kernel = "l2_normalization_f32"
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("rows", source.elements // depth),
        ("depth", depth),
    )
    if source.dtype == "int8":
        kernel = "l2_normalization"
        fields = (*fields, ("input_zero_point", quantization_of(source).zero_point))
    parameters = ParametersArgument(f"qmcu_{kernel}_params", fields)
    arguments = (parameters, context.operand(source), context.operand(target))
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call(kernel, arguments, may_overlay=overlay)


_CUMULATIVE = (
    checks.input_rank(1, 8),
    checks.constant(1, "axis", ("int32",)),
    Constraint("axis is one number within the input's dimensions", _check_axis),
    checks.same_shape(),
)

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "ADD_N",
        "add_n",
        (
            checks.operands(2, unbounded=True),
            checks.int8(),
            Constraint(
                "inputs of one shape and quantization, none constant",
                _check_terms,
            ),
            _SCALES,
        ),
        _lower_add_n,
    ),
    OperatorSupport(
        "ADD_N",
        "add_n_f32",
        (
            checks.operands(2, unbounded=True),
            checks.types("float32", same=True),
            Constraint("inputs of one shape, none constant", _check_terms),
        ),
        _lower_add_n,
        types=("float32",),
    ),
    OperatorSupport(
        "CUMSUM",
        "cumsum_f32",
        (checks.operands(2), checks.types("float32", 0, same=True), *_CUMULATIVE),
        _lower_cumsum,
        types=("float32",),
    ),
    *(
        OperatorSupport(
            "CUMSUM",
            _CUMULATED[dtype],
            (checks.operands(2), checks.types(dtype, 0, same=True), *_CUMULATIVE),
            _lower_cumsum,
            types=(dtype,),
            note=OWN_NOTE,
        )
        for dtype in ("int32", "int64")
    ),
    OperatorSupport(
        "CUMSUM",
        "cumsum",
        (
            checks.operands(2),
            checks.int8(0),
            *_CUMULATIVE,
            _SCALES,
        ),
        _lower_cumsum,
    ),
    OperatorSupport(
        "L2_NORMALIZATION",
        "l2_normalization",
        (
            checks.operands(1),
            checks.int8(),
            checks.input_rank(1, 4),
            checks.same_shape(),
            Constraint(f"no fused activation, rows up to {_LONGEST_ROW}", _check_row),
        ),
        _lower_l2_normalization,
    ),
    OperatorSupport(
        "L2_NORMALIZATION",
        "l2_normalization_f32",
        (
            checks.operands(1),
            checks.types("float32", same=True),
            checks.input_rank(1, 4),
            checks.same_shape(),
            Constraint(f"no fused activation, rows up to {_LONGEST_ROW}", _check_row),
        ),
        _lower_l2_normalization,
        types=("float32",),
    ),
)
