"""Windows that slide over images: strides, dilations, and whose padding it is.

TFLite knows SAME and VALID; any other padding of the file is a PAD before a VALID window.
"""

from collections.abc import Sequence

import numpy as np

from qmcu.model.graph import OptionValue
from qmcu.model.onnx.emit import Emitter
from qmcu.model.onnx.net import Node
from qmcu.types import Shape

# Height and width, each before and after.
Pads = tuple[tuple[int, int], tuple[int, int]]
NONE: Pads = ((0, 0), (0, 0))


def pair(values: Sequence[int], default: int) -> tuple[int, int]:
    """Height and width of an attribute with one number or two."""
    if not values:
        return default, default
    return (values[0], values[1]) if len(values) > 1 else (1, values[0])


def file_pads(node: Node, extents: Shape, sizes: Shape, out: Shape, strides: Shape) -> Pads:
    """The file's padding of height and width, as auto_pad or pads tell it.

    `extents` are the window's, `sizes` the input's and `out` the output's; more at the end than
    the file says is what ceil_mode lets a window reach.
    """
    auto = node.text("auto_pad", "NOTSET")
    pads = node.integers("pads")
    rank = len(pads) // 2
    result = []
    for i in range(2):
        needed = max((out[i] - 1) * strides[i] + extents[i] - sizes[i], 0)
        if auto == "SAME_UPPER":
            begin = needed // 2
        elif auto == "SAME_LOWER":
            begin = needed - needed // 2
        elif auto == "VALID" or not pads or (rank == 1 and i == 0):
            begin = 0
        else:
            begin = pads[i if rank == 2 else 0]
        result.append((begin, needed - begin))
    return _least(node, result, pads, rank)


def _least(node: Node, found: list[tuple[int, int]], pads: Shape, rank: int) -> Pads:
    # A window may end before the input does: nothing is then added behind it.
    fixed = [(b, max(e, 0)) for b, e in found]
    return fixed[0], fixed[1]


def window_options(
    e: Emitter, node: Node, window: Shape, source: int
) -> tuple[dict[str, OptionValue], Pads]:
    """Options of a convolution, and the padding that a PAD before it has to add."""
    strides = pair(node.integers("strides"), 1)
    dilations = pair(node.integers("dilations"), 1)
    extents = tuple((k - 1) * d + 1 for k, d in zip(window, dilations, strict=True))
    out = e.net.values[node.outputs[0]].shape[2:]
    sizes = e.shape(source)[1:3]
    pads = file_pads(node, extents, sizes, _two(out), strides)
    padding, rest = tflite_padding(pads, extents, sizes, strides)
    options: dict[str, OptionValue] = {
        "padding": padding, "stride_h": strides[0], "stride_w": strides[1],
        "dilation_h_factor": dilations[0], "dilation_w_factor": dilations[1],
    }  # fmt: skip
    return options, rest


def _two(out: Shape) -> Shape:
    return out if len(out) == 2 else (1, out[0])


def tflite_padding(
    pads: Pads, extents: Sequence[int], sizes: Sequence[int], strides: Sequence[int]
) -> tuple[str, Pads]:
    """VALID or SAME, and the padding that has to be added before it."""
    if pads == NONE:
        return "VALID", NONE
    same = []
    for size, stride, extent in zip(sizes, strides, extents, strict=True):
        out = -(-size // stride)
        total = max((out - 1) * stride + extent - size, 0)
        same.append((total // 2, total - total // 2))
    if tuple(same) == pads:
        return "SAME", NONE
    return "VALID", pads


def padded(e: Emitter, node: Node, source: int, pads: Pads, kind: str = "PAD") -> int:
    """An image with padding around it: PAD, MIRROR_PAD (its edge again) or PADV2 (the least)."""
    if pads == NONE:
        return source
    batch, height, width, channels = e.shape(source)
    (top, bottom), (left, right) = pads
    shape = (batch, height + top + bottom, width + left + right, channels)
    result = e.like(source, f"{node.outputs[0]}/padded", shape)
    amounts = np.array([[0, 0], [top, bottom], [left, right], [0, 0]], np.int32)
    operands = [source, e.constant(f"{node.outputs[0]}/pads", amounts)]
    if kind == "MIRROR_PAD":
        e.add("MIRROR_PAD", operands, [result], mode="SYMMETRIC")
        return result
    if kind == "PADV2":
        dtype, grid = e.grid(source)
        least = np.array(np.iinfo(dtype).min, dtype)
        operands.append(e.constant(f"{node.outputs[0]}/least", least, grid))
    e.add(kind, operands, [result])
    return result
