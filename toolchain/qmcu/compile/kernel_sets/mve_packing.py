"""Weights for the MVE kernels: whole vectors, each two or four filters side by side."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from qmcu.compile.kernel_sets import records

LANES = 16  # bytes in a vector

Int8Array = npt.NDArray[np.int8]
Int32Array = npt.NDArray[np.int32]


def pack_filters(filters: Int8Array) -> Int8Array:
    """int8 [count, values] with the values filled up with zeros to whole vectors."""
    return np.pad(filters, ((0, 0), (0, -filters.shape[1] % LANES)))


def pack_pairs(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]]
) -> Int32Array:
    """int8 [count, values] to int32 [ceil(count / 2), 8 * steps + 6], what two filters need.

    A vector of each filter in turn, filled up with zeros; then two biases, multipliers and
    shifts. An odd last filter is there twice.
    """
    vectors = _vector_pairs(filters)
    return _records(np.ascontiguousarray(vectors.transpose(0, 2, 1, 3)), bias, pairs)


def pack_fours(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]]
) -> Int32Array:
    """int8 [count, values] to int32 [count / 4, 16 * steps + 12], what four filters need.

    Vectors of filters 0 and 2 in turn, of 1 and 3; then biases, multipliers and shifts, in the
    order 0, 2, 1, 3.
    """
    order = np.arange(len(filters)).reshape(-1, 4)[:, [0, 2, 1, 3]]
    vectors = pack_filters(filters)[order].reshape(len(order), 2, 2, -1, LANES)
    words = np.ascontiguousarray(vectors.swapaxes(2, 3)).view("<i4").reshape(len(order), -1)
    constants = np.column_stack([bias, np.array(pairs, np.int32)])[order].swapaxes(1, 2)
    return np.hstack([words, constants.reshape(len(order), -1)]).astype(np.int32)


def pack_ragged(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]]
) -> Int32Array:
    """As `pack_fours`, filters not filled up: int32 [count / 4, values + 12].

    Of each two filters their first values, so that whole vectors are left, then vectors in turn.
    """
    order = np.arange(len(filters)).reshape(-1, 4)[:, [0, 2, 1, 3]]
    count, values = len(order), filters.shape[1]
    first = (values - 1) % LANES + 1
    steps = (values - 1) // LANES
    twos = filters[order].reshape(count, 2, 2, values)
    vectors = twos[..., first:].reshape(count, 2, 2, steps, LANES).swapaxes(2, 3)
    begin = twos[..., :first].reshape(count, 2, 2 * first)
    rows = np.concatenate([begin, vectors.reshape(count, 2, 2 * LANES * steps)], axis=2)
    words = np.ascontiguousarray(rows).reshape(count, 4 * values).view("<i4")
    constants = np.column_stack([bias, np.array(pairs, np.int32)])[order].swapaxes(1, 2)
    return np.hstack([words, constants.reshape(count, -1)]).astype(np.int32)


def pack_any(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]], groups: int = 1
) -> Int32Array:
    """int8 [count, values] as they are, to int32 of one dimension, filled up to a whole word.

    First biases, multipliers and shifts, of each two filters together, of an odd last one of each
    of the `groups` by themselves; then of each two filters their first values, so that whole
    vectors are left, and vectors in turn.
    """
    channels = np.column_stack([bias, np.array(pairs, np.int32)]).astype("<i4")
    count = len(filters) // groups
    each = [(i * count, (i + 1) * count) for i in range(groups)]
    words = np.concatenate([_by_twos(channels[first:end]) for first, end in each])
    values = np.concatenate([_turn_by_turn(filters[first:end]) for first, end in each])
    filled = np.pad(values, (0, -len(values) % 4)).view("<i4")
    return np.concatenate([words, filled]).astype(np.int32)


def _by_twos(channels: Int32Array) -> Int32Array:
    """[count, 3] to one dimension: of each two rows the columns, then an odd last row."""
    even = len(channels) & ~1
    twos = channels[:even].reshape(-1, 2, 3).transpose(0, 2, 1)
    return np.concatenate([twos.reshape(-1), channels[even:].reshape(-1)])


def _turn_by_turn(filters: Int8Array) -> Int8Array:
    """[count, values] to one dimension: of each two filters vectors in turn behind what is left."""
    even, values = len(filters) & ~1, filters.shape[1]
    first = (values - 1) % LANES + 1
    twos = filters[:even].reshape(-1, 2, values)
    begin = twos[..., :first].reshape(-1, 2 * first)
    steps = (values - first) // LANES
    vectors = twos[..., first:].reshape(len(twos), 2, steps, LANES).swapaxes(1, 2)
    together = np.hstack([begin, vectors.reshape(len(twos), 2 * (values - first))])
    return np.concatenate([together.reshape(-1), filters[even:].reshape(-1)])


def pack_int4_pairs(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]]
) -> Int32Array:
    """As `pack_pairs`, both vectors in one: filter 0 in low nibbles; int32 [.., 4 * steps + 6]."""
    return _records(join_nibbles(_vector_pairs(filters)), bias, pairs)


def join_nibbles(vectors: Int8Array) -> Int8Array:
    """int4 in int8 [n, 2, ...] to int8 [n, ...], the second of two in the high nibble."""
    return (vectors[:, 0] & 15) | (vectors[:, 1] << 4)


def _vector_pairs(filters: Int8Array) -> Int8Array:
    """[pairs, 2, steps, 16], an odd last filter there twice."""
    order = [*range(len(filters)), *([-1] if len(filters) % 2 else [])]
    return pack_filters(filters)[order].reshape(len(order) // 2, 2, -1, LANES)


def _records(
    vectors: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]]
) -> Int32Array:  # fmt: skip
    words = np.ascontiguousarray(vectors).view("<i4")
    order = [*range(len(bias)), *([-1] if len(bias) % 2 else [])]
    constants = np.column_stack([bias, np.array(pairs, np.int32)])[order].reshape(-1, 2, 3)
    return np.concatenate(
        [words.reshape(len(words), -1), constants.transpose(0, 2, 1).reshape(len(words), -1)],
        axis=1,
    ).astype(np.int32)


def by_fours(channels: Int32Array) -> Int32Array:
    """int32 [count, 3] to [groups, 3, 4]: what four lanes need, filled up with zeros."""
    padded = np.pad(channels, ((0, -len(channels) % 4), (0, 0)))
    return np.ascontiguousarray(padded.reshape(-1, 4, 3).transpose(0, 2, 1))


def biases_and_scales(channels: Int32Array, shared: bool) -> Int32Array:
    """int32 [count, 3] to one dimension: all biases, then multipliers and shifts of each four.

    Where `shared`, one multiplier and shift, for all have the same.
    """
    scales = channels[0, 1:] if shared else by_fours(channels)[:, 1:].reshape(-1)
    return np.concatenate([channels[:, 0], scales])


def pack_rows(rows: Int8Array) -> Int8Array:
    """int8 [outputs, inputs] to [groups, steps, 4, 16]: a vector of each of four rows in turn."""
    filled = np.pad(pack_filters(rows), ((0, -len(rows) % 4), (0, 0)))
    return np.ascontiguousarray(
        filled.reshape(-1, 4, filled.shape[1] // LANES, LANES).transpose(0, 2, 1, 3)
    )


def pack_all_rows(rows: Int8Array) -> Int8Array:
    """int8 [outputs, values] to one dimension, rows not filled up.

    Of each four rows first what is left of whole vectors, row by row, then vectors in turn; of less
    than four at the end one after the other. A vector fits where each of four rows begins.
    """
    fours, values = len(rows) // 4, rows.shape[1]
    whole = values // LANES * LANES
    groups = rows[: 4 * fours].reshape(fours, 4, values)
    vectors = groups[:, :, :whole].reshape(fours, 4, whole // LANES, LANES).swapaxes(1, 2)
    tails = groups[:, :, whole:].reshape(fours, 4 * (values - whole))
    packed = np.hstack([tails, vectors.reshape(fours, 4 * whole)])
    last = rows[4 * fours :].reshape(-1)
    behind = LANES - values - len(last) if fours and not whole else 0
    return np.concatenate([packed.reshape(-1), np.pad(last, (0, max(behind, 0)))])


def pack_int4_rows(rows: Int8Array) -> Int8Array:
    """int8 [outputs, inputs] to [groups, steps, 2, 16]: two of four rows in a vector."""
    packed = pack_rows(rows)
    groups, steps = packed.shape[:2]
    joined = join_nibbles(packed.reshape(-1, 2, LANES))
    return np.ascontiguousarray(joined.reshape(groups, steps, 2, LANES))


def pack_taps(filters: Int8Array, step: int) -> Int8Array:
    """int8 [channels, taps] to [groups, steps, 4, step]: of four channels `step` taps in turn."""
    filled = np.pad(filters, ((0, -len(filters) % 4), (0, -filters.shape[1] % step)))
    return np.ascontiguousarray(filled.reshape(len(filled) // 4, 4, -1, step).swapaxes(1, 2))


def pack_records(
    filters: Int8Array, bias: Int32Array, pairs: Sequence[tuple[int, int]], stride: int
) -> Int8Array:
    """int8 [count, 3, 3] (row, column) to [count, 20], depthwise_conv_2d_mve_3x3's records."""
    multipliers, shifts = zip(*pairs, strict=True)
    columns = np.zeros((len(filters), 3, 4 if stride == 1 else 3), np.int8)
    columns[:, :, :3] = filters.transpose(0, 2, 1)
    weights = np.zeros((len(filters), 11), np.int8)
    weights[:, : columns[0].size] = columns.reshape(len(filters), -1)[:, :11]
    result = records.make(
        records.MVE_DEPTHWISE_3X3,
        len(filters),
        weights=weights,
        shift=shifts,
        bias=bias,
        multiplier=multipliers,
    )
    return result.view(np.int8).reshape(len(filters), -1)
