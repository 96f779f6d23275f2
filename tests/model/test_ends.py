"""Models without the QUANTIZE and DEQUANTIZE at their ends."""

from dataclasses import replace

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.errors import ModelError
from qmcu.model.ends import strip_ends
from qmcu.model.graph import Graph, Operator, Quantization, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.vectors import quantize
from qmcu.model.writer import write_model

GRID = Quantization((0.25,), (3,))


def model(dtype: str = "float32") -> Graph:
    """Real numbers or uint8 at both ends, RELU on int8 between them."""
    ends = Quantization((0.25,), (131,)) if dtype == "uint8" else None
    tensors = (
        Tensor(0, "in", (1, 4), dtype, ends),
        Tensor(1, "inside", (1, 4), "int8", GRID),
        Tensor(2, "positive", (1, 4), "int8", GRID),
        Tensor(3, "out", (1, 4), dtype, ends),
    )
    last = "QUANTIZE" if dtype == "uint8" else "DEQUANTIZE"
    operators = (
        Operator(0, "QUANTIZE", (0,), (1,)),
        Operator(1, "RELU", (1,), (2,)),
        Operator(2, last, (2,), (3,)),
    )
    return Graph("ends", tensors, operators, (0,), (3,), input_names=("x",), output_names=("y",))


@pytest.mark.parametrize("dtype", ["float32", "uint8"])
def test_what_is_left_computes_the_same_integers(dtype: str) -> None:
    content = write_model(model(dtype))
    stripped = parse_model(strip_ends(content))
    assert [op.kind for op in stripped.operators] == ["RELU"]
    assert unsupported(stripped) == []
    (source,), (target,) = stripped.input_tensors, stripped.output_tensors
    assert (source.name, source.dtype, target.name, target.dtype) == ("in", "int8", "out", "int8")
    assert (stripped.name_of(source.index), stripped.name_of(target.index)) == ("x", "y")
    real = np.array([[-1.0, 0.3, 0.5, 9.0]], np.float32)
    declared = quantize(real, parse_model(content).input_tensors[0])
    (found,) = Oracle(strip_ends(content)).run([quantize(real, source)])
    (expected,) = Oracle(content).run([declared])
    moved = expected / 0.25 + 3 if dtype == "float32" else expected.astype(int) - 128
    assert found.tolist() == moved.tolist()


def test_an_end_that_something_else_reads_is_refused() -> None:
    graph = model()
    more = Tensor(4, "again", (1, 4), "int8", GRID)
    operators = (*graph.operators, Operator(3, "QUANTIZE", (0,), (4,)))
    changed = replace(
        graph, tensors=(*graph.tensors, more), operators=operators, outputs=(3, 4), output_names=()
    )
    with pytest.raises(ModelError, match="input in is float32 and cannot be stripped"):
        strip_ends(write_model(changed))


def test_a_model_that_is_int8_already_keeps_its_operators() -> None:
    inner = parse_model(strip_ends(write_model(model())))
    assert parse_model(strip_ends(write_model(inner))).operators == inner.operators
