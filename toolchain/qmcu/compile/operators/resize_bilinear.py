"""RESIZE_BILINEAR."""

import numpy as np

from qmcu.compile.lowering import OWN_NOTE, Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.plan import KernelCall, ParametersArgument

_UNIT = 1 << 10
# Positions are integers in 1/1024: they stay below 2^31.
_LARGEST = 1 << 20


def _flag(context: OperatorContext, name: str) -> bool:
    return bool(context.operator.options.get(name, False))


def _mapping(context: OperatorContext, axis: int) -> tuple[int, int]:
    """(scale, offset): output position x lies at (x * scale + offset) / 1024 of the input."""
    length, wanted = context.input(0).shape[axis], context.output().shape[axis]
    if _flag(context, "align_corners") and wanted > 1:
        length, wanted = length - 1, wanted - 1
    scale = (_UNIT * length + wanted // 2) // wanted
    return scale, scale // 2 - _UNIT // 2 if _flag(context, "half_pixel_centers") else 0


def _check_size(context: OperatorContext) -> str | None:
    size = context.input(1)
    return None if size.shape == (2,) else f"size {size} is not a list of two numbers"


def _resized_shape(context: OperatorContext) -> tuple[int, ...]:
    batches, _, _, depth = context.input(0).shape
    height, width = (int(n) for n in context.input(1).array)
    return batches, height, width, depth


def _check_options(context: OperatorContext) -> str | None:
    if _flag(context, "align_corners") and _flag(context, "half_pixel_centers"):
        return "has both aligned corners and half-pixel centers, one at most is possible"
    return None


def _check_inside(context: OperatorContext) -> str | None:
    """The rounded scale must not lead behind the last pixel."""
    for axis in (1, 2):
        length, wanted = context.input(0).shape[axis], context.output().shape[axis]
        if max(length, wanted) > _LARGEST:
            return f"resizes {length} to {wanted} pixels, at most {_LARGEST} are possible"
        scale, offset = _mapping(context, axis)
        if ((wanted - 1) * scale + offset) // _UNIT >= length:
            return (
                f"resizes {length} to {wanted} pixels, for which the interpreter's rounded scale "
                "leads outside the image"
            )
    return None


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    batches, height, width, depth = source.shape
    (height_scale, height_offset), (width_scale, width_offset) = (
        _mapping(context, axis) for axis in (1, 2)
    )
    parameters = ParametersArgument(
        "qmcu_resize_bilinear_params",
        (
            ("batches", batches),
            ("input_height", height),
            ("input_width", width),
            ("depth", depth),
            ("output_height", target.shape[1]),
            ("output_width", target.shape[2]),
            ("height_scale", height_scale),
            ("height_offset", height_offset),
            ("width_scale", width_scale),
            ("width_offset", width_offset),
        ),
    )
    arguments = (parameters, context.operand(source), context.operand(target))
    kernel = "resize_bilinear" if source.dtype == "int8" else "resize_bilinear_s16"
    return context.call(kernel, arguments)


def _scale(context: OperatorContext, axis: int) -> float:
    """Input positions per output position, in float32 as the interpreter computes it."""
    length, wanted = context.input(0).shape[axis], context.output().shape[axis]
    if _flag(context, "align_corners") and wanted > 1:
        length, wanted = length - 1, wanted - 1
    return float(np.float32(length) / np.float32(wanted))


def _check_real_inside(context: OperatorContext) -> str | None:
    for axis in (1, 2):
        length, wanted = context.input(0).shape[axis], context.output().shape[axis]
        half = np.float32(0.5 if _flag(context, "half_pixel_centers") else 0)
        last = (np.float32(wanted - 1) + half) * np.float32(_scale(context, axis)) - half
        if max(length, wanted) > _LARGEST or int(last) >= length:
            return f"resizes {length} to {wanted} pixels, whose rounding leads outside the image"
    return None


def _lower_real(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    batches, height, width, depth = source.shape
    parameters = ParametersArgument(
        "qmcu_resize_bilinear_f32_params",
        (
            ("batches", batches),
            ("input_height", height),
            ("input_width", width),
            ("depth", depth),
            ("output_height", target.shape[1]),
            ("output_width", target.shape[2]),
            ("half_pixel_centers", int(_flag(context, "half_pixel_centers"))),
            ("height_scale", _scale(context, 1)),
            ("width_scale", _scale(context, 2)),
        ),
    )
    arguments = (parameters, context.operand(source), context.operand(target))
    return context.call("resize_bilinear_f32", arguments)


_SIZES = (
    checks.input_rank(4, 4),
    checks.constant(1, "size", ("int32",)),
    Constraint("size is a height and a width", _check_size),
    checks.output_shape("output has the input's batches and depth and the size", _resized_shape),
    Constraint("not both aligned corners and half-pixel centers", _check_options),
)


def _integers(dtype: str, kernel: str, note: str = "") -> OperatorSupport:
    constraints = (
        checks.operands(2),
        checks.types(dtype, 0, same=True),
        *_SIZES,
        Constraint("the interpreter's rounded scale stays inside the image", _check_inside),
    )
    return OperatorSupport(
        "RESIZE_BILINEAR", kernel, constraints, _lower, types=(dtype,), note=note
    )


SUPPORT: tuple[OperatorSupport, ...] = (
    _integers("int8", "resize_bilinear"),
    _integers("int16", "resize_bilinear_s16", OWN_NOTE),
    OperatorSupport(
        "RESIZE_BILINEAR",
        "resize_bilinear_f32",
        (
            checks.operands(2),
            checks.types("float32", 0, same=True),
            *_SIZES,
            Constraint("rounded positions stay inside the image", _check_real_inside),
        ),
        _lower_real,
        types=("float32",),
    ),
)
