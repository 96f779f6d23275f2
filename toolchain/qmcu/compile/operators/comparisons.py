"""EQUAL, NOT_EQUAL, GREATER, GREATER_EQUAL, LESS and LESS_EQUAL: a relation as a truth."""

from collections.abc import Callable

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.arithmetic import binary_call, binary_operands, walk_fields
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.plan import FieldValue, KernelCall
from qmcu.compile.requantize import quantize_multiplier

_LESS, _EQUAL, _GREATER, _UNORDERED = 1, 2, 4, 8
# The bits of firmware/kernels/portable/compare.h. What is not a number is unequal to everything.
_RELATIONS = {
    "EQUAL": _EQUAL,
    "NOT_EQUAL": _LESS | _GREATER | _UNORDERED,
    "GREATER": _GREATER,
    "GREATER_EQUAL": _GREATER | _EQUAL,
    "LESS": _LESS,
    "LESS_EQUAL": _LESS | _EQUAL,
}
_SHORT = {"bool": "u8", "int32": "s32", "int64": "s64", "float32": "f32"}


def _lower(kernel: str) -> Callable[[OperatorContext], KernelCall]:
    def lower(context: OperatorContext) -> KernelCall:
        fields = (
            *walk_fields(context, "binary."),
            ("relation", _RELATIONS[context.operator.kind]),
        )
        return binary_call(context, kernel, "qmcu_compare_params", fields)

    return lower


def _lower_int8(context: OperatorContext) -> KernelCall:
    fields: list[tuple[str, FieldValue]] = [
        *walk_fields(context, "compare.binary."),
        ("compare.relation", _RELATIONS[context.operator.kind]),
    ]
    for position in range(2):
        quantization = quantization_of(context.input(position))
        multiplier, shift = quantize_multiplier(quantization.scale)
        fields += [
            (f"input{position + 1}_zero_point", quantization.zero_point),
            (f"input{position + 1}_multiplier", multiplier),
            (f"input{position + 1}_shift", shift),
        ]
    return binary_call(context, "compare_s8", "qmcu_compare_s8_params", tuple(fields))


def _check_scales(context: OperatorContext) -> str | None:
    for position in range(2):
        tensor = context.input(position)
        scale = quantization_of(tensor).scale
        if not (0 < scale < 1 and quantize_multiplier(scale)[1] <= 0):
            return f"input {tensor.name} has scale {scale:.3g}, less than 1 is needed"
    return None


def _int8(kind: str) -> OperatorSupport:
    first, *others = binary_operands("int8", "bool")
    constraints = (
        first,
        *others,
        checks.quantized(outputs=False),
        Constraint("input scales less than 1", _check_scales),
    )
    return OperatorSupport(kind, "compare_s8", constraints, _lower_int8)


def _plain(kind: str, dtype: str) -> OperatorSupport:
    kernel = f"compare_{_SHORT[dtype]}"
    constraints = binary_operands(dtype, "bool")
    return OperatorSupport(kind, kernel, constraints, _lower(kernel), types=(dtype,))


SUPPORT: tuple[OperatorSupport, ...] = (
    *(_int8(kind) for kind in _RELATIONS),
    *(_plain(kind, dtype) for kind in _RELATIONS for dtype in ("int32", "int64", "float32")),
    *(_plain(kind, "bool") for kind in ("EQUAL", "NOT_EQUAL")),
    OperatorSupport(
        "GREATER",
        "compare_f32",
        # Never reached by what holds them: that is compared as float32 by then.
        (*binary_operands("int16", "bool"), checks.quantized(outputs=False)),
        _lower("compare_f32"),
        types=("int16",),
        note=(
            "The interpreter compares int16 with scales that it never sets, so that its bytes are "
            "by chance. Here the real numbers are compared (`passes.undefined`), and the expected "
            "bytes are the interpreter's of DEQUANTIZE and GREATER."
        ),
    ),
)
