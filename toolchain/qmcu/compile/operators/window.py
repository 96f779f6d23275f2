"""Sliding windows: output size and padding, and the constraints of operators that have them."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from qmcu.compile.lowering import Constraint, OperatorContext
from qmcu.compile.plan import FieldValue
from qmcu.model.graph import Tensor

Fields = tuple[tuple[str, FieldValue], ...]

# Options that no file has: the padding before the first row or column and how many the output has,
# where an operator has the padding of a PAD before it, or computes some of its rows alone.
ROW_PADDING, ROW_COUNT = "row_padding", "row_count"
# How many rows the output has of which an operator computes some.
WHOLE_ROWS = "whole_rows"
COLUMN_PADDING, COLUMN_COUNT = "column_padding", "column_count"


@dataclass(frozen=True)
class Axis:
    """A window along one axis: `output` positions, `padding` before the first element."""

    kernel: int
    stride: int
    dilation: int
    output: int
    padding: int


def axis(padding: str, size: int, kernel: int, stride: int, dilation: int = 1) -> Axis:
    """The window over `size` elements with `padding` SAME or VALID.

    SAME pads as little as possible, the odd element after the end.
    """
    extent = (kernel - 1) * dilation + 1
    output = (size if padding == "SAME" else size - extent + 1) + stride - 1
    output //= stride
    before = max((output - 1) * stride + extent - size, 0) // 2
    return Axis(kernel, stride, dilation, output, before)


def sliding_window(
    source: Tensor, target: Tensor, vertical: Axis, horizontal: Axis, depth_multiplier: int = 0
) -> Fields:
    """The parameter fields of a qmcu_window over an NHWC input.

    It has the output's depth, or the `depth_multiplier` of a depthwise convolution where given.
    """
    fields = (
        *image_fields(source, target),
        *window_fields(vertical, horizontal, dilated=True),
    )
    if depth_multiplier:
        depth = ("depth_multiplier", depth_multiplier)
        fields = tuple(depth if name == "output_depth" else (name, v) for name, v in fields)
    return tuple((f"window.{name}", value) for name, value in fields)


def image_fields(source: Tensor, target: Tensor) -> Fields:
    """The parameter fields of the shapes of an NHWC input and output."""
    batches, height, width, depth = source.shape
    return (
        ("batches", batches),
        ("input_height", height),
        ("input_width", width),
        ("input_depth", depth),
        ("output_height", target.shape[1]),
        ("output_width", target.shape[2]),
        ("output_depth", target.shape[3]),
    )


def window_fields(vertical: Axis, horizontal: Axis, *, dilated: bool = False) -> Fields:
    """The parameter fields of a window, with its dilation or without."""
    dilation = (
        ("dilation_height", vertical.dilation),
        ("dilation_width", horizontal.dilation),
    )
    return (
        ("kernel_height", vertical.kernel),
        ("kernel_width", horizontal.kernel),
        ("stride_height", vertical.stride),
        ("stride_width", horizontal.stride),
        *(dilation if dilated else ()),
        ("padding_top", vertical.padding),
        ("padding_left", horizontal.padding),
    )


def axes(
    context: OperatorContext, size: tuple[int, ...], kernel: tuple[int, ...]
) -> tuple[Axis, Axis]:
    """The vertical and horizontal windows of an operator with stride and dilation options.

    `size` is the (height, width) that the window of (height, width) `kernel` slides over.
    Options such as `ROW_PADDING` go before what follows from SAME or VALID.
    """
    padding = context.text("padding")
    vertical, horizontal = (
        axis(
            padding,
            size[i],
            kernel[i],
            context.integer(f"stride_{name}", 1),
            context.integer(f"dilation_{name}_factor", 1),
        )
        for i, name in enumerate("hw")
    )
    return (
        _given(context, vertical, ROW_PADDING, ROW_COUNT),
        _given(context, horizontal, COLUMN_PADDING, COLUMN_COUNT),
    )


def _given(context: OperatorContext, found: Axis, padding: str, count: str) -> Axis:
    if padding not in context.operator.options:
        return found
    return replace(found, padding=context.integer(padding), output=context.integer(count))


def window_options(*names: str) -> Constraint:
    """Padding is SAME or VALID and the integer options `names` are at least 1."""

    def check(context: OperatorContext) -> str | None:
        padding = context.text("padding")
        if padding not in ("SAME", "VALID"):
            return f"padding {padding or 'unknown'}, SAME or VALID is needed"
        for name in names:
            value = context.integer(name, 1)
            if value < 1:
                return f"{name} is {value}, at least 1 is needed"
        return None

    return Constraint(f"padding SAME or VALID; {', '.join(names)} at least 1", check)


def taps_fit(kernel: Callable[[OperatorContext], tuple[int, ...]]) -> Constraint:
    """Window extents and strides stay below 2^15, so that positions fit int32 with ease."""
    limit = 1 << 15

    def check(context: OperatorContext) -> str | None:
        for size, name in zip(kernel(context), "hw", strict=True):
            extent = size * context.integer(f"dilation_{name}_factor", 1)
            stride = context.integer(f"stride_{name}", 1)
            if max(extent, stride) >= limit:
                return f"window extent {extent} and stride {stride} must be below {limit}"
        return None

    return Constraint("window extent and stride below 32768", check)
