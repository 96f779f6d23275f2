"""Constants that TFLM stores encoded: tables of values, masks of what is not zero, Huffman codes.

TFLM decodes them at run time, by its operator TFLM_DECODE or by COMPRESSION_METADATA in the file.
Both say everything when compiling, so here they are constants like others.
"""

import math
from collections.abc import Sequence
from typing import Any

import flatbuffers
import numpy as np
from flatbuffers.table import Table

from qmcu.model.graph import Quantization, Tensor
from qmcu.types import Array

DECODE = "CUSTOM:TFLM_DECODE"
METADATA = b"COMPRESSION_METADATA"
# The kernels of TFLM that decode what the metadata names; others would read the encoded bytes.
DECODING = frozenset({
    "ASSIGN_VARIABLE", "CONCATENATION", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED",
    "TRANSPOSE_CONV",
})  # fmt: skip
_HEADER, _VERSION = 16, 1
_LUT, _HUFFMAN, _PRUNED = 0, 1, 2
_MOST_WIDTH = 7
# Of the metadata: small files can name one table many times.
_MOST_ENTRIES = 20_000
_TYPES = frozenset({"bool", "float32", "int8", "int16", "int32", "int64"})


def decode(inputs: Sequence[Tensor], outputs: Sequence[Tensor]) -> list[Array] | None:
    """What TFLM_DECODE gives for constant inputs, or None where tflite-micro refuses it too."""
    if len(inputs) != 2 * len(outputs) or not all(t.data is not None for t in inputs):
        return None
    results = []
    for position, output in enumerate(outputs):
        encoded, ancillary = inputs[2 * position].data, inputs[2 * position + 1].data
        assert encoded is not None and ancillary is not None
        if len(ancillary) < _HEADER or ancillary[1] != _VERSION or ancillary[4] != _VERSION:
            return None
        functions = {_LUT: _looked_up, _HUFFMAN: _huffman, _PRUNED: _pruned}
        function = functions.get(ancillary[0])
        values = function(encoded, ancillary, output) if function is not None else None
        if values is None:
            return None
        results.append(values.reshape(output.shape))
    return results


def look_up(
    encoded: bytes,
    width: int,
    table: bytes,
    stride: int | None,
    shape: Sequence[int],
    dtype: str,
    quantization: Quantization | None,
) -> Array | None:
    """Indices of `width` bits, high bits first, into a table of values for each channel.

    A channel's table has `stride` values; None divides the table evenly. Channels are those of the
    scales, along the first or the last dimension. None when it does not fit.
    """
    if dtype not in _TYPES or not 1 <= width <= _MOST_WIDTH or _lacks(encoded, shape, width):
        return None
    channels = _channels(shape, quantization)
    if channels is None:
        return None
    values = _values(table, dtype)
    stride = len(values) // (1 + int(channels.max(initial=0))) if stride is None else stride
    bits = np.unpackbits(np.frombuffer(encoded, np.uint8))
    count = len(channels)
    weights = 1 << np.arange(width)[::-1]
    places = channels * stride + bits[: count * width].reshape(count, width) @ weights
    return values[places] if places.max(initial=0) < len(values) else None


def lut_tensors(content: bytes) -> list[tuple[int, int, int, int]]:
    """Of COMPRESSION_METADATA: (subgraph, tensor, buffer of values, bits of an index) each.

    Empty for a version that tflite-micro ignores. Raises what flatbuffers raise when damaged.
    """
    data = bytearray(content)
    root = Table(data, flatbuffers.encode.Get(flatbuffers.packer.uoffset, data, 0))
    if _scalar(root, 0, flatbuffers.number_types.Uint32Flags, 1) > _VERSION:
        return []
    found: list[tuple[int, int, int, int]] = []
    for number, subgraph in enumerate(_tables(root, 1)):
        for entry in _tables(subgraph, 0):
            if len(found) == _MOST_ENTRIES:
                raise ValueError("more entries than a model has tensors")
            found.append((
                number,
                _scalar(entry, 0, flatbuffers.number_types.Int32Flags, 0),
                _scalar(entry, 1, flatbuffers.number_types.Uint32Flags, 0),
                _scalar(entry, 2, flatbuffers.number_types.Uint8Flags, 0),
            ))  # fmt: skip
    return found


def _scalar(table: Table, field: int, flags: Any, default: int) -> int:
    offset = table.Offset(4 + 2 * field)
    return int(table.Get(flags, offset + table.Pos)) if offset else default


def _tables(table: Table, field: int) -> list[Table]:
    offset = table.Offset(4 + 2 * field)
    if not offset:
        return []
    start, count = table.Vector(offset), table.VectorLen(offset)
    if count > min(_MOST_ENTRIES, len(table.Bytes)):
        raise ValueError("a vector longer than the file")
    return [Table(table.Bytes, table.Indirect(start + 4 * i)) for i in range(count)]


def _lacks(encoded: bytes, shape: Sequence[int], width: int) -> bool:
    """Whether there are fewer bits than the shape's elements need: nothing is made of those."""
    return 8 * len(encoded) < width * math.prod(shape)


def _values(table: bytes, dtype: str) -> Array:
    kind = np.dtype(dtype)
    return np.frombuffer(table[: len(table) // kind.itemsize * kind.itemsize], kind)


def _channels(shape: Sequence[int], quantization: Quantization | None) -> Array | None:
    """Each element's channel, None where scales lie along another dimension than the ends."""
    count = int(np.prod(shape, dtype=np.int64))
    if quantization is None or not quantization.per_channel:
        return np.zeros(count, np.int64)
    channels = len(quantization.scales)
    if quantization.axis == len(shape) - 1:
        return np.arange(count) % channels
    return np.arange(count) // (count // channels) if quantization.axis == 0 else None


def _looked_up(encoded: bytes, ancillary: bytes, output: Tensor) -> Array | None:
    width, stride, table = ancillary[5] & _MOST_WIDTH, ancillary[6], ancillary[_HEADER:]
    shape, dtype = output.shape, output.dtype
    return look_up(encoded, width, table, stride, shape, dtype, output.quantization)


def _pruned(encoded: bytes, ancillary: bytes, output: Tensor) -> Array | None:
    """A bit for each element, high bits first: the next value, or its channel's zero point."""
    if output.dtype not in _TYPES or _lacks(encoded, output.shape, 1):
        return None
    channels = _channels(output.shape, output.quantization)
    if channels is None:
        return None
    points = np.array(output.quantization.zero_points if output.quantization else (0,))
    if output.dtype != "int8" and points.any():
        return None
    values = _values(ancillary[_HEADER:], output.dtype)
    kept = np.unpackbits(np.frombuffer(encoded, np.uint8))[: len(channels)].astype(bool)
    if int(kept.sum()) > len(values):
        return None
    result = points[channels].astype(output.dtype)
    result[kept] = values[: int(kept.sum())]
    return result


def _huffman(encoded: bytes, ancillary: bytes, output: Tensor) -> Array | None:
    """Codes, high bits first, by tables of 2^n entries, each a value or where the next table is.

    An entry has a bit for "this is a value", four bits n: how many bits the next table takes less
    one or, of a value, how many of those just taken belong to its code.
    """
    wide = bool(ancillary[5] & 1)
    if output.dtype not in (("int8", "int16") if wide else ("int8",)):
        return None
    if _lacks(encoded, output.shape, 1):
        return None
    table = _values(ancillary[_HEADER:], "uint32" if wide else "uint16").tolist()
    shift = 27 if wide else 11
    end, first = 8 * len(encoded), (ancillary[5] >> 4) + 1
    # What is taken beyond the last code is put back.
    stream, spare = int.from_bytes(encoded, "big") << 64, 64
    result, place = np.zeros(output.elements, np.int64), 0
    for position in range(output.elements):
        offset, taken = 0, first
        while True:
            place += taken
            if place > end + spare:
                return None
            offset += (stream >> (end + spare - place)) & ((1 << taken) - 1)
            if offset >= len(table):
                return None
            entry = table[offset]
            count = (entry >> shift) & 15
            if entry >> (shift + 4):
                break
            offset, taken = offset + (entry & ((1 << shift) - 1)), count + 1
        place -= max(0, taken - count)
        result[position] = entry & 0xFFFF
        if place > end:
            return None
    return result.astype(np.uint16).astype(output.dtype)
