"""Pooling, means, tables, sums and products for MVE: portable calls, kernels of their own."""

from dataclasses import replace

from qmcu.compile.kernel_sets.dsp.elementwise import TABLES, portable, renamed
from qmcu.compile.kernel_sets.dsp.pairs import along
from qmcu.compile.kernel_sets.mve_packing import LANES
from qmcu.compile.kernel_sets.trailing import trailing_pool
from qmcu.compile.lowering import Lowering, OperatorContext
from qmcu.compile.operators.pooling import lower_pool
from qmcu.compile.plan import KernelCall

_EIGHTH = 128  # of positions in 1/1024
_MOST_TAPS = 127  # of a mean, whose reciprocal has 15 bits


def max_pool_2d(context: OperatorContext) -> KernelCall | None:
    """MAX_POOL_2D of any window and number of channels."""
    if context.input(0).is_constant:
        return None
    call = trailing_pool(context, lower_pool(context, "max_pool_2d_mve"))
    return replace(call, overread=-context.input(0).shape[3] % LANES)


def average_pool_2d(context: OperatorContext) -> KernelCall | None:
    """AVERAGE_POOL_2D of windows of at most 127 pixels, any number of channels."""
    taps = context.integer("filter_height", 1) * context.integer("filter_width", 1)
    if context.input(0).is_constant or taps > _MOST_TAPS:
        return None
    call = trailing_pool(context, lower_pool(context, "average_pool_2d_mve"))
    return replace(call, overread=-context.input(0).shape[3] % (LANES // 2))


def lookup(context: OperatorContext) -> KernelCall | None:
    """What is a table of 256 results, 16 at a time."""
    call, fields = portable(context)
    if call.kernel != "lookup" or context.input(0).is_constant:
        return None
    return renamed(call, "lookup_mve", fields)


def add(context: OperatorContext) -> KernelCall | None:
    """ADD and SUB with broadcasting, constants, scales of any ratio and limits."""
    call, fields = portable(context)
    return renamed(call, "add_any_mve", fields) if call.kernel == "add" else None


def mean(context: OperatorContext) -> KernelCall | None:
    """MEAN or SUM over any dimensions, fastest where channels are kept."""
    call, fields = portable(context)
    return renamed(call, "mean_mve", fields) if call.kernel == "mean" else None


def mul(context: OperatorContext) -> KernelCall | None:
    """MUL with broadcasting, any multiplier and limits."""
    call, fields = portable(context)
    return renamed(call, "mul_mve", fields) if call.kernel == "mul" else None


def resize_bilinear(context: OperatorContext) -> KernelCall | None:
    """RESIZE_BILINEAR by weights in eighths, as to twice the size: sums of bytes fit halfwords."""
    call, fields = portable(context)
    names = ("height_scale", "height_offset", "width_scale", "width_offset")
    positions = [fields.get(name) for name in names]
    if any(not isinstance(position, int) or position % _EIGHTH for position in positions):
        return None
    return renamed(call, "resize_bilinear_eighths_mve", fields)


def prelu(context: OperatorContext) -> KernelCall | None:
    """PRELU with broadcasting, any multipliers; few channels go along the pixels."""
    call, fields = portable(context)
    if call.kernel != "prelu":
        return None
    shape, slopes = fields["shape"], along(fields)
    assert isinstance(shape, tuple) and isinstance(slopes["strides2"], tuple)
    if slopes["strides2"][-1] != 0 or shape[-1] >= LANES:
        slopes = {"along": len(shape) - 1}
    own = {f"prelu.{name}": slopes.get(name, value) for name, value in fields.items()}
    return renamed(call, "prelu_mve", {**own, "along": slopes["along"]})


LOWERINGS: dict[str, tuple[Lowering, ...]] = {
    "AVERAGE_POOL_2D": (average_pool_2d,),
    "MAX_POOL_2D": (max_pool_2d,),
    "MEAN": (mean,),
    "MUL": (mul,),
    "PRELU": (prelu,),
    "SUB": (add,),
    "SUM": (mean,),
    **dict.fromkeys(TABLES, (lookup,)),
}
