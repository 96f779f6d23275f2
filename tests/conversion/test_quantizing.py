"""What a quantized file of a float one gives, beside the float one."""

from pathlib import Path

import numpy as np
import pytest

from qmcu.conversion.quantizing import quantize_file
from qmcu.model.graph import Graph, Operator, Tensor
from qmcu.model.oracle import Oracle
from qmcu.model.reader import parse_model
from qmcu.model.writer import write_model

SIZE = 8


def test_a_causal_mask_leaves_the_scores_their_steps() -> None:
    pytest.importorskip("tensorflow")
    mask = np.triu(np.full((SIZE, SIZE), -1e9, np.float32), 1)
    shape = (1, SIZE, SIZE)
    tensors = (
        Tensor(0, "scores", shape, "float32", None, None),
        Tensor(1, "mask", mask.shape, "float32", None, mask.tobytes()),
        Tensor(2, "masked", shape, "float32", None, None),
        Tensor(3, "weights", shape, "float32", None, None),
    )
    operators = (
        Operator(0, "ADD", (0, 1), (2,), {"fused_activation_function": "NONE"}, 1),
        Operator(1, "SOFTMAX", (2,), (3,), {"beta": 1.0}, 1),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (3,)))
    rows = (np.random.default_rng(0).random((20, SIZE, SIZE)) * 8 - 4).astype(np.float32)
    whole = quantize_file(Path("m.tflite"), data, [rows], {})
    grid = parse_model(whole, "m").input_tensors[0].quantization
    assert grid is not None
    steps = np.clip(np.rint(rows[0] / grid.scale) + grid.zero_point, -128, 127).astype(np.int8)
    (found,) = Oracle(whole).run([steps[np.newaxis]])
    exponents = np.exp(rows[0] + mask - np.max(rows[0] + mask, axis=-1, keepdims=True))
    wanted = exponents / exponents.sum(axis=-1, keepdims=True)
    real = (found[0].astype(np.float64) + 128) / 256
    assert np.abs(real - wanted).max() < 0.05
    assert (real[mask < 0] == 0).all()


def test_a_limit_does_not_cut_what_another_operator_reads() -> None:
    pytest.importorskip("tensorflow")
    shape = (1, 8)
    tensors = (
        Tensor(0, "x", shape, "float32", None, None),
        Tensor(1, "zero", (), "float32", None, np.zeros((), np.float32).tobytes()),
        Tensor(2, "below", shape, "float32", None, None),
        Tensor(3, "above", shape, "float32", None, None),
    )
    operators = (
        Operator(0, "MINIMUM", (0, 1), (2,), {}, 1),
        Operator(1, "RELU", (0,), (3,), {}, 1),
    )
    data = write_model(Graph("m", tensors, operators, (0,), (2, 3)))
    rows = (np.random.default_rng(0).random((20, 8)) * 8 - 4).astype(np.float32)
    whole = quantize_file(Path("m.tflite"), data, [rows], {})
    grid = parse_model(whole, "m").input_tensors[0].quantization
    assert grid is not None and (127 - grid.zero_point) * grid.scale > 3.5
    assert (-128 - grid.zero_point) * grid.scale < -3.5
