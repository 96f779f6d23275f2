"""Constants as TFLM's compression stores them: values to encoded bytes and ancillary data."""

import flatbuffers
import numpy as np

from qmcu.types import Array

Encoded = tuple[bytes, bytes]
_HEADER = 16


def packed_indices(indices: Array, width: int) -> bytes:
    """Unsigned numbers of `width` bits, high bits first."""
    bits = (np.asarray(indices).reshape(-1, 1) >> np.arange(width)[::-1]) & 1
    return np.packbits(bits.astype(np.uint8).reshape(-1)).tobytes()


def by_table(indices: Array, width: int, tables: Array) -> Encoded:
    """Indices into tables of values: [channels, stride]."""
    ancillary = bytes([0, 1, 0, 0, 1, width, tables.shape[1]]).ljust(_HEADER, b"\0")
    return packed_indices(indices, width), ancillary + tables.tobytes()


def pruned(kept: Array, values: Array) -> Encoded:
    """A bit for each element, and the values of those that have it set."""
    ancillary = bytes([2, 1, 0, 0, 1]).ljust(_HEADER, b"\0")
    return np.packbits(kept.astype(np.uint8)).tobytes(), ancillary + values.tobytes()


def _codes(values: list[int]) -> dict[int, str]:
    """A prefix code; frequent values get short ones."""
    nodes = [(values.count(v), [v]) for v in sorted(set(values))]
    codes = {v: "" if len(nodes) > 1 else "0" for v in set(values)}
    while len(nodes) > 1:
        nodes.sort(key=lambda node: node[0])
        (few, left), (many, right), *nodes = nodes
        codes |= {v: "0" + codes[v] for v in left} | {v: "1" + codes[v] for v in right}
        nodes.append((few + many, left + right))
    return codes


def huffman(values: Array, first: int, further: int, *, wide: bool) -> Encoded:
    """Codes and their tables: the first takes `first` bits, others at most `further`."""
    numbers = [int(v) for v in values.reshape(-1)]
    codes = _codes(numbers)
    shift, mask = (27 if wide else 11), (0xFFFF if values.dtype == np.int16 else 0xFF)
    table: list[int] = []

    def build(rest: dict[str, int], bits: int) -> int:
        base = len(table)
        table.extend([0] * (1 << bits))
        for i in range(1 << bits):
            prefix = format(i, f"0{bits}b")
            for code, value in rest.items():
                if prefix.startswith(code):
                    table[base + i] = 1 << (shift + 4) | len(code) << shift | (value & mask)
            longer = {c[bits:]: v for c, v in rest.items() if c.startswith(prefix) and c != prefix}
            if longer:
                taken = min(further, max(map(len, longer)))
                table[base + i] = (taken - 1) << shift | (build(longer, taken) - base - i)
        return base

    build({code: value for value, code in codes.items()}, first)
    text = "".join(codes[v] for v in numbers)
    text += "0" * (-len(text) % 32 + 32)
    ancillary = bytes([1, 1, 0, 0, 1, int(wide) | (first - 1) << 4]).ljust(_HEADER, b"\0")
    entries = np.array(table, np.uint32 if wide else np.uint16)
    return int(text, 2).to_bytes(len(text) // 8, "big"), ancillary + entries.tobytes()


def lut_metadata(entries: list[tuple[int, int, int]]) -> bytes:
    """COMPRESSION_METADATA of one subgraph: (tensor, buffer of values, bits of an index) each."""
    builder = flatbuffers.Builder(256)
    tables = []
    for tensor, buffer, bits in entries:
        builder.StartObject(3)
        builder.PrependInt32Slot(0, tensor, 0)
        builder.PrependUint32Slot(1, buffer, 0)
        builder.PrependUint8Slot(2, bits, 0)
        tables.append(builder.EndObject())
    subgraph = _table_of(builder, 1, 0, _vector(builder, tables))
    builder.Finish(_table_of(builder, 2, 1, _vector(builder, [subgraph])))
    return bytes(builder.Output())


def _vector(builder: flatbuffers.Builder, tables: list[int]) -> int:
    builder.StartVector(4, len(tables), 4)
    for table in reversed(tables):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())


def _table_of(builder: flatbuffers.Builder, fields: int, field: int, vector: int) -> int:
    builder.StartObject(fields)
    builder.PrependUOffsetTRelativeSlot(field, vector, 0)
    return int(builder.EndObject())
