"""Good .tflite files of many kinds, small, the same each time: what mutated models begin as."""

from functools import cache

import numpy as np
from bench.operators import GENERATORS
from bench.operators.int4 import INT4
from tests.support.branching_models import choice, countdown
from tests.support.encoded_constants import by_table, lut_metadata, packed_indices, pruned
from tests.support.firmware_project import chain, residual
from tests.support.small_models import activation, dense, two_inputs
from tests.support.stateful_models import shift_register, two_svdf_layers

from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.schema import schema
from qmcu.model.unpack import AlignedBuffer, pack_model, unpack_model
from qmcu.model.writer import write_model

_MOST_BYTES = 6000


@cache
def model_seeds() -> tuple[bytes, ...]:
    """Networks, one model of each operator and type, and what else a file can hold."""
    networks = [
        chain(), residual(), dense(), two_inputs(), choice(), countdown(), two_svdf_layers(),
        shift_register(), shift_register(np.zeros((3, 4), np.int8)), _decoding(),
    ]  # fmt: skip
    files = [write_model(graph) for graph in networks]
    files += [_smallest(kind, number) for number, kind in enumerate(GENERATORS)]
    files += [write_model(make(np.random.default_rng(number))) for number, make in
              enumerate(INT4.values())]  # fmt: skip
    more = [_described(), _sparse(), _behind(), _compressed()]
    return (*more, *(f for f in dict.fromkeys(files) if len(f) <= _MOST_BYTES))


def _smallest(kind: str, number: int) -> bytes:
    graphs = (GENERATORS[kind](np.random.default_rng([number, i])) for i in range(3))
    return min((write_model(graph) for graph in graphs), key=len)


def _decoding() -> Graph:
    """Constants stored as indices into a table, and as what is not zero."""
    encoded = by_table(np.arange(4) % 3, 2, np.array([[5, -6, 7]], np.int8))
    kept = pruned(np.array([1, 0, 1, 0]), np.array([9, 8], np.int8))
    stored = [
        Tensor(i, f"e{i}", (len(data),), "uint8", None, data)
        for i, data in enumerate((*encoded, *kept), 1)
    ]
    tensors = (
        activation(0, "in", (1, 4)), *stored, activation(5, "table", (4,)),
        activation(6, "kept", (4,)), activation(7, "sum", (1, 4)), activation(8, "out", (1, 4)),
    )  # fmt: skip
    operators = (
        Operator(0, "CUSTOM:TFLM_DECODE", (1, 2, 3, 4), (5, 6)),
        Operator(1, "ADD", (0, 5), (7,), {"fused_activation_function": "NONE"}),
        Operator(2, "ADD", (7, 6), (8,), {"fused_activation_function": "RELU"}),
    )
    return Graph("decoding", tensors, operators, (0,), (8,))


def _described() -> bytes:
    """Signatures, metadata, free batches and names."""
    model = unpack_model(write_model(two_inputs()), "seed")
    model.description = b"a model with much to say"
    graph = model.subgraphs[0]
    signature = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    signature.inputs = [_named(f"x{i}", index) for i, index in enumerate(graph.inputs)]
    signature.outputs = [_named(f"y{i}", index) for i, index in enumerate(graph.outputs)]
    model.signatureDefs = [signature]
    note = schema.MetadataT()
    note.name, note.buffer = b"min_runtime_version", len(model.buffers)
    model.metadata = [note]
    model.buffers.append(_buffer(b"1.5.0\0\0\0"))
    for index in graph.inputs:
        tensor = graph.tensors[index]
        tensor.shapeSignature = np.array([-1, *tensor.shape[1:]], np.int32)
    return pack_model(model)


def _named(name: str, index: int) -> object:
    entry = schema.TensorMapT()
    entry.name, entry.tensorIndex = name.encode(), int(index)
    return entry


def _buffer(content: bytes) -> AlignedBuffer:
    buffer = AlignedBuffer()
    buffer.data = content
    return buffer


def _sparse() -> bytes:
    """A sparse tensor that no operator names, and one that is made of others."""
    model = unpack_model(write_model(dense()), "seed")
    tensors = model.subgraphs[0].tensors
    spare = schema.TensorT()
    spare.name, spare.shape, spare.type = b"spare", np.array([4, 4], np.int32), 9
    spare.sparsity = schema.SparsityParametersT()
    spare.sparsity.traversalOrder = np.array([0, 1], np.int32)
    rows, columns = schema.DimensionMetadataT(), schema.DimensionMetadataT()
    rows.denseSize, columns.format = 4, 1
    columns.arraySegmentsType = columns.arrayIndicesType = 1
    for name in ("arraySegments", "arrayIndices"):
        vector = schema.Int32VectorT()
        vector.values = np.array([0, 1, 2, 3, 4], np.int32)
        setattr(columns, name, vector)
    spare.sparsity.dimMetadata = [rows, columns]
    variant = schema.VariantSubTypeT()
    variant.shape, variant.type, variant.hasRank = np.array([2, 2], np.int32), 9, True
    spare.variantTensors = [variant]
    tensors.append(spare)
    return pack_model(model)


def _behind() -> bytes:
    """Constants and a custom operator's options that lie behind the flatbuffer."""
    model = unpack_model(write_model(dense()), "seed")
    contents: list[bytes] = []
    for buffer in model.buffers[1:]:
        contents.append(bytes(buffer.data))
        buffer.data, buffer.offset, buffer.size = None, 2, len(contents[-1])
    # Places are known when the length is: numbers that are not their defaults take as much.
    begin = -(-len(_plain(model)) // 16) * 16
    for buffer, content in zip(model.buffers[1:], contents, strict=True):
        buffer.offset = begin
        begin += -(-len(content) // 16) * 16
    packed = _plain(model)
    packed += bytes(-len(packed) % 16)
    return packed + b"".join(c + bytes(-len(c) % 16) for c in contents)


def _plain(model: object) -> bytes:
    """With the buffers' own tables, which have an offset."""
    for index, buffer in enumerate(model.buffers):  # type: ignore[attr-defined]
        plain = schema.BufferT()
        plain.data, plain.offset, plain.size = None, buffer.offset, buffer.size
        model.buffers[index] = plain  # type: ignore[attr-defined]
    return pack_model(model)


def _compressed() -> bytes:
    """Weights as indices into a table, as COMPRESSION_METADATA tells."""
    graph = dense()
    model = unpack_model(write_model(graph), "seed")
    weights = graph.operators[0].inputs[1]
    tensor = model.subgraphs[0].tensors[weights]
    count = graph.tensors[weights].elements
    model.buffers[tensor.buffer] = _buffer(packed_indices(np.arange(count) % 4, 2))
    values = len(model.buffers)
    model.buffers.append(_buffer(np.array([3, -3, 7, 1], np.int8).tobytes() * 4))
    model.buffers.append(_buffer(lut_metadata([(weights, values, 2)])))
    entry = schema.MetadataT()
    entry.name, entry.buffer = b"COMPRESSION_METADATA", values + 1
    model.metadata = [entry]
    return pack_model(model)
