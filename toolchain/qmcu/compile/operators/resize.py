"""RESIZE_NEAREST_NEIGHBOR."""

import math

import numpy as np
import numpy.typing as npt

from qmcu.compile.lowering import Constraint, OperatorContext, OperatorSupport
from qmcu.compile.operators import checks
from qmcu.compile.operators.movement import byte_operands, element_size
from qmcu.compile.plan import KernelCall, ParametersArgument

_LARGEST = (1 << 15) - 1


def nearest(
    length: int, wanted: int, *, align_corners: bool, half_pixel_centers: bool
) -> npt.NDArray[np.int16]:
    """For each of `wanted` output positions, the position shown of `length` input positions.

    Computed in float32, operation by operation, since the interpreter does.
    """
    if align_corners and wanted > 1:
        scale = np.float32(length - 1) / np.float32(wanted - 1)
    else:
        scale = np.float32(length) / np.float32(wanted)
    offset = np.float32(0.5 if half_pixel_centers else 0.0)
    positions = []
    for position in range(wanted):
        real = float((np.float32(position) + offset) * scale)
        chosen = math.floor(real + 0.5) if align_corners else math.floor(real)
        positions.append(min(chosen, length - 1))
    return np.array(positions, np.int16)


def _check_size(context: OperatorContext) -> str | None:
    size = context.input(1)
    return None if size.shape == (2,) else f"size {size} is not a list of two numbers"


def _resized_shape(context: OperatorContext) -> tuple[int, ...]:
    batches, _, _, depth = context.input(0).shape
    height, width = (int(length) for length in context.input(1).array)
    return batches, height, width, depth


def _check_lengths(context: OperatorContext) -> str | None:
    longest = max(*context.input(0).shape[1:3], *context.output().shape[1:3])
    if longest <= _LARGEST:
        return None
    return f"a height or width is {longest}, at most {_LARGEST} is possible"


def _lower(context: OperatorContext) -> KernelCall:
    source, target = context.input(0), context.output()
    align_corners = bool(context.operator.options.get("align_corners", False))
    half_pixel_centers = bool(context.operator.options.get("half_pixel_centers", False))
    rows, columns = (
        nearest(
            source.shape[axis],
            target.shape[axis],
            align_corners=align_corners,
            half_pixel_centers=half_pixel_centers,
        )
        for axis in (1, 2)
    )
    batches, height, width, depth = source.shape
    parameters = ParametersArgument(
        "qmcu_resize_nearest_neighbor_params",
        (
            ("batches", batches),
            ("input_height", height),
            ("input_width", width),
            ("depth", depth * element_size(source)),
            ("output_height", target.shape[1]),
            ("output_width", target.shape[2]),
        ),
    )
    arguments = (
        parameters,
        *byte_operands(context, source),
        context.constant("rows", rows, "table"),
        context.constant("columns", columns, "table"),
        *byte_operands(context, target),
    )
    return context.call("resize_nearest_neighbor", arguments)


_TYPES = ("int8", "int16", "float32")

SUPPORT: tuple[OperatorSupport, ...] = (
    OperatorSupport(
        "RESIZE_NEAREST_NEIGHBOR",
        "resize_nearest_neighbor",
        (
            checks.operands(2),
            checks.types(_TYPES, 0, same=True),
            checks.input_rank(4, 4),
            checks.constant(1, "size", ("int32",)),
            Constraint("size is a height and a width", _check_size),
            checks.output_shape(
                "output has the input's batches and depth and the size", _resized_shape
            ),
            Constraint(f"heights and widths up to {_LARGEST}", _check_lengths),
        ),
        _lower,
        types=_TYPES,
    ),
)
