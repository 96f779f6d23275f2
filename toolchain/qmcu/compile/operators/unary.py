"""Functions of one element in other types than int8: those of float32, LOGICAL_NOT and SIGN."""

from collections.abc import Callable

from qmcu.compile.lowering import (
    COMPARED_NOTE,
    GELU_NOTE,
    OWN_NOTE,
    OperatorContext,
    OperatorSupport,
)
from qmcu.compile.operators import checks
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument

# Of each operator: what its kernel is called before the type.
_FUNCTIONS = (
    "ABS", "NEG", "SQUARE", "SQRT", "RSQRT", "CEIL", "FLOOR", "ROUND", "RELU", "RELU6",
    "HARD_SWISH", "EXP", "LOG", "SIN", "COS", "LOGISTIC",
)  # fmt: skip
# Their functions come from the C library of the machine that the interpreter runs on.
_BY_LIBRARY = ("TANH", "ELU")
_LIBRARY_NOTE = (
    "Equal to the interpreter on x86-64 with glibc up to 2.40, for every float; later ones compute "
    "the function itself with another algorithm and may differ in the last bit."
)


def unary_call(
    context: OperatorContext,
    kernel: str,
    parameters: str = "qmcu_unary_params",
    fields: tuple[tuple[str, FieldValue], ...] = (),
) -> KernelCall:
    """The call of a kernel for each element, whose parameters are the size and `fields`."""
    source, target = context.input(0), context.output()
    arguments = (
        ParametersArgument(parameters, (("size", target.elements), *fields)),
        context.operand(source),
        context.operand(target),
    )
    # What is written never reaches what is still to be read if elements do not grow.
    fits = target.size <= source.size and not source.is_constant
    overlay = ((source.index, target.index),) if fits else ()
    return context.call(kernel, arguments, may_overlay=overlay)


def _lower_to(kernel: str) -> Callable[[OperatorContext], KernelCall]:
    return lambda context: unary_call(context, kernel)


def _lower_gelu(context: OperatorContext) -> KernelCall:
    approximate = int(bool(context.operator.options.get("approximate", False)))
    fields = (("approximate", approximate),)
    return unary_call(context, "gelu_f32", "qmcu_gelu_f32_params", fields)


def _lower_leaky_relu(context: OperatorContext) -> KernelCall:
    return unary_call(
        context,
        "leaky_relu_f32",
        "qmcu_leaky_relu_f32_params",
        (("alpha", context.real("alpha")),),
    )


def real_support(
    kind: str,
    kernel: str,
    lower: Callable[[OperatorContext], KernelCall],
    note: str = "",
    dtype: str = "float32",
) -> OperatorSupport:
    """A form from float32, or another `dtype`, to the same type and shape."""
    return OperatorSupport(
        kind,
        kernel,
        (checks.operands(1), checks.types(dtype), checks.same_shape()),
        lower,
        types=(dtype,),
        note=note,
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    *(
        real_support(kind, f"{kind.lower()}_f32", _lower_to(f"{kind.lower()}_f32"))
        for kind in _FUNCTIONS
    ),
    *(
        real_support(kind, f"{kind.lower()}_f32", _lower_to(f"{kind.lower()}_f32"), _LIBRARY_NOTE)
        for kind in _BY_LIBRARY
    ),
    *(
        real_support("SIGN", f"sign_{suffix}", _lower_to(f"sign_{suffix}"), COMPARED_NOTE, dtype)
        for dtype, suffix in (("float32", "f32"), ("int32", "s32"))
    ),
    *(
        real_support(kind, kernel, _lower_to(kernel), OWN_NOTE, dtype)
        for kind, kernel, dtype in (
            ("ABS", "abs_s32", "int32"),
            ("NEG", "neg_s32", "int32"),
            ("NEG", "neg_s64", "int64"),
        )
    ),
    real_support("GELU", "gelu_f32", _lower_gelu, GELU_NOTE),
    real_support("LEAKY_RELU", "leaky_relu_f32", _lower_leaky_relu),
    OperatorSupport(
        "LOGICAL_NOT",
        "logical_not",
        (checks.operands(1), checks.types("bool"), checks.same_shape()),
        _lower_to("logical_not"),
        types=("bool",),
    ),
)
