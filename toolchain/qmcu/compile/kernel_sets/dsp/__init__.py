"""Lowerings for the DSP extension (Cortex-M4, M7, M33): SMLAD on weights packed ahead of time."""

from collections.abc import Sequence

from qmcu.compile.kernel_sets import phases, products
from qmcu.compile.kernel_sets.depthwise import of_one_channel
from qmcu.compile.kernel_sets.dsp import (
    anything,
    convolution,
    depthwise,
    elementwise,
    fours,
    general,
    int4,
    layers,
    pairs,
    reals,
    recurrent,
    transposed,
    winograd_bytes,
    winograd_rows,
)
from qmcu.compile.kernel_sets.grouped import DSP, with_groups
from qmcu.compile.kernel_sets.limits import with_limits
from qmcu.compile.kernel_sets.whole_window import of_whole_window
from qmcu.compile.lowering import Lowering

# Instructions saved a byte of flash from which transformed weights are taken, by what is favoured.
_WINOGRAD_FROM = {"balanced": 7.0, "speed": 0.0}

# Of tiles whose values lie in scratch together: all, a half and so on.
_CHOICES = 6

# Instructions that zeros for groups of channels must save a byte of flash.
ZEROS_FROM = {"balanced": 7.0, "speed": 0.0, "size": float("inf"), "ram": 7.0}

# Instructions that weights of depthwise layers as halfwords must save a byte of flash.
_BYTES_UNTIL = {"balanced": depthwise.BALANCED, "size": float("inf"), "ram": depthwise.BALANCED}
# 3x3 ones as the kernel takes them: for speed, and where rows are computed some at a time.
_UNPACKED = {"speed": depthwise.unpacked_3x3, "ram": layers.depthwise_3x3}


def lowerings(
    optimize: str, *, fpu: bool = False, along: bool = False
) -> dict[str, Sequence[Lowering]]:
    """Operator kind to lowerings, in the order to try.

    `speed` spends flash wherever that saves instructions, `balanced` where it saves many, `size`
    never, `ram` only where it takes no more RAM. Transformed weights need an FPU: its registers
    hold two of the kernel's addresses. `along` has weights transformed along rows for `ram`.
    """
    transformed: tuple[Lowering, ...] = ()
    if fpu and optimize in _WINOGRAD_FROM:
        transformed = (convolution.winograd(_WINOGRAD_FROM[optimize]),)
    elif fpu and optimize == "ram":
        transformed = (convolution.without_winograd(_WINOGRAD_FROM["balanced"]),)
    direct: tuple[Lowering, ...] = (fours.plain, convolution.pairs, convolution.wide)
    steep: tuple[Lowering, ...] = (fours.steep, *convolution.steep)
    if optimize == "ram":  # two windows take less scratch than four, and few rows are left of twos
        direct = (convolution.pairs, convolution.wide, fours.plain)
        steep = (*convolution.steep, fours.steep)
        if fpu and along:
            least = _WINOGRAD_FROM["balanced"]
            direct = (*direct, *(winograd_rows.winograd_rows(rows, least) for rows in (2, 1)))
    direct = (fours.small, *direct) if optimize == "size" else (convolution.few, *direct)
    if optimize != "ram":
        direct = (fours.column, *direct)
    channels: tuple[Lowering, ...] = (depthwise.packed_3x3, layers.depthwise_3x3)
    if optimize in _UNPACKED:
        channels = (_UNPACKED[optimize],)
    few: tuple[Lowering, ...] = ()
    others: tuple[Lowering, ...] = (anything.depthwise_even, anything.depthwise_conv_2d)
    if optimize in _BYTES_UNTIL:
        few = (depthwise.by_bytes(_BYTES_UNTIL[optimize]),)
        others = (*others[:1], anything.depthwise_by_bytes(_BYTES_UNTIL[optimize]), *others[1:])
    tables: tuple[Lowering, ...] = () if optimize == "size" else (layers.add_table,)
    single, other = anything.fully_connected_single, anything.fully_connected
    if optimize == "speed":
        single, other = anything.fully_connected_single_wide, anything.fully_connected_wide
    # `ram` has rows of layers and their own forms for less scratch.
    slower: tuple[Lowering, ...] = () if optimize == "ram" else (fours.windows,)
    late: tuple[Lowering, ...] = ()
    if fpu and optimize in _WINOGRAD_FROM:
        late = tuple(winograd_bytes.winograd_bytes(which) for which in range(_CHOICES))
    convolutions = (*transformed, *direct, *late, *slower, *steep, general.lower_conv_2d)
    zeros = ZEROS_FROM[optimize]
    convolutions = (*convolutions, *with_groups(convolutions, anything.conv_2d, zeros, DSP))
    found: dict[str, tuple[Lowering, ...]] = {
        "ADD": (*tables, general.lower_add, pairs.add),
        "AVERAGE_POOL_2D": (layers.average_all, general.lower_average_pool_2d),
        "CONV_2D": (
            of_whole_window(single),
            of_whole_window(layers.fully_connected_pair),
            *convolutions,
            of_whole_window(other),
        ),
        "DEPTHWISE_CONV_2D": (
            *of_one_channel(convolutions),
            *channels,
            layers.depthwise_3x3_steep,
            *few,
            general.lower_depthwise_conv_2d,
            *others,
        ),
        "FULLY_CONNECTED": (
            single,
            layers.fully_connected_pair,
            other,
            anything.fully_connected_unfilled,
        ),
        "MAX_POOL_2D": (elementwise.max_pool_2d,),
        "MEAN": (elementwise.mean,),
        "MUL": (pairs.mul,),
        "SUB": (pairs.add,),
        "SUM": (elementwise.mean,),
        **dict.fromkeys(elementwise.TABLES, (elementwise.lookup,)),
    }
    limited = {kind: with_limits(all_of_kind) for kind, all_of_kind in found.items()}
    sums = dict.fromkeys(("ADD int16", "SUB int16"), (elementwise.add_s16,))
    own = {"PRELU": (pairs.prelu,), "SQUARED_DIFFERENCE": (pairs.squared_difference,)}
    wide = {**sums, "MUL int16": (elementwise.mul_s16,), **own}
    real = reals.LOWERINGS if fpu else {}
    transposes = phases.before(products.lowerings("dsp"), *transposed.FORMS)
    return limited | transposes | recurrent.lowerings(optimize) | wide | real


def int4_lowerings() -> dict[str, Sequence[Lowering]]:
    """Operator kind to lowerings that keep int4 weights packed."""
    return {
        "CONV_2D": with_limits((convolution.int4,)),
        "DEPTHWISE_CONV_2D": with_limits((int4.depthwise_3x3,)),
        "FULLY_CONNECTED": with_limits((int4.fully_connected,)),
    }
