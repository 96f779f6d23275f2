"""How far behind its output an input must begin so that nothing is written over before it is read.

Kernels that go over an image from its first output to the last one may write an output over the
start of their input, whatever the shapes: what lies there was read before. The input then begins
some bytes behind the output, which for most layers is much less than the output's size.
"""

from dataclasses import replace

import numpy as np

from qmcu.compile.lifetimes import aligned
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.pooling import pool_windows
from qmcu.compile.operators.window import Axis
from qmcu.compile.plan import KernelCall
from qmcu.model.graph import Tensor

WINOGRAD_TILE = 4  # rows


def behind_rows(call: KernelCall, source: Tensor, target: Tensor, vertical: Axis) -> KernelCall:
    """The call of a kernel that has copied all rows of a window before it writes a row of them."""
    row_in, row_out = _row_bytes(source), _row_bytes(target)
    extent = (vertical.kernel - 1) * vertical.dilation + 1
    distance = 0
    for row in range(vertical.output):
        read = max(row * vertical.stride - vertical.padding + extent, 0)
        if read < source.shape[1]:
            distance = max(distance, (row + 1) * row_out - read * row_in)
    return _trailing(call, source, target, distance)


def behind_tiles(call: KernelCall, source: Tensor, target: Tensor, vertical: Axis) -> KernelCall:
    """The call of a kernel that reads a tile's rows from the second one on while it writes it."""
    row_in, row_out = _row_bytes(source), _row_bytes(target)
    distance = 0
    for row in range(0, vertical.output, WINOGRAD_TILE):
        read = max(row - vertical.padding + 1, 0)
        written = min(row + WINOGRAD_TILE, vertical.output)
        if read < source.shape[1]:
            distance = max(distance, written * row_out - read * row_in)
    return _trailing(call, source, target, distance)


def behind_bands(
    call: KernelCall, source: Tensor, target: Tensor, vertical: Axis, together: int
) -> KernelCall:
    """The call of a kernel that reads all rows of `together` rows of windows while it writes."""
    row_in, row_out = _row_bytes(source), _row_bytes(target)
    distance = 0
    for row in range(0, vertical.output, together):
        read = max(row * vertical.stride - vertical.padding, 0)
        written = min(row + together, vertical.output)
        if read < source.shape[1]:
            distance = max(distance, written * row_out - read * row_in)
    return _trailing(call, source, target, distance)


def behind_windows(
    call: KernelCall,
    source: Tensor,
    target: Tensor,
    axes: tuple[Axis, Axis],
    together: int,
    *,
    beside: int = 1,
) -> KernelCall:
    """The call of a kernel that copies `together` windows before it writes their outputs.

    With 0 it writes outputs of a window, or of `beside` windows, while it still reads them.
    """
    vertical, horizontal = axes
    rows = np.arange(vertical.output) * vertical.stride - vertical.padding
    columns = np.arange(horizontal.output) * horizontal.stride - horizontal.padding
    # The first byte of each window, and the first that it or one behind it reads.
    firsts = np.add.outer(
        np.clip(rows, 0, source.shape[1]) * _row_bytes(source),
        np.clip(columns, 0, source.shape[2]) * source.shape[3],
    ).reshape(-1)
    firsts = np.minimum.accumulate(firsts[::-1])[::-1]
    pixels = np.arange(len(firsts))
    # Outputs up to `ends` are written before windows from `unread` on are read.
    step = together or beside
    ends = np.minimum((pixels // step + 1) * step, len(firsts))
    unread = ends if together else pixels // step * step
    kept = unread < len(firsts)
    gaps = ends[kept] * target.shape[3] - firsts[unread[kept]]
    return _trailing(call, source, target, int(gaps.max(initial=0)))


def _row_bytes(image: Tensor) -> int:
    return image.shape[2] * image.shape[3]


def _trailing(call: KernelCall, source: Tensor, target: Tensor, distance: int) -> KernelCall:
    distance = aligned(max(distance, 0))
    if source.shape[0] != 1 or source.is_constant or distance >= target.size:
        return call
    return replace(call, may_trail=((source.index, target.index, distance),))


def trailing_pool(context: OperatorContext, call: KernelCall) -> KernelCall:
    """The call of a pool, which writes a pixel's channels while it reads their window."""
    return behind_windows(call, context.input(0), context.output(), pool_windows(context), 0)
