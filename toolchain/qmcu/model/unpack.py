"""A .tflite file's bytes as the schema's objects: what it is, and that it stays within bounds."""

import struct
from pathlib import Path
from typing import Any, NoReturn

import flatbuffers
import numpy as np

from qmcu.errors import ModelError
from qmcu.files import regular_size
from qmcu.model.file_kinds import describe_folder, describe_other
from qmcu.model.flatbuffer_tables import Limits, TooMuchError
from qmcu.model.open_shapes import settle_open_shapes
from qmcu.model.schema import IDENTIFIER, VERSION, schema
from qmcu.text import printable

_MAX_BYTES = (1 << 31) - 1
_HEAD_BYTES = 512
_MAX_SUBGRAPHS = 1000
_MAX_PARTS = 200_000
# Many tensors may name one long name: together they may take so much.
_MAX_TEXT_BYTES = 64 << 20
# What the flatbuffer library raises when offsets lead outside the file.
DAMAGE = (
    struct.error, IndexError, ValueError, TypeError, KeyError, AttributeError, OverflowError,
    MemoryError, RecursionError,
)  # fmt: skip


def read_model_file(path: Path) -> bytes:
    """The bytes of a .tflite file; of anything else only its beginning is read.

    Raises ModelError when it cannot be read, is too large, or is something else.
    """
    try:
        if path.is_dir():
            raise ModelError(describe_folder(path))
        size = regular_size(path, ModelError)
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            check_identifier(head, size, str(path))
            if size > _MAX_BYTES:
                raise ModelError(f"{path} has {size:,} bytes; no .tflite file is so large.")
            return head + stream.read(_MAX_BYTES)
    except OSError as error:
        raise ModelError(f"{printable(path)} cannot be read: {error.strerror or error}.") from error


def check_identifier(head: bytes, size: int, source: str) -> None:
    """Raise ModelError, saying what it is, unless a file begins as a .tflite file does."""
    if len(head) >= 8 and head[4:8] == IDENTIFIER:
        return
    other = describe_other(head[:_HEAD_BYTES], size)
    if other is not None:
        _fail(source, other)
    found = head[4:8].decode("ascii", "replace")
    _fail(
        source,
        f"this is no TensorFlow Lite model ({size} bytes, identifier {found!r} instead of "
        f"{IDENTIFIER.decode()!r})",
    )


def unpack_model(data: bytes, source: str) -> Any:
    """The schema's ModelT with everything in it, to read or to change.

    Raises ModelError when the file is something else, damaged, or would unpack to far more than
    it holds.
    """
    return _unpacked(data, source)[0]


def _unpacked(data: bytes, source: str) -> tuple[Any, bool]:
    """The ModelT, and whether shapes were settled that the file leaves open."""
    check_identifier(data, len(data), source)
    try:
        root = schema.root(data, "Model")
        if root.number("version") != VERSION:
            _fail(source, f"schema version is {root.number('version')}, {VERSION} is needed")
        # Before anything is unpacked: most damage shows here.
        subgraphs = root.length("subgraphs")
        if subgraphs > _MAX_SUBGRAPHS:
            _fail(source, f"it has {subgraphs:,} subgraphs; {_MAX_SUBGRAPHS:,} are read at most")
        model = schema.ModelT.read(root, Limits(_MAX_PARTS, _MAX_TEXT_BYTES))
        return model, settle_open_shapes(model)
    except TooMuchError as error:
        most = {"tables": f"{_MAX_PARTS:,} tensors, operators and buffers",
                "text": f"{_MAX_TEXT_BYTES:,} bytes of names"}  # fmt: skip
        _fail(source, f"it unpacks to more than {most[error.what]}, which no model needs")
    except DAMAGE:
        _fail(
            source,
            f"the file is damaged or truncated ({len(data)} bytes): an offset in it leads outside; "
            "get the model again",
        )


_BUFFER: Any = schema.object("Buffer")


class AlignedBuffer(_BUFFER):  # type: ignore[misc, unused-ignore]
    """A buffer whose bytes start at a multiple of 16, as the schema demands."""

    def pack(self, builder: Any) -> int:
        """Write it; its place."""
        data = b"" if self.data is None else bytes(self.data)
        vector = None
        if data:
            builder.StartVector(1, len(data), 16)
            builder.head = builder.head - len(data)
            builder.Bytes[builder.head : builder.head + len(data)] = data
            vector = builder.EndVector()
        builder.StartObject(self.slots)
        if vector is not None:
            builder.PrependUOffsetTRelativeSlot(self.fields["data"].slot, vector, 0)
        return int(builder.EndObject())


def pack_model(model: Any) -> bytes:
    """The .tflite file of the schema's ModelT."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.pack(builder), file_identifier=IDENTIFIER)
    return bytes(builder.Output())


def buffer_data(data: bytes, index: int, buffer: Any, source: str) -> bytes | None:
    """A buffer's bytes: within the flatbuffer, or behind it as large models have them.

    None when it has none. Raises ModelError when they lie outside the file.
    """
    if buffer is None:
        return None
    if buffer.offset > 1:
        return _behind(data, f"buffer {index}", buffer.offset, buffer.size, source)
    if buffer.data is None or isinstance(buffer.data, int):
        return None
    return bytes(np.asarray(buffer.data, np.uint8)) or None


def standalone(data: bytes, *, batch: int | None = None, source: str = "model") -> bytes:
    """The same model with all bytes inside the flatbuffer and with shapes that are known.

    tflite-micro reads the flatbuffer alone: weights behind it are moved into it. A batch that is
    free in the file becomes `batch`, 1 when that is None. Where nothing is to be done the result
    is `data` itself. Raises ModelError when bytes lie outside the file.
    """
    model, changed = _unpacked(data, source)
    # Buffer 0 is empty by the schema.
    moved = [b is not None and b.offset > 1 for b in (model.buffers or [])[1:]]
    changed |= any(moved)
    model.buffers = [
        _inside(buffer_data(data, i, b, source) if i else None)
        for i, b in enumerate(model.buffers or [])
    ]
    for subgraph in model.subgraphs or []:
        for operator in subgraph.operators or []:
            offset = operator.largeCustomOptionsOffset
            if offset > 1:
                size, where = operator.largeCustomOptionsSize, "an operator's options"
                content = _behind(data, where, offset, size, source)
                operator.customOptions = np.frombuffer(content, np.uint8)
                operator.largeCustomOptionsOffset = operator.largeCustomOptionsSize = 0
                changed = True
        for tensor in subgraph.tensors or []:
            shape = fixed_shape(tensor, batch)
            if shape is not None:
                tensor.shape = np.array(shape, np.int32)
                changed = True
    changed |= settle_open_shapes(model)
    return pack_model(model) if changed else data


def fixed_shape(tensor: Any, batch: int | None) -> list[int] | None:
    """The shape that a tensor with a free batch gets, None when it stays as it is."""
    shape = [] if tensor.shape is None else [int(d) for d in tensor.shape]
    signature = [] if tensor.shapeSignature is None else [int(d) for d in tensor.shapeSignature]
    if not shape and signature and not tensor.hasRank:
        shape = list(signature)
    if not shape or (shape[0] != -1 and not (batch and signature[:1] == [-1])):
        return shape if shape and tensor.shape is None else None
    fixed = [batch or 1, *shape[1:]]
    return None if tensor.shape is not None and fixed == list(tensor.shape) else fixed


def _inside(content: bytes | None) -> AlignedBuffer:
    buffer = AlignedBuffer()
    buffer.data = content
    return buffer


def _behind(data: bytes, what: str, offset: int, size: int, source: str) -> bytes:
    end = offset + size
    if end > len(data):
        _fail(
            source,
            f"{what} ends at byte {end} and the file has {len(data)}; the file is truncated, get "
            "the model again",
        )
    return data[offset:end]


def _fail(source: str, problem: str) -> NoReturn:
    raise ModelError(f"{source}: {problem}.")
