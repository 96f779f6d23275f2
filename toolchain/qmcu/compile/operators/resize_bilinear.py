"""RESIZE_BILINEAR."""

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
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


def _resized(context: OperatorContext) -> tuple[int, ...]:
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
    return context.call("resize_bilinear", arguments)


SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "RESIZE_BILINEAR",
        "resize_bilinear",
        (
            checks.operands(2),
            checks.int8(0),
            checks.input_rank(4, 4),
            checks.constant(1, "size", ("int32",)),
            Constraint("size is a height and a width", _check_size),
            checks.output_shape("output has the input's batches and depth and the size", _resized),
            Constraint("not both aligned corners and half-pixel centers", _check_options),
            Constraint("the interpreter's rounded scale stays inside the image", _check_inside),
        ),
        _lower,
    ),
)
