"""Shapes that a file leaves open: a free batch that a SPACE_TO_BATCH_ND multiplies."""

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.unpack import pack_model, standalone, unpack_model
from qmcu.model.writer import write_model

GRID = Quantization((0.1,), (3,))


def around(batch: int) -> Graph:
    """A value to batches of every second one, something done to those, and back."""
    shapes = [(batch, 6, 2), (2 * batch, 3, 2), (2 * batch, 3, 2), (batch, 6, 2)]
    tensors = [Tensor(i, f"t{i}", shape, "int8", GRID) for i, shape in enumerate(shapes)]
    for values in ([2], [[0, 0]]):
        array = np.array(values, np.int32)
        index = len(tensors)
        tensors.append(Tensor(index, f"t{index}", array.shape, "int32", None, array.tobytes()))
    operators = (
        Operator(0, "SPACE_TO_BATCH_ND", (0, 4, 5), (1,)),
        Operator(1, "RELU", (1,), (2,)),
        Operator(2, "BATCH_TO_SPACE_ND", (2, 4, 5), (3,)),
    )
    return Graph("around", tuple(tensors), operators, (0,), (3,))


def as_converted(graph: Graph, operands: int = 3) -> bytes:
    """As TensorFlow's converter writes it: every free batch is 1."""
    model = unpack_model(write_model(graph), "around")
    for tensor in model.subgraphs[0].tensors[:4]:
        tensor.shapeSignature = np.array([-1, *tensor.shape[1:]], np.int32)
        tensor.shape = np.array([1, *tensor.shape[1:]], np.int32)
    first = model.subgraphs[0].operators[0]
    first.inputs = np.array(first.inputs[:operands], np.int32)
    return pack_model(model)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_free_batch_is_multiplied_and_divided_again(batch: int) -> None:
    data = standalone(as_converted(around(1)), batch=batch)
    read, graph = parse_model(data, "around"), around(batch)
    assert [t.shape for t in read.tensors] == [t.shape for t in graph.tensors]
    assert unsupported(read) == []
    rng = np.random.default_rng(0)
    value = rng.integers(-128, 128, (batch, 6, 2)).astype(np.int8)
    # RELU of every value, wherever it is meanwhile.
    assert np.array_equal(Oracle(data).run([value])[0], np.maximum(value, 3))


def test_a_block_that_is_not_there_leaves_the_file_as_it_is() -> None:
    assert parse_model(as_converted(around(1), operands=1)).tensors[1].shape == (1, 3, 2)
