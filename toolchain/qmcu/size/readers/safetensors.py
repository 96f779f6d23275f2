"""safetensors: eight bytes of length, a JSON header, and the tensors' bytes, mapped.

Read here rather than by the library, which would hand out whole tensors: only what is looked at
is read, and the checks name what is wrong. The rules are those of the format's description:
offsets inside the file, without overlap, sizes that agree with shapes.
"""

import json
from math import prod
from pathlib import Path
from typing import Any

from qmcu.size.contents import Contents, FileKind, Role, StoredTensor, tensor_bytes
from qmcu.size.mapped import dense_rows, fail, map_file
from qmcu.size.packed import join_packed_weights
from qmcu.size.roles import role_of

# The format allows 100 MB; a real header has about 100 bytes a tensor.
_MAX_HEADER = 8 << 20
_MAX_RANK = 32
_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3", "F8_E5M2": "float8_e5m2", "F8_E8M0": "float8", "F4": "float4",
    "I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8",
    "U64": "uint64", "U32": "uint32", "U16": "uint16", "U8": "uint8", "BOOL": "bool",
    "C64": "complex64",
}  # fmt: skip


def read(path: Path) -> Contents:
    """The contents of a .safetensors file. Raises ModelError, naming what is wrong where."""
    data = map_file(path)
    header, start = _header(path, data)
    entries = sorted(
        ((name, entry) for name, entry in header.items() if name != "__metadata__"),
        key=lambda pair: _offsets(path, *pair),
    )
    tensors, at = [], 0
    holes = 0
    for name, entry in entries:
        tensor, begin, end = _tensor(path, data, start, name, entry)
        if begin < at:
            fail(path, f"tensor {name!r} begins at byte {begin:,} inside the one before it, which "
                       f"ends at {at:,}; the header is wrong")  # fmt: skip
        holes += begin - at
        at = end
        tensors.append(tensor)
    rest = len(data) - start - at
    notes = []
    if holes or rest:
        notes.append(f"{holes + rest:,} bytes belong to no tensor, which the format forbids")
    metadata = header.get("__metadata__")
    described = len(json.dumps(metadata)) if metadata else 0
    others = {
        Role.METADATA: described,
        Role.CONTAINER: start - described,
        Role.PADDING: holes + rest,
    }
    return Contents(
        str(path), FileKind.SAFETENSORS, len(data), join_packed_weights(tensors), others,
        notes=tuple(notes), maps=(data,),
    )  # fmt: skip


def _header(path: Path, data: memoryview) -> tuple[dict[str, Any], int]:
    if len(data) < 9:
        fail(path, f"a safetensors file has at least 9 bytes, this has {len(data)}")
    length = int.from_bytes(data[:8], "little")
    if length > len(data) - 8:
        fail(path, f"its header is said to have {length:,} bytes and the file has {len(data):,}; "
                   "it is truncated or no safetensors file")  # fmt: skip
    if length > _MAX_HEADER:
        fail(path, f"its header has {length:,} bytes, and none over {_MAX_HEADER:,} is read")
    try:
        header = json.loads(bytes(data[8 : 8 + length]), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        fail(path, f"its header is no JSON ({str(error)[:80]})")
    if not isinstance(header, dict):
        fail(path, "its header is no JSON object")
    return header, 8 + length


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    entries = dict(pairs)
    if len(entries) != len(pairs):
        raise ValueError("a name occurs twice")
    return entries


def _offsets(path: Path, name: str, entry: Any) -> tuple[int, int]:
    offsets = entry.get("data_offsets") if isinstance(entry, dict) else None
    if not (isinstance(offsets, list) and len(offsets) == 2 and all(map(_is_size, offsets))):
        fail(path, f"tensor {name[:80]!r} has no data_offsets of two sizes")
    begin, end = offsets
    if begin > end:
        fail(path, f"tensor {name[:80]!r} ends at byte {end:,} before it begins at {begin:,}")
    return begin, end


def _tensor(
    path: Path, data: memoryview, start: int, name: str, entry: dict[str, Any]
) -> tuple[StoredTensor, int, int]:
    name_shown = repr(name[:80])
    begin, end = _offsets(path, name, entry)
    if start + end > len(data):
        fail(path, f"tensor {name_shown} ends at byte {start + end:,} and the file has "
                   f"{len(data):,}; it is truncated")  # fmt: skip
    dtype = _DTYPES.get(entry.get("dtype", ""))
    if dtype is None:
        fail(path, f"tensor {name_shown} has the unknown dtype {str(entry.get('dtype'))[:20]!r}")
    shape = entry.get("shape")
    if not (isinstance(shape, list) and len(shape) <= _MAX_RANK and all(map(_is_size, shape))):
        fail(path, f"tensor {name_shown} has no shape of sizes")
    extents = tuple(shape)
    if prod(extents) > len(data) * 8 or tensor_bytes(dtype, extents) != end - begin:
        shown = "x".join(map(str, extents))[:60]
        fail(path, f"tensor {name_shown} is {dtype}[{shown}], which does not take the "
                   f"{end - begin:,} bytes it has")  # fmt: skip
    rows = dense_rows(data, start + begin, dtype, extents)
    role = role_of(name, extents, dtype)
    return StoredTensor(name, dtype, extents, role, end - begin, rows), begin, end


def _is_size(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**62
