"""CONV_2D of 3x3 by Winograd's F(4x4, 3x3) with weights that stay bytes in flash.

They are transformed while the layer runs, for some tiles at a time whose values lie in scratch: the
more of them, the fewer times.
"""

from dataclasses import replace

from qmcu.compile.kernel_sets.dsp.convolution import layer_of, takes_winograd
from qmcu.compile.kernel_sets.dsp.filters import GROUP, WORD, filters_of, pack_winograd_bytes
from qmcu.compile.kernel_sets.dsp.tiles import LANES
from qmcu.compile.kernel_sets.dsp.windows import Convolution, convolution
from qmcu.compile.kernel_sets.trailing import behind_tiles
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.weights import quantization_of
from qmcu.compile.operators.window import image_fields
from qmcu.compile.plan import KernelCall, ParametersArgument, ScratchArgument

KERNEL = "conv_3x3_winograd_bytes_dsp"
_OWN = 136  # bytes of scratch beside tiles, values and rows
_OF_TILE = 28  # bytes of scratch of a tile beside its values


def choices(count: int) -> list[int]:
    """How many of `count` tiles may lie in scratch together, most first: all, a half, ..., 4."""
    fours = -(-count // LANES)
    parts = [*(1 << n for n in range(fours.bit_length())), fours]
    return [LANES * n for n in dict.fromkeys(-(-fours // part) for part in parts)]


def winograd_bytes(which: int) -> Lowering:
    """A lowering with the `which`-th of `choices`, where there are so many."""

    def lower(context: OperatorContext) -> KernelCall | None:
        c = convolution(context)
        if c is None or not takes_winograd(c):
            return None
        together = choices(layer_of(c).tiles)
        return _call(c, together[which]) if which < len(together) else None

    return lower


def _call(c: Convolution, together: int) -> KernelCall | None:
    filters = filters_of(c.context, c.weights)
    packed = None if filters is None else pack_winograd_bytes(filters)
    if packed is None:
        return None
    depth, words = c.input_depth, -(-c.input_depth // WORD)
    fields = (
        *image_fields(c.source, c.target),
        ("padding_top", c.vertical.padding),
        ("padding_left", c.horizontal.padding),
        ("input_zero_point", quantization_of(c.source).zero_point),
    )
    parameters = (*((f"image.{name}", value) for name, value in fields), ("tiles", together))
    values = 576 * -(-depth // GROUP) * (together + 1)
    rows = 96 * words + c.source.shape[2] * WORD * words
    same = c.source.shape[:3] == c.target.shape[:3]
    call = c.context.call(
        KERNEL,
        (
            ParametersArgument(f"qmcu_{KERNEL}_params", parameters),
            c.context.operand(c.source),
            c.context.constant("weights", packed[0], "weights"),
            c.context.constant("filters", packed[1], "requantization"),
            ScratchArgument(_OWN + _OF_TILE * together + values + rows),
            c.context.operand(c.target),
        ),
        macs=c.macs,
        # As with transformed weights: tiles are written behind what was read for them.
        may_overlay=c.overlay(same and c.output_depth == depth),
    )
    call = replace(call, overread=-depth % WORD)
    return behind_tiles(call, c.source, c.target, c.vertical)
