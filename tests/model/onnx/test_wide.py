"""Quantized ONNX files with activations of 16 bits: int8 weights and int16 activations."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder

from qmcu.compile import unsupported
from qmcu.model.onnx import read_onnx, read_onnx_model
from qmcu.model.onnx.proof import prove_onnx, random_inputs
from qmcu.model.writer import write_model

RNG = np.random.default_rng(9)


def _network(dtype: Any, zero: int) -> tuple[Builder, str]:
    """A convolution with Relu, a residual sum with a constant, a product."""
    b = Builder((3, 8, 8), 21)
    x = b.qdq("x", 1e-4, zero, dtype)
    kernel = RNG.integers(-127, 128, (4, 3, 3, 3))
    first = b.add("Conv", x, b.weights(kernel, RNG.uniform(0.002, 0.01, 4)), b.random(4),
                  pads=[1, 1, 1, 1])  # fmt: skip
    first = b.qdq(b.add("Relu", first), 2e-4, zero, dtype)
    total = b.qdq(b.add("Mul", first, b.constant(0.7)), 2e-4, zero, dtype)
    resized = b.add("Resize", total, "", b.constant([1, 1, 2, 2]), mode="linear")
    row = b.qdq(b.add("Flatten", b.qdq(resized, 2e-4, zero, dtype)), 2e-4, zero, dtype)
    y = b.add("Gemm", row, b.weights(RNG.integers(-127, 128, (4, 1024)), 2e-4), transB=1)
    return b, b.qdq(y, 1e-3, zero, dtype)


def _prove(path: Path) -> Any:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    read = read_onnx(path)
    return prove_onnx(path, read, write_model(read.written.graph), random_inputs(read, 20))


def test_integers_and_scales_of_16_bits_are_the_files(tmp_path: Path) -> None:
    b, y = _network(np.int16, 0)
    path = b.save(tmp_path / "m.onnx", y)
    graph = read_onnx(path).written.graph
    ends = (*graph.input_tensors, *graph.output_tensors)
    assert [t.dtype for t in ends] == ["int16", "int16"]
    assert [t.quantization.scale for t in ends if t.quantization] == [
        float(np.float32(1e-4)), float(np.float32(1e-3))
    ]  # fmt: skip
    layers = [op for op in graph.operators if op.kind in ("CONV_2D", "FULLY_CONNECTED")]
    assert [graph.tensors[op.inputs[2]].dtype for op in layers] == ["int64", "int64"]
    # What tflite-micro has not in int16 is computed in real numbers.
    assert [op.kind for op in graph.operators if op.kind.startswith("RESIZE")] == [
        "RESIZE_BILINEAR"
    ]
    assert not unsupported(graph)
    proof = _prove(path)
    assert proof.equal_weights == proof.weights == 108 + 4096
    assert proof.largest <= 3


def test_a_zero_point_of_16_bits_widens_the_scale_and_is_told(tmp_path: Path) -> None:
    b, y = _network(np.uint16, 30000)
    path = b.save(tmp_path / "m.onnx", y)
    read = read_onnx(path)
    assert all(
        t.quantization.zero_points == (0,)
        for t in read.written.graph.tensors
        if t.dtype == "int16" and t.quantization is not None
    )
    assert any("have a zero point, which TFLite's have not" in note for note in read.net.notes)
    assert not unsupported(read.written.graph)


def test_a_quantize_that_limits_is_kept() -> None:
    """A Relu that onnxruntime leaves to the range of the numbers behind a Slice."""
    b = Builder((4, 8))
    x = b.qdq("x", 0.05, 0)
    bounds = [b.constant([n], np.int64) for n in (0, 6, 2)]
    part = b.qdq(b.add("Slice", x, *bounds), 0.02, -128)
    y = b.qdq(b.add("Add", part, part), 0.05, -128)
    graph = read_onnx_model(b.model(y), "m").written.graph
    assert [op.kind for op in graph.operators] == ["SLICE", "QUANTIZE", "ADD"]


def test_a_table_of_integers_is_quantized_by_what_reads_it() -> None:
    b = Builder((5,), dtype=7)
    table = b.constant(RNG.integers(0, 255, (20, 4)), np.uint8)
    rows = b.add("Transpose", b.add("Gather", table, "x"), perm=[0, 2, 1])
    real = b.add("DequantizeLinear", rows, b.constant(0.1), b.constant(128, np.uint8))
    graph = read_onnx_model(b.model(b.add("Relu", real)), "m").written.graph
    assert not unsupported(graph)
    assert {t.dtype for t in graph.tensors if t.is_constant and t.name == table} == {"int8"}


def test_an_infinite_scale_is_told_with_its_cause() -> None:
    b = Builder((4, 4))
    model = b.model(b.qdq("x", float("inf")))
    with pytest.raises(Exception, match="its calibration saw infinite numbers"):
        read_onnx_model(model, "m")


def test_masks_of_minus_infinity_are_bounded() -> None:
    b = Builder((4, 4))
    mask = np.triu(np.full((4, 4), -np.inf), 1)
    model = b.model(b.add("Softmax", b.add("Add", "x", b.constant(mask)), axis=-1))
    read = read_onnx_model(model, "m")
    assert all(np.isfinite(t.array).all() for t in read.written.graph.tensors if t.is_constant)
    assert any("masks by -20 instead of -inf" in note for note in read.net.notes)
