"""CAST between all integers, bool and float32."""

from dataclasses import replace

from qmcu.compile.lowering import OWN_NOTE, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.unary import unary_call
from qmcu.compile.plan import KernelCall, ParametersArgument

_INTEGERS = ("int8", "int16", "int32")
_FROM = (*_INTEGERS, "bool")
# Those that the interpreter takes, and those of which our own reference gives the bytes.
_WIDE = (*_INTEGERS, "uint32")
_OWN = ("uint8", "int64")


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    same = source.dtype == target.dtype and source.dtype in ("float32", "bool")
    if same or {source.dtype, target.dtype} == {"uint32", "int32"}:
        parameters = ParametersArgument("qmcu_copy_params", (("size", target.size),))
        operands = (context.operand(tensor, as_bytes=True) for tensor in (source, target))
        return context.call("copy", (parameters, *operands))
    kernel = "cast_f32" if source.dtype == "float32" else "cast_integers"
    if target.dtype in ("float32", "bool"):
        kernel += "_f32" if target.dtype == "float32" else "_bool"
    elif source.dtype == "float32":
        kernel += "_integers"
    fields = (
        ("input_bytes", source.size // source.elements),
        ("output_bytes", target.size // target.elements),
    )
    return unary_call(context, kernel, "qmcu_cast_params", fields)


def _lower_wide(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    kernel = {"float32": "cast_wide_f32", "bool": "cast_wide_bool"}.get(target.dtype, "cast_wide")
    fields = (
        ("input_bytes", source.size // source.elements),
        ("input_unsigned", int(source.dtype in ("uint8", "uint32", "bool"))),
        ("output_bytes", target.size // target.elements),
    )
    if source.dtype == "float32":
        kernel = "cast_f32_u32"
    return unary_call(context, kernel, "qmcu_cast_wide_params", fields)


def _wide(
    kernel: str, source: tuple[str, ...], target: tuple[str, ...], note: str = ""
) -> OperatorSupport:
    return replace(_support(kernel, source, target), lower=_lower_wide, note=note)


def _support(kernel: str, source: tuple[str, ...], target: tuple[str, ...]) -> OperatorSupport:
    constraints = (
        checks.operands(1),
        checks.types(source, 0, outputs=False),
        checks.output_types(*target),
        checks.same_elements(),
    )
    return OperatorSupport("CAST", kernel, constraints, _lower, types=source)


SUPPORT: tuple[OperatorSupport, ...] = (
    _support("cast_integers", _FROM, _INTEGERS),
    _support("cast_integers_f32", _FROM, ("float32",)),
    _support("cast_f32_integers", ("float32",), _INTEGERS),
    _support("copy", ("float32",), ("float32",)),
    _support("cast_integers_bool", _INTEGERS, ("bool",)),
    _support("copy", ("bool",), ("bool",)),
    _support("copy", ("uint32",), ("int32",)),
    _support("copy", ("int32",), ("uint32",)),
    _support("cast_f32_bool", ("float32",), ("bool",)),
    _wide("cast_wide", ("uint32",), _WIDE),
    _wide("cast_wide", ("int8", "int16", "bool"), ("uint32",)),
    _wide("cast_wide_f32", ("uint32",), ("float32",)),
    _wide("cast_wide_bool", ("uint32",), ("bool",)),
    _wide("cast_f32_u32", ("float32",), ("uint32",)),
    _wide("cast_wide", _OWN, (*_WIDE, *_OWN), OWN_NOTE),
    _wide("cast_wide", (*_WIDE, "bool"), _OWN, OWN_NOTE),
    _wide("cast_wide_f32", _OWN, ("float32",), OWN_NOTE),
    _wide("cast_wide_bool", _OWN, ("bool",), OWN_NOTE),
)
