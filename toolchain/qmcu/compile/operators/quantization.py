"""QUANTIZE to another type or from real numbers, and DEQUANTIZE.

QUANTIZE from int8 to int8 is a table, as other functions of one byte are: see `lookup`.
"""

import numpy as np

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import FieldValue, KernelCall, ParametersArgument
from qmcu.compile.requantize import quantize_multiplier, requantize
from qmcu.model.graph import Quantization, Tensor

_SHORT = {"int8": "s8", "uint8": "u8", "int16": "s16", "int32": "s32", "float32": "f32"}
# Of input type: the ratio of scales up to which no sum of the interpreter's wraps around.
_LARGEST_RATIO = {"int8": 2.0**21, "uint8": 2.0**21, "int16": 2.0**13, "int32": 0.5}


def _quantization(tensor: Tensor) -> Quantization:
    assert tensor.quantization is not None
    return tensor.quantization


def _ratio(context: OperatorContext) -> float:
    return _quantization(context.input(0)).scale / _quantization(context.output()).scale


def _call(
    context: OperatorContext,
    kernel: str,
    parameters: str,
    fields: tuple[tuple[str, FieldValue], ...],
) -> KernelCall:
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


def _real_fields(quantization: Quantization) -> tuple[tuple[str, FieldValue], ...]:
    return ("scale", float(quantization.scale)), ("zero_point", quantization.zero_point)


def _lower_real(context: OperatorContext) -> KernelCall:
    """QUANTIZE from float32."""
    kernel = f"quantize_f32_{_SHORT[context.output().dtype]}"
    fields = _real_fields(_quantization(context.output()))
    return _call(context, kernel, f"qmcu_{kernel}_params", fields)


def _lower_dequantize(context: OperatorContext) -> KernelCall:
    kernel = f"dequantize_{_SHORT[context.input(0).dtype]}_f32"
    fields = _real_fields(_quantization(context.input(0)))
    return _call(context, kernel, f"qmcu_{kernel}_params", fields)


def _lower_integers(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    multiplier, shift = quantize_multiplier(_ratio(context))
    fields: tuple[tuple[str, FieldValue], ...] = (
        ("input_zero_point", _quantization(source).zero_point),
        ("multiplier", multiplier),
        ("shift", shift),
        ("output_zero_point", _quantization(target).zero_point),
    )
    kernel = f"requantize_{_SHORT[source.dtype]}_{_SHORT[target.dtype]}"
    return _call(context, kernel, "qmcu_requantize_params", fields)


def _lower_bytes(context: OperatorContext) -> KernelCall:
    """Between int8 and uint8: a table of the 256 results, in the order of the input byte."""
    source, target = context.input(0), context.output()
    values = np.arange(256)
    if source.dtype == "int8":
        values = np.roll(values - 128, 128)
    scaled = requantize(
        values - _quantization(source).zero_point, *quantize_multiplier(_ratio(context))
    )
    low, high = (0, 255) if target.dtype == "uint8" else (-128, 127)
    entries = np.clip(scaled + _quantization(target).zero_point, low, high)
    arguments = (
        ParametersArgument("qmcu_lookup_params", (("size", target.size),)),
        context.operand(source, as_bytes=True),
        context.constant("table", entries.astype(np.dtype(target.dtype)).view(np.int8), "table"),
        context.operand(target, as_bytes=True),
    )
    overlay = () if source.is_constant else ((source.index, target.index),)
    return context.call("lookup", arguments, may_overlay=overlay)


def _check_ratio(context: OperatorContext) -> str | None:
    found, limit = _ratio(context), _LARGEST_RATIO[context.input(0).dtype]
    # Written so that NaN fails too.
    if found < limit:
        return None
    return f"input scale / output scale is {found:.3g}, less than {limit:g} is needed"


def _integers(source: str, *targets: str) -> OperatorSupport:
    """QUANTIZE from one integer type to others."""
    limit = _LARGEST_RATIO[source]
    return OperatorSupport(
        "QUANTIZE",
        f"requantize_{_SHORT[source]}_{_SHORT[targets[0]]}",
        (
            checks.operands(1),
            checks.types(source, 0, outputs=False),
            checks.output_types(*targets),
            checks.quantized(),
            checks.same_elements(),
            Constraint(f"input scale / output scale below {limit:g}", _check_ratio),
        ),
        _lower_integers,
        types=(source,),
    )


def _bytes(source: str, target: str) -> OperatorSupport:
    """QUANTIZE between the two types of one byte."""
    return OperatorSupport(
        "QUANTIZE",
        "lookup",
        (
            checks.operands(1),
            checks.types(source, 0, outputs=False),
            checks.output_types(target),
            checks.quantized(),
            checks.same_elements(),
            Constraint(
                f"input scale / output scale below {_LARGEST_RATIO[source]:g}", _check_ratio
            ),
        ),
        _lower_bytes,
        types=(source,),
    )


def _dequantize(source: str) -> OperatorSupport:
    return OperatorSupport(
        "DEQUANTIZE",
        f"dequantize_{_SHORT[source]}_f32",
        (
            checks.operands(1),
            checks.types(source, 0, outputs=False),
            checks.output_types("float32"),
            checks.quantized(0, outputs=False),
            checks.same_elements(),
        ),
        _lower_dequantize,
        types=(source,),
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "QUANTIZE",
        "quantize_f32_s8",
        (
            checks.operands(1),
            checks.types("float32", 0, outputs=False),
            checks.output_types("int8", "int16"),
            checks.quantized(),
            checks.same_elements(),
        ),
        _lower_real,
        types=("float32",),
    ),
    _bytes("int8", "uint8"),
    _bytes("uint8", "int8"),
    _integers("int8", "int16", "int32"),
    _integers("int16", "int8", "int16", "int32"),
    _integers("int32", "int8", "int16"),
    _dequantize("int8"),
    _dequantize("int16"),
    _dequantize("uint8"),
)
