"""Operands that are reshaped alike: TensorFlow's quantizer fails where the sum comes behind."""

from pathlib import Path

import numpy as np
import pytest

from qmcu.compile import unsupported
from qmcu.conversion.quantizing import quantize_file
from qmcu.model.graph import Graph, Operator, OptionValue, Tensor
from qmcu.model.late_reshapes import with_late_reshapes
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

_PLAIN: dict[str, OptionValue] = {"fused_activation_function": "NONE"}


def _magnitudes(kind: str) -> Graph:
    """Sums over pairs of a layer's squares, or twice its numbers, as spectra have them."""
    weights = np.random.default_rng(0).normal(size=(12, 8)).astype(np.float32)
    tensors = (
        Tensor(0, "x", (1, 8), "float32"),
        Tensor(1, "w", (12, 8), "float32", None, weights.tobytes()),
        Tensor(2, "y", (1, 12), "float32"),
        Tensor(3, "shape", (3,), "int32", None, np.array([1, 6, 2], np.int32).tobytes()),
        Tensor(4, "pairs", (1, 6, 2), "float32"),
        Tensor(5, "both", (1, 6, 2), "float32"),
        Tensor(6, "axes", (1,), "int32", None, np.array([2], np.int32).tobytes()),
        Tensor(7, "sums", (1, 6), "float32"),
    )
    layer: dict[str, OptionValue] = {**_PLAIN, "keep_num_dims": False}
    operators = (
        Operator(0, "FULLY_CONNECTED", (0, 1, -1), (2,), layer),
        Operator(1, "RESHAPE", (2, 3), (4,), {"new_shape": (1, 6, 2)}),
        Operator(2, kind, (4, 4), (5,), _PLAIN),
        Operator(3, "SUM", (5, 6), (7,), {"keep_dims": False}),
    )
    return Graph("m", tensors, operators, (0,), (7,))


@pytest.mark.parametrize("kind", ["ADD", "MUL"])
def test_the_reshape_comes_behind(kind: str) -> None:
    kinds = [op.kind for op in with_late_reshapes(_magnitudes(kind)).operators]
    assert kinds.index(kind) < len(kinds) - 1 - kinds[::-1].index("RESHAPE")


def test_other_graphs_stay() -> None:
    graph = _magnitudes("MAXIMUM")
    assert with_late_reshapes(graph) is graph


def test_magnitudes_are_quantized() -> None:
    pytest.importorskip("tensorflow")
    rows = np.random.default_rng(1).normal(size=(20, 8)).astype(np.float32)
    data = quantize_file(Path("m.tflite"), write_model(_magnitudes("MUL")), [rows], {})
    graph = parse_model(data)
    assert not unsupported(graph)
    assert all(t.dtype != "float32" for t in graph.tensors)
