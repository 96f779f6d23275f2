"""PRELU and SQUARED_DIFFERENCE: two inputs, with broadcasting."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.elementwise import BROADCAST, OPERANDS, broadcast_call
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall
from qmcu.compile.requantize import quantize_multiplier


def _prelu_multipliers(context: OperatorContext) -> tuple[float, float]:
    source, alpha, target = (
        quantization_of(t) for t in (context.input(0), context.input(1), context.output())
    )
    return source.scale / target.scale, source.scale * alpha.scale / target.scale


def _check_prelu_scales(context: OperatorContext) -> str | None:
    # Below these no intermediate value leaves int32.
    limits = (2.0**14, 2.0**6) if context.input(0).dtype == "int16" else (2.0**22, 2.0**14)
    for real, limit in zip(_prelu_multipliers(context), limits, strict=True):
        # Written so that NaN fails too.
        if not real < limit:
            return f"its scales give the multiplier {real:.3g}, less than {limit:.0f} is needed"
    return None


def _lower_prelu(context: OperatorContext) -> KernelCall:
    positive, negative = (quantize_multiplier(real) for real in _prelu_multipliers(context))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input_zero_point", quantization_of(context.input(0)).zero_point),
        ("alpha_zero_point", quantization_of(context.input(1)).zero_point),
        ("positive_multiplier", positive[0]),
        ("positive_shift", positive[1]),
        ("negative_multiplier", negative[0]),
        ("negative_shift", negative[1]),
        ("output_zero_point", quantization_of(context.output()).zero_point),
    )
    kernel = "prelu_s16" if context.input(0).dtype == "int16" else "prelu"
    return broadcast_call(context, kernel, fields, "prelu")


def _difference_multipliers(context: OperatorContext) -> tuple[float, float, float]:
    """The real multipliers of input 1, of input 2 and of the square of their difference."""
    first, second = (quantization_of(context.input(i)).scale for i in range(2))
    common = 2 * max(first, second)
    finer = 1 if context.input(0).dtype == "int16" else 1 << 14
    last = common * common / (finer * quantization_of(context.output()).scale)
    return first / common, second / common, last


def _check_difference_scales(context: OperatorContext) -> str | None:
    for real in _difference_multipliers(context):
        # Written so that NaN fails too.
        if not (0 < real < 1 and quantize_multiplier(real)[1] <= 0):
            return f"its scales give the multiplier {real:.3g}, between 0 and 1 is needed"
    return None


def _lower_difference(context: OperatorContext) -> KernelCall:
    parts = [quantize_multiplier(real) for real in _difference_multipliers(context)]
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input1_zero_point", quantization_of(context.input(0)).zero_point),
        ("input1_multiplier", parts[0][0]),
        ("input1_shift", parts[0][1]),
        ("input2_zero_point", quantization_of(context.input(1)).zero_point),
        ("input2_multiplier", parts[1][0]),
        ("input2_shift", parts[1][1]),
        ("output_multiplier", parts[2][0]),
        ("output_shift", parts[2][1]),
        ("output_zero_point", quantization_of(context.output()).zero_point),
    )
    kernel = "squared_difference"
    if context.input(0).dtype == "int16":
        return broadcast_call(context, f"{kernel}_s16", fields, kernel)
    return broadcast_call(context, kernel, fields)


def _lower_plain(context: OperatorContext) -> KernelCall:
    """Kernels without parameters of their own."""
    suffix = {"float32": "f32", "int32": "s32"}[context.output().dtype]
    return broadcast_call(context, f"{context.operator.kind.lower()}_{suffix}", ())


# The interpreter walks over at most four dimensions and ends itself at more.
_RANKS = (checks.input_rank(0, 4, 0), checks.input_rank(0, 4, 1))
_PRELU_SCALES = Constraint(
    "input scale below 2^22 output scales, product with alpha's below 2^14 (int16: 2^14, 2^6)",
    _check_prelu_scales,
)
_DIFFERENCE_SCALES = Constraint(
    "square of the larger input scale below 2^12 output scales (int16: 1/4)",
    _check_difference_scales,
)


def _plain(kind: str, dtype: str, suffix: str, *ranks: Constraint) -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(dtype, same=True),
        *ranks,
        checks.BROADCAST_RANK,
        BROADCAST,
    )
    kernel = f"{kind.lower()}_{suffix}"
    return OperatorSupport(kind, kernel, constraints, _lower_plain, types=(dtype,))


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport("PRELU", "prelu", (*OPERANDS, _PRELU_SCALES), _lower_prelu),
    OperatorSupport(
        "PRELU",
        "prelu_s16",
        (
            checks.operands(2),
            checks.types("int16", 0, same=True),
            checks.types("int8", 1, outputs=False),
            checks.quantized(),
            checks.BROADCAST_RANK,
            BROADCAST,
            _PRELU_SCALES,
        ),
        _lower_prelu,
        types=("int16",),
    ),
    _plain("PRELU", "float32", "f32", *_RANKS),
    OperatorSupport(
        "SQUARED_DIFFERENCE",
        "squared_difference",
        (*OPERANDS, _DIFFERENCE_SCALES),
        _lower_difference,
    ),
    OperatorSupport(
        "SQUARED_DIFFERENCE",
        "squared_difference_s16",
        (
            checks.operands(2),
            checks.types("int16", same=True),
            checks.quantized(symmetric=True),
            checks.BROADCAST_RANK,
            BROADCAST,
            _DIFFERENCE_SCALES,
        ),
        _lower_difference,
        types=("int16",),
    ),
    _plain("SQUARED_DIFFERENCE", "int32", "s32"),
    _plain("SQUARED_DIFFERENCE", "float32", "f32"),
)
