"""Convolutions without groups and dilation, as the DSP kernels take their windows."""

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from qmcu.compile.kernel_sets.dsp.filters import WORD
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import Axis, axes, image_fields
from qmcu.compile.plan import FieldValue
from qmcu.model.graph import Tensor


@dataclass(frozen=True)
class Convolution:
    """Its tensors and windows; `weights` is int8 [F, kh, kw, C]."""

    context: OperatorContext
    source: Tensor
    target: Tensor
    weights: npt.NDArray[Any]
    vertical: Axis
    horizontal: Axis

    @property
    def kernel(self) -> tuple[int, int]:
        """Height and width of a window."""
        return self.vertical.kernel, self.horizontal.kernel

    @property
    def stride(self) -> tuple[int, int]:
        """From window to window, down and across."""
        return self.vertical.stride, self.horizontal.stride

    @property
    def axes(self) -> tuple[Axis, Axis]:
        """The vertical and the horizontal window."""
        return self.vertical, self.horizontal

    @property
    def input_depth(self) -> int:
        """Channels of the input."""
        return self.source.shape[3]

    @property
    def output_depth(self) -> int:
        """Channels of the output."""
        return self.target.shape[3]

    @property
    def macs(self) -> int:
        """Multiplications, those with padding included."""
        return self.target.elements * int(self.weights[0].size)

    def overlay(self, allowed: bool) -> tuple[tuple[int, int], ...]:
        """The output over the input, where that is allowed."""
        return ((self.source.index, self.target.index),) if allowed else ()


def convolution(context: OperatorContext) -> Convolution | None:
    """The operator's convolution, or None where it has groups, dilation or a constant input."""
    source, target, weights = context.input(0), context.output(), context.input(1)
    vertical, horizontal = axes(context, source.shape[1:3], weights.shape[1:3])
    if (
        source.is_constant
        or weights.shape[3] != source.shape[3]
        or (vertical.dilation, horizontal.dilation) != (1, 1)
    ):
        return None
    return Convolution(context, source, target, weights.array, vertical, horizontal)


def runs_backward(c: Convolution) -> bool:
    """Backward, a deeper output never reaches pixels that are still to be read."""
    return c.stride == (1, 1) and c.output_depth > c.input_depth


def pixel_fields(c: Convolution) -> tuple[tuple[str, int], ...] | None:
    """Where a 1x1 window's pixels are, None where that is no two steps."""
    batches, height, width, depth = c.source.shape
    step_h, step_w = c.stride
    if c.stride == (1, 1):
        pixels = batches * height * width
        return (("pixels", pixels), ("rows", 1), ("pixel_step", depth), ("row_step", 0))
    if height % step_h and batches > 1:
        return None  # from the last row of an image to the next one it is no whole step
    used = c.target.shape[2]
    return (
        ("pixels", used),
        ("rows", batches * c.target.shape[1]),
        ("pixel_step", step_w * depth),
        ("row_step", (step_h * width - step_w * used) * depth),
    )


def bytes_of_row(c: Convolution) -> int:
    """Of an input row with its padding, filled up to words."""
    width = (c.target.shape[2] - 1) * c.horizontal.stride + c.horizontal.kernel
    return -(-width * c.input_depth // WORD) * WORD


def row_fields(c: Convolution) -> tuple[tuple[str, FieldValue], ...]:
    """What a kernel of windows knows of images, windows and their rows."""
    return (
        *image_fields(c.source, c.target),
        ("kernel_height", c.vertical.kernel),
        ("kernel_width", c.horizontal.kernel),
        ("stride_height", c.vertical.stride),
        ("stride_width", c.horizontal.stride),
        ("padding_top", c.vertical.padding),
        ("padding_left", c.horizontal.padding),
        ("input_zero_point", quantization_of(c.source).zero_point),
        ("row_bytes", bytes_of_row(c)),
    )


def written_behind_reading(source: Tensor, target: Tensor, vertical: Axis) -> bool:
    """True when an output row never reaches input rows that are still to be read.

    For a kernel that has copied the rows of its window before it writes an output row.
    """
    _, height, width, depth = source.shape
    row, output_row = width * depth, target.shape[2] * target.shape[3]
    for y in range(target.shape[1]):
        read = y * vertical.stride - vertical.padding + vertical.kernel
        if read < height and (y + 1) * output_row > read * row:
            return False
    return target.size <= source.size
