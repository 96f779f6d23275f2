"""What is said between the asking process and one in which tflite-micro runs.

A message is a JSON header and plain bytes: nothing in it can make the reader run anything.
"""

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from qmcu.types import Array

Message = tuple[dict[str, Any], bytes]
Form = tuple[str, tuple[int, ...]]

NUMBER = struct.Struct("<q")
# What can be handed to the interpreter and taken from it.
DTYPES = frozenset(
    {"int8", "uint8", "int16", "int32", "int64", "uint32", "uint64", "bool", "float32"}
)


def pack(header: Mapping[str, object], payload: bytes = b"") -> bytes:
    """A message: the header's length, the header as JSON, plain bytes."""
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + payload


def unpack(message: bytes) -> Message:
    """The inverse of `pack`. Raises ValueError on other bytes."""
    try:
        (length,) = struct.unpack_from("<I", message)
        header = json.loads(message[4 : 4 + length])
    except (struct.error, RecursionError) as error:
        raise ValueError("a damaged message") from error
    if not isinstance(header, dict):
        raise ValueError("a message without a header")
    return header, message[4 + length :]


def join(arrays: Sequence[Array]) -> bytes:
    """The arrays' bytes behind each other."""
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def split(payload: bytes, forms: Sequence[Form], rows: int) -> list[Array]:
    """The arrays [rows, *shape] of each (dtype, shape) that lie behind each other in `payload`.

    Raises ValueError unless they fill it.
    """
    arrays, offset = [], 0
    for dtype, shape in forms:
        count = rows * int(np.prod(shape, dtype=np.int64))
        array: Array = np.frombuffer(payload, np.dtype(dtype), count, offset)
        arrays.append(array.reshape(rows, *shape))
        offset += array.nbytes
    if offset != len(payload):
        raise ValueError(f"{len(payload)} bytes came and {offset} were awaited")
    return arrays
