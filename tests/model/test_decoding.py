"""Encoded constants become constants: the same values as tflite-micro decodes."""

import numpy as np
import pytest
from tests.support.encoded_constants import (
    Encoded,
    by_table,
    huffman,
    lut_metadata,
    packed_indices,
    pruned,
)
from tests.support.small_models import activation, dense

from qmcu.compile import compile_graph
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.passes import simplify
from qmcu.model.reader import parse_model
from qmcu.model.schema import schema
from qmcu.model.unpack import AlignedBuffer, pack_model, unpack_model
from qmcu.model.writer import write_model
from qmcu.types import Array

Rng = np.random.Generator


def decoding(
    encoded: Encoded, shape: tuple[int, ...], dtype: str, grid: Quantization | None
) -> Graph:
    """TFLM_DECODE, whose result is an output of the model."""
    stored = [
        Tensor(i, f"e{i}", (len(data),), "uint8", None, data) for i, data in enumerate(encoded, 1)
    ]
    tensors = (
        activation(0, "in", (1, 4)), *stored, Tensor(3, "decoded", shape, dtype, grid),
        activation(4, "out", (4,)),
    )  # fmt: skip
    operators = (
        Operator(0, "CUSTOM:TFLM_DECODE", (1, 2), (3,)),
        Operator(1, "RESHAPE", (0,), (4,)),
    )
    return Graph("decoding", tensors, operators, (0,), (4, 3))


def grid_of(rng: Rng, shape: tuple[int, ...], dtype: str, *, points: bool) -> Quantization | None:
    """None, one scale, or one for each channel along the first or the last dimension."""
    if dtype not in ("int8", "int16", "int32") or rng.random() < 0.2:
        return None
    axis = int(rng.choice([0, len(shape) - 1]))
    count = shape[axis] if rng.random() < 0.6 else 1
    zeros = rng.integers(-5, 6, count) if points and dtype == "int8" else np.zeros(count, int)
    scales = rng.uniform(0.1, 1, count).astype(np.float32)
    axis = axis if count > 1 else 0
    return Quantization(tuple(map(float, scales)), tuple(map(int, zeros)), axis)


def values_of(rng: Rng, dtype: str, count: int) -> Array:
    if dtype == "bool":
        return rng.integers(0, 2, count).astype(bool)
    return rng.integers(-100, 100, count).astype(dtype)


@pytest.mark.parametrize("seed", range(36))
def test_as_the_interpreter_decodes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = ("table", "pruned", "huffman")[seed % 3]
    shape = tuple(int(d) for d in rng.integers(1, 7, int(rng.integers(1, 4))))
    types = ("int8", "int16") if kind == "huffman" else ("int8", "int16", "int32", "int64")
    dtype = str(rng.choice([*types, *(() if kind == "huffman" else ("float32", "bool"))]))
    grid, count = grid_of(rng, shape, dtype, points=kind == "pruned"), int(np.prod(shape))
    if kind == "table":
        width = int(rng.integers(1, 8))
        stride = int(rng.integers(1, (1 << width) + 1))
        tables = values_of(rng, dtype, stride * (len(grid.scales) if grid else 1))
        encoded = by_table(rng.integers(0, stride, count), width, tables.reshape(-1, stride))
    elif kind == "pruned":
        kept = rng.integers(0, 2, count)
        encoded = pruned(kept, values_of(rng, dtype, int(kept.sum())))
    else:
        wide = dtype == "int16" or rng.random() < 0.5
        drawn = rng.normal(0, 8, count).astype(dtype)
        encoded = huffman(drawn, int(rng.integers(1, 6)), int(rng.integers(1, 5)), wide=wide)
    graph = decoding(encoded, shape, dtype, grid)
    wanted = Oracle(write_model(graph)).run([np.zeros((1, 4), np.int8)])[1]
    simple = simplify(graph)
    assert [op.kind for op in simple.operators] == ["RESHAPE"]
    assert simple.tensors[3].data == wanted.tobytes()


def test_an_index_beyond_the_table_is_refused() -> None:
    graph = decoding(by_table(np.array([0, 5]), 3, np.zeros((1, 4), np.int8)), (2,), "int8", None)
    assert simplify(graph).operators[0].kind == "CUSTOM:TFLM_DECODE"
    with pytest.raises(Exception, match="TFLM_DECODE"):
        compile_graph(graph)


def compressed(graph: Graph, index: int, width: int, count: int) -> tuple[bytes, Graph]:
    """The file with one constant as indices into a table, and the graph with its real values."""
    rng = np.random.default_rng(3)
    tensor = graph.tensors[index]
    table = rng.integers(-127, 128, count).astype(tensor.dtype)
    indices = rng.integers(0, count, tensor.elements)
    model = unpack_model(write_model(graph), "model")
    for content in (table.tobytes(), b""):
        buffer = AlignedBuffer()
        buffer.data = content
        model.buffers.append(buffer)
    last = len(model.buffers) - 1
    model.buffers[last].data = lut_metadata([(index, last - 1, width)])
    packed = AlignedBuffer()
    packed.data = packed_indices(indices, width)
    model.buffers[model.subgraphs[0].tensors[index].buffer] = packed
    entry = schema.MetadataT()
    entry.name, entry.buffer = "COMPRESSION_METADATA", last
    model.metadata = [entry]
    tensors = list(graph.tensors)
    values = table[indices].tobytes()
    tensors[index] = Tensor(
        index, tensor.name, tensor.shape, tensor.dtype, tensor.quantization, values
    )
    return pack_model(model), Graph(
        graph.name, tuple(tensors), graph.operators, graph.inputs, graph.outputs
    )


@pytest.mark.parametrize(("width", "count"), [(2, 4), (3, 5), (7, 100)])
def test_compressed_weights_are_read(width: int, count: int) -> None:
    content, plain = compressed(dense(16, 8), 1, width, count)
    assert parse_model(content).tensors[1].data == plain.tensors[1].data
    x = np.arange(16, dtype=np.int8).reshape(1, 16)
    assert np.array_equal(Oracle(content).run([x])[0], Oracle(write_model(plain)).run([x])[0])


def test_what_tflite_micro_would_not_decompress_is_refused() -> None:
    tensors = (
        activation(0, "in", (8,)),
        Tensor(1, "k", (8,), "int8", Quantization((0.5,), (3,)), bytes(8)),
        activation(2, "out", (8,)),
    )
    graph = Graph("add", tensors, (Operator(0, "MAXIMUM", (0, 1), (2,)),), (0,), (2,))
    content, _ = compressed(graph, 1, 2, 4)
    with pytest.raises(ModelError, match=r"MAXIMUM reads tensor 1.*COMPRESSION_METADATA"):
        parse_model(content)


def test_damaged_metadata_is_one_sentence() -> None:
    content, _ = compressed(dense(16, 8), 1, 2, 4)
    model = unpack_model(content, "model")
    model.buffers[model.metadata[0].buffer].data = b"\xff\xff\xff\x7f" * 6
    with pytest.raises(ModelError, match="COMPRESSION_METADATA is damaged"):
        parse_model(pack_model(model))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_nothing_is_made_of_a_few_bytes_that_claim_to_be_many(kind: int) -> None:
    ancillary = bytes([kind, 1, 0, 0, 1, 3, 4]).ljust(32, b"\0")
    graph = decoding((b"\0" * 8, ancillary), (1 << 30,), "int8", None)
    assert simplify(graph).operators[0].kind == "CUSTOM:TFLM_DECODE"


def test_metadata_that_names_more_than_a_model_has_is_refused() -> None:
    content, _ = compressed(dense(16, 8), 1, 2, 4)
    model = unpack_model(content, "model")
    model.buffers[model.metadata[0].buffer].data = lut_metadata([(1, 1, 2)] * 20_001)
    with pytest.raises(ModelError, match="COMPRESSION_METADATA is damaged"):
        parse_model(pack_model(model))
