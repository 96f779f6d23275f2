"""Filters packed for the DSP kernels, each packing with the proof of ranges that it needs.

All pack functions answer None where their kernel is not proven exact; the next lowering serves.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records
from qmcu.compile.lowering import OperatorContext
from qmcu.compile.operators.weights import channel_multipliers, folded_bias, quantization_of
from qmcu.compile.requantize import activation_range, quantize_multiplier

Int64Array = npt.NDArray[np.int64]
Int32Array = npt.NDArray[np.int32]
Int16Array = npt.NDArray[np.int16]
LARGEST_SHIFT = 21
STEEP = -8  # the least shift to the right of the steep kernels: 8 to the left
GROUP = 8  # values of a filter in one step of the multiply kernels
QUAD = 4  # of fully connected layers
WORD = 4  # bytes
SUMS_OF_QUAD = 4  # words of qmcu_filter_quad
LARGEST_OF_PAIRS = 1 << 23  # sums of two filters in one have 24 bits each


@dataclass(frozen=True, eq=False)
class Filters:
    """int8 `weights` [count, ...] as int64, with what requantizes their sums.

    `bias` has the input zero point folded in; `multipliers` and `shifts` (to the right, to the left
    where negative) are one a filter; `zero_point` is the output's.
    """

    weights: Int64Array
    bias: Int64Array
    multipliers: Int64Array
    shifts: Int64Array
    zero_point: int

    @property
    def flat(self) -> Int64Array:
        """The weights as [count, values]."""
        return self.weights.reshape(len(self.weights), -1)

    @property
    def roundings(self) -> Int64Array:
        """2^(shift - 1) + (zero point << shift) of each filter."""
        return (np.int64(1) << (self.shifts - 1)) + (np.int64(self.zero_point) << self.shifts)

    @property
    def largest_sum(self) -> int:
        """No partial sum over any int8 input, in any order, is larger than this."""
        return int((np.abs(self.flat).sum(axis=1) * 128 + np.abs(self.bias)).max())

    @property
    def highest(self) -> Int64Array:
        """The largest sum of each filter over int8 inputs, once all its products are added."""
        flat = self.flat
        return np.asarray(np.maximum(127 * flat, -128 * flat).sum(axis=1) + self.bias)

    @property
    def lowest(self) -> Int64Array:
        """The least sum of each filter over int8 inputs, once all its products are added."""
        flat = self.flat
        return np.asarray(np.minimum(127 * flat, -128 * flat).sum(axis=1) + self.bias)

    @property
    def steep(self) -> "Steep | None":
        """How the kernels for any multiplier requantize, or None where that is not exact."""
        left, right = np.maximum(-self.shifts, 0), np.maximum(self.shifts, 0)
        roundings = (np.int64(1) << right) + (np.int64(self.zero_point) << (right + 1))
        largest = np.maximum(self.highest, -self.lowest) << left
        # Twice the shifted sum, and twice what SMMULR makes of it with the rounding and the sign.
        if (largest >= 1 << 30).any() or (2 * largest + np.abs(roundings) + 2 >= 1 << 31).any():
            return None
        return Steep(left, roundings, right + 1)

    def padded(self, multiple: int) -> tuple[Int64Array, ...]:
        """bias, multipliers, roundings and shifts, filled with harmless ones to a multiple."""
        extra = -len(self.weights) % multiple
        ones = np.ones(extra, np.int64)
        columns = (self.bias, self.multipliers, self.roundings, self.shifts)
        return tuple(np.concatenate([c, ones]) for c in columns)


Pack = Callable[[Filters], tuple[Int16Array, Int32Array] | None]


@dataclass(frozen=True, eq=False)
class Steep:
    """Of each filter: how far to shift sums to the left, then multiplied; rounding and right shift.

    output = (2 * SMMULR(2 * sum << left, multiplier) + rounding - (sum < 0)) >> shift.
    """

    left: Int64Array
    roundings: Int64Array
    shifts: Int64Array


@dataclass(frozen=True)
class Form:
    """How a multiply kernel takes filters: its `name` in the names of kernels that call it.

    `pack` gives weights and constants, or None where the kernel is not exact; `least_shift` is
    the least shift to the right that it requantizes by.
    """

    name: str
    pack: Pack
    least_shift: int = 1


def filters_of(
    context: OperatorContext, weights: npt.NDArray[Any], least_shift: int = 1
) -> Filters | None:
    """The operator's filters, or None for activation limits inside int8 or exponents beyond.

    A negative `least_shift` allows shifts to the left, and a multiplier of 0. `weights` is
    int8 [count, ...], output channels first.
    """
    source, target = quantization_of(context.input(0)), quantization_of(context.output())
    activation = context.text("fused_activation_function", "NONE")
    if activation_range(activation, target.scale, target.zero_point) != (-128, 127):
        return None
    pairs = [quantize_multiplier(real) for real in channel_multipliers(context)]
    if len(pairs) == 1:
        pairs *= len(weights)
    if any(not -LARGEST_SHIFT <= shift <= -least_shift for _, shift in pairs):
        return None
    if least_shift >= 0 and any(value <= 0 for value, _ in pairs):
        return None
    wide = weights.astype(np.int64)
    bias = folded_bias(context.optional_input(2), weights, source.zero_point)
    return Filters(
        weights=wide,
        bias=bias.astype(np.int64),
        multipliers=np.array([value for value, _ in pairs], np.int64),
        shifts=np.array([-shift for _, shift in pairs], np.int64),
        zero_point=target.zero_point,
    )


def fill(values: Int64Array, multiple: int, axis: int = -1) -> Int64Array:
    """Zeros behind `values` up to a multiple along an axis."""
    widths = [(0, 0)] * values.ndim
    widths[axis] = (0, -values.shape[axis] % multiple)
    return np.pad(values, widths)


def wrapped(columns: Sequence[Int64Array]) -> Int32Array:
    """Columns side by side, each number mod 2^32 as int32."""
    return records.wrap(np.stack(columns, axis=1))


def lanes(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """[..., 4n] to [..., n, 2, 2]: words of halfwords (0, 2) and (1, 3), as SXTB16 makes them."""
    return values.reshape(*values.shape[:-1], -1, 2, 2).swapaxes(-1, -2)


def _joint(weights: Int64Array) -> Int64Array:
    """w0 + 256 * w1 of each two filters."""
    return weights[0::2] + 256 * weights[1::2]


def _fits_pairs(filters: Filters) -> bool:
    """Whether each two filters' weights fit one halfword, and their sums 24 bits.

    The second sum is taken from the joint one by a shift of 8.
    """
    return filters.largest_sum < LARGEST_OF_PAIRS and fits_halfwords(filters.flat)


def fits_halfwords(weights: Int64Array) -> bool:
    """Whether w0 + 256 * w1 of each two filters fits: no w1 of -128 beside a negative w0."""
    return int(_joint(fill(weights, 2, axis=0)).min()) >= -(1 << 15)


def join_quads(weights: Int64Array) -> Int16Array:
    """[filters, values], both in fours, to what quad_pair_code_dsp.h has of each 4 values."""
    joint = lanes(_joint(weights).astype(np.int16))  # pair, group of 4, word, lane
    joint = joint.reshape(-1, 2, joint.shape[1], 2, 2).transpose(0, 2, 3, 1, 4)
    return np.ascontiguousarray(joint)


def _filter_pairs(
    multipliers: Int64Array, roundings: Int64Array, shifts: Int64Array, joint: Int64Array,
    first: Int64Array,
) -> Int32Array:  # fmt: skip
    """qmcu_filter_pair of each two filters: `joint` and `first` are what their sums begin with."""
    pairs = records.make(
        records.FILTER_PAIR,
        len(first),
        multiplier0=multipliers[0::2],
        rounding0=roundings[0::2],
        shift0=shifts[0::2],
        multiplier1=multipliers[1::2],
        rounding1=roundings[1::2],
        shift1=shifts[1::2],
        joint_bias=joint,
        bias0=first,
    )
    return records.words(pairs)


def quad_requantization(
    multipliers: Int64Array, roundings: Int64Array, shifts: Int64Array
) -> Int64Array:
    """[count] each, count a multiple of 4, to [quads, 4, 3]."""
    return np.stack((multipliers, roundings, shifts), axis=1).reshape(-1, 4, 3)


def pack_pairs(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """For multiply_pair: weights int16 [pairs, groups of 4, 2, 2], constants int32 [pairs, 8]."""
    if not _fits_pairs(filters):
        return None
    weights = fill(fill(filters.flat, GROUP), 2, axis=0)
    b, q, r, s = filters.padded(2)
    constants = _filter_pairs(q, r, s, b[0::2] + 256 * b[1::2], b[0::2])
    return np.ascontiguousarray(lanes(_joint(weights).astype(np.int16))), constants


def pack_wide(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """For multiply_wide: doubled weights int16 [pairs, groups, 2, 2, 2], constants [pairs, 8]."""
    if filters.largest_sum >= 1 << 30:
        return None
    weights = 2 * fill(fill(filters.flat, GROUP), 2, axis=0)
    b, q, r, s = filters.padded(2)
    # In the place of the joint sum's, the second filter's bias; both are doubled as the sums are.
    constants = _filter_pairs(q, r, s, 2 * b[1::2], 2 * b[0::2])
    words = lanes(weights.astype(np.int16))
    words = words.reshape(-1, 2, *words.shape[1:]).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(words), constants


def pack_pairs_steep(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """As pack_pairs, for multiply_pair_steep."""
    return _steep_pairs(filters, pack_pairs)


def pack_wide_steep(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """As pack_wide, for multiply_wide_steep."""
    return _steep_pairs(filters, pack_wide)


def _steep_pairs(filters: Filters, pack: Pack) -> tuple[Int16Array, Int32Array] | None:
    steep = filters.steep
    plain = replace(filters, shifts=np.maximum(filters.shifts, 1))
    packed = None if steep is None else pack(plain)
    if steep is None or packed is None:
        return None
    weights, constants = packed
    words = constants.copy()
    for i, name in ((0, "0"), (1, "1")):
        roundings, shifts = steep.roundings[i::2], (steep.shifts | steep.left << 8)[i::2]
        names = records.FILTER_PAIR.names
        assert names is not None
        words[: len(shifts), names.index(f"rounding{name}")] = records.wrap(roundings)
        words[: len(shifts), names.index(f"shift{name}")] = shifts
    return weights, words


def pack_quads(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """For fully_connected_pair: weights by four filters, constants int32 [quads, 12]."""
    if not _fits_pairs(filters):
        return None
    weights = fill(fill(filters.flat, QUAD), 4, axis=0)
    b, q, _, s = filters.padded(4)
    joint = join_quads(weights)
    quads = records.make(
        records.FILTER_QUAD,
        len(joint),
        joint_bias01=b[0::4] + 256 * b[1::4],
        bias0=b[0::4],
        joint_bias23=b[2::4] + 256 * b[3::4],
        bias2=b[2::4],
        requantization=np.stack((q, s - 1), axis=1).reshape(-1, 4, 2),
    )
    return joint, records.words(quads)


# Rows of Winograd's G for F(4, 3), scaled by (24, -6, -6, 24, 24, 12) so that all are integers.
WINOGRAD_G = np.array(
    [[6, 0, 0], [-4, -4, -4], [-4, 4, -4], [1, 2, 4], [1, -2, 4], [0, 0, 12]], np.int64
)
# Those that take the fewest instructions, for tiles: A^T has the rest of the scale.
_TILES_G = np.array([[1, 0, 0], [1, 1, 1], [1, -1, 1], [1, 2, 4], [1, -2, 4], [0, 0, 1]], np.int64)
# 24 * 24 of the sums, by the 16 times that outputs have the product that the bias is added to.
_TILES_SCALE = 36
WINOGRAD_CHANNELS = 64


def _fits_tiles(filters: Filters) -> bool:
    """Whether sums are exact mod 2^32, while 64 * |sum| < 2^31, and there are few channels."""
    return filters.largest_sum < 1 << 25 and filters.weights.shape[3] <= WINOGRAD_CHANNELS


def _constants_of_tiles(filters: Filters) -> Int32Array:
    """int32 [filters, 4]; the kernel's values are input + 128."""
    bias = filters.bias - 128 * filters.flat.sum(axis=1)
    return wrapped((_TILES_SCALE * bias, filters.multipliers, filters.roundings, filters.shifts))


def pack_winograd(filters: Filters) -> tuple[Int16Array, Int32Array] | None:
    """For conv_3x3_winograd: transformed weights and constants int32 [filters, 4].

    `filters.weights` is [count, 3, 3, channels]; filters are filled up to fours.
    """
    if not _fits_tiles(filters):
        return None
    u = np.einsum("ia,fabc,jb->fijc", _TILES_G, filters.weights, _TILES_G)
    u = fill(fill(u, GROUP), 4, axis=0).astype(np.int16)
    words = lanes(u.reshape(len(u) // 4, 4, 36, -1))  # quad, filter, position, group, word, lane
    words = words.reshape(len(words), 4, 36, -1, 2)[:, :, ::-1].transpose(0, 2, 3, 1, 4)
    constants = _constants_of_tiles(filters)
    packed = np.pad(constants, [(0, -len(constants) % 4), (0, 0)])
    return np.ascontiguousarray(words), packed


def pack_winograd_bytes(filters: Filters) -> tuple[Int32Array, Int32Array] | None:
    """For conv_3x3_winograd_bytes: words of 4 channels' weights [filters, fours of channels, 9] and
    constants int32 [filters, 4].
    """
    if not _fits_tiles(filters):
        return None
    weights = fill(filters.weights, WORD).astype(np.int8)
    fours = weights.reshape(len(weights), 9, -1, WORD).transpose(0, 2, 1, 3)
    words = np.ascontiguousarray(fours).view(np.int32)[..., 0]
    return words, _constants_of_tiles(filters)


def pack_depthwise_3x3(filters: Filters) -> Int32Array | None:
    """For depthwise_3x3: int32 [channels, 10]; `filters.weights` is [channels, 3, 3]."""
    if filters.largest_sum >= 1 << 30:
        return None
    return _depthwise_3x3(filters, filters.roundings)


def _depthwise_3x3(filters: Filters, roundings: Int64Array) -> Int32Array:
    doubled = 2 * filters.weights

    def word(low: Int64Array, high: Int64Array) -> Int64Array:
        return np.asarray((low & 0xFFFF) | ((high & 0xFFFF) << 16))

    columns = []
    for j in range(3):
        columns.append(word(doubled[:, 0, j], doubled[:, 1, j]))
        columns.append(word(doubled[:, 1, j], doubled[:, 2, j]))
    channels = records.make(
        records.DEPTHWISE_CHANNEL,
        len(doubled),
        weights=np.stack(columns, axis=1),
        bias=2 * filters.bias,
        multiplier=filters.multipliers,
        rounding=roundings,
        shift=filters.shifts,
    )
    return records.words(channels)


def pack_depthwise_3x3_steep(filters: Filters) -> Int32Array | None:
    """For depthwise_3x3_steep: as pack_depthwise_3x3, the shift to the left in the weights."""
    steep = filters.steep
    if steep is None or filters.largest_sum >= 1 << 30:
        return None
    scale = np.int64(1) << steep.left
    weights = filters.weights * scale[:, None, None]
    if np.abs(2 * weights).max() >= 1 << 15:
        return None
    scaled = replace(filters, weights=weights, bias=filters.bias * scale, shifts=steep.shifts)
    return _depthwise_3x3(scaled, steep.roundings)


def window_order(weights: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """int8 [F, kh, kw, C] to [F, values] in the order in which conv_2d_rows lays windows out.

    Rows are filled up to words where that takes no step more. Else of rows of whole words and one
    value the words come first, then the rows' last values.
    """
    count, height, width, depth = weights.shape
    rows = weights.reshape(count, height, width * depth)
    run = width * depth
    filled = -(-run // WORD) * WORD
    if -(-filled * height // GROUP) == -(-run * height // GROUP):
        return np.pad(rows, ((0, 0), (0, 0), (0, filled - run))).reshape(count, -1)
    if run % WORD != 1:
        return rows.reshape(count, -1)
    # Halfwords (0, 1) and (2, 3) of four rows.
    last = np.pad(rows[:, :, -1], ((0, 0), (0, -height % WORD))).reshape(count, -1, WORD)
    words, lasts = rows[:, :, :-1].reshape(count, -1), last[:, :, [0, 2, 1, 3]]
    return np.concatenate([words, lasts.reshape(count, -1)], axis=1)
