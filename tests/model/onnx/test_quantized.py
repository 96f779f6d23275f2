"""Quantized ONNX files keep their integers, scales and zero points, and say where they cannot."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.support.onnx_models import Builder

from qmcu.compile import unsupported
from qmcu.errors import ModelError
from qmcu.model.graph import Graph, Tensor
from qmcu.model.onnx import OnnxModel, read_onnx, read_onnx_model
from qmcu.model.onnx.proof import prove_onnx, random_inputs
from qmcu.model.writer import write_model

RNG = np.random.default_rng(9)


def _integers(*shape: int, low: int = -127, high: int = 128) -> Any:
    return RNG.integers(low, high, shape)


def _network(dtype: Any, zero: int, *, per_channel: bool) -> tuple[Builder, str]:
    """Convolution, depthwise, residual sum, pool and product, all in QDQ."""
    b = Builder((3, 8, 8))
    scales = (lambda n: RNG.uniform(0.002, 0.01, n)) if per_channel else (lambda n: 0.004)
    x = b.qdq("x", 0.03, zero, dtype)
    first = b.add("Conv", x, b.weights(_integers(8, 3, 3, 3), scales(8)), b.random(8),
                  pads=[1, 1, 1, 1])  # fmt: skip
    first = b.qdq(b.add("Relu", first), 0.06, zero, dtype)
    second = b.add("Conv", first, b.weights(_integers(8, 1, 3, 3), scales(8)), group=8,
                   pads=[1, 1, 1, 1])  # fmt: skip
    total = b.add("Add", b.qdq(second, 0.05, zero, dtype), first)
    pooled = b.add("MaxPool", b.qdq(total, 0.08, zero, dtype), kernel_shape=[2, 2], strides=[2, 2])
    row = b.add("Flatten", b.qdq(pooled, 0.08, zero, dtype))
    row = b.qdq(row, 0.08, zero, dtype)
    scale = RNG.uniform(0.001, 0.004, 4) if per_channel else 0.003
    y = b.add("Gemm", row, b.weights(_integers(4, 128), scale), b.random(4), transB=1)
    return b, b.qdq(y, 0.3, zero, dtype)


def _layers(graph: Graph) -> list[tuple[Tensor, Tensor]]:
    """Weights and bias of each layer."""
    found = [op for op in graph.operators if op.kind.endswith(("CONV_2D", "CONNECTED"))]
    return [(graph.tensors[op.inputs[1]], graph.tensors[op.inputs[2]]) for op in found]


def _prove(read: OnnxModel, path: Path, rows: int = 20) -> Any:
    pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    data = write_model(read.written.graph)
    return prove_onnx(path, read, data, random_inputs(read, rows))


@pytest.mark.parametrize("per_channel", [True, False])
@pytest.mark.parametrize(("dtype", "zero"), [(np.int8, 0), (np.int8, -7), (np.uint8, 121)])
def test_integers_scales_and_zero_points_are_the_files(
    tmp_path: Path, dtype: Any, zero: int, per_channel: bool
) -> None:
    b, y = _network(dtype, zero, per_channel=per_channel)
    path = b.save(tmp_path / "m.onnx", y)
    read = read_onnx(path)
    graph = read.written.graph
    assert read.quantized and not read.gaps and not read.net.changed
    assert {t.dtype for t in graph.tensors} == {"int8", "int32"}
    assert not unsupported(graph)
    shift = 128 if dtype is np.uint8 else 0
    assert graph.input_tensors[0].quantization is not None
    assert graph.input_tensors[0].quantization.zero_points == (zero - shift,)
    assert graph.input_tensors[0].quantization.scales == (float(np.float32(0.03)),)
    constants = {c.name: c for c in b.constants}
    own = [constants[n.input[0]] for n in b.nodes if n.op_type == "DequantizeLinear"
           and n.input[0] in constants]  # fmt: skip
    for (weights, bias), file in zip(_layers(graph), own, strict=True):
        array = np.frombuffer(file.raw_data, np.int8).reshape(tuple(file.dims))
        order = {(8, 3, 3, 3): (0, 2, 3, 1), (8, 1, 3, 3): (1, 2, 3, 0)}.get(array.shape)
        if order is None:
            # The columns of a flattened image: channels last.
            expected = array.reshape(4, 8, 4, 4).transpose(0, 2, 3, 1).reshape(4, 128)
        else:
            expected = array.transpose(order)
        np.testing.assert_array_equal(weights.array, expected)
        assert weights.quantization is not None and bias.quantization is not None
        assert weights.quantization.per_channel == per_channel
    proof = _prove(read, path)
    assert proof.weights == proof.equal_weights == 216 + 72 + 512
    # Rounding alone: TFLite rounds the quotient of a sum, onnxruntime the real number.
    assert proof.largest <= 1 and all(layer.largest <= 2 for layer in proof.layers)


def test_a_bias_in_the_files_integers_stays(tmp_path: Path) -> None:
    b = Builder((4,))
    x = b.qdq("x", 0.05, 3)
    bias = np.array([100, -2000, 70000], np.int32)
    scale = np.float32(0.05) * np.float32(0.01)
    y = b.add("Gemm", x, b.weights(_integers(3, 4), 0.01),
              b.weights(bias, scale, dtype=np.int32), transB=1)  # fmt: skip
    (layer,) = _layers(read_onnx_model(b.model(b.qdq(y, 0.2)), "m").written.graph)
    np.testing.assert_array_equal(layer[1].array, bias)


def test_weights_with_a_zero_point_are_exact_where_they_fit_and_named_where_not(
    tmp_path: Path,
) -> None:
    b = Builder((4, 5, 5))
    integers = _integers(3, 4, 3, 3, low=20, high=236)
    integers[1, 0, 0, 0], integers[2] = 255, np.clip(integers[2], 40, 200)
    x = b.qdq("x", 0.02, 128, np.uint8)
    y = b.add("Conv", x, b.weights(integers, 0.01, 120, np.uint8))
    path = b.save(tmp_path / "m.onnx", b.qdq(y, 0.2, 128, np.uint8))
    read = read_onnx(path)
    ((weights, _),) = _layers(read.written.graph)
    assert weights.quantization is not None
    shifted = integers.transpose(0, 2, 3, 1).astype(int) - 120
    for channel in (0, 2):
        np.testing.assert_array_equal(weights.array[channel], shifted[channel])
    assert (
        weights.quantization.scales[0] == float(np.float32(0.01)) < weights.quantization.scales[1]
    )
    (text,) = read.net.changed.values()
    assert "zero point -8" in text and "in 1 of 3 channels" in text
    assert _prove(read, path).largest <= 1


def test_blocks_and_real_weights_are_quantized_again_and_named() -> None:
    b = Builder((8,), opset=21)
    x = b.qdq("x", 0.02)
    scales = b.constant(RNG.uniform(0.01, 0.03, (4, 2)))
    blocks = b.add("DequantizeLinear", b.constant(_integers(4, 8), np.int8), scales, axis=1,
                   block_size=4)  # fmt: skip
    first = b.qdq(b.add("Gemm", x, blocks, transB=1), 0.5)
    read = read_onnx_model(b.model(b.qdq(b.add("MatMul", first, b.random(4, 2)), 1.0)), "m")
    (text,) = read.net.changed.values()
    assert "a scale for each block of 4" in text
    assert len(read.written.chosen) == 1


def test_a_batch_normalization_goes_into_scales_and_leaves_integers() -> None:
    b = Builder((4, 5, 5))
    integers = _integers(6, 4, 3, 3)
    y = b.add("Conv", b.qdq("x", 0.02), b.weights(integers, RNG.uniform(0.01, 0.02, 6)))
    gamma = b.constant([1.0, -0.5, 2.0, 1.5, 0.25, -1.0])
    y = b.add("BatchNormalization", y, gamma, b.random(6), b.random(6), b.constant(np.ones(6)))
    read = read_onnx_model(b.model(b.qdq(y, 0.4)), "m")
    ((weights, _),) = _layers(read.written.graph)
    signs = np.array([1, -1, 1, 1, 1, -1]).reshape(6, 1, 1, 1)
    np.testing.assert_array_equal(weights.array, integers.transpose(0, 2, 3, 1) * signs)
    assert read.written.weights == ((read.written.weights[0][0], 216, 216),)


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "Softmax"])
def test_functions_of_fixed_scale_are_brought_to_the_files(tmp_path: Path, kind: str) -> None:
    b = Builder((2, 6))
    y = b.add(kind, b.qdq("x", 0.03, 5))
    path = b.save(tmp_path / "m.onnx", b.qdq(y, 1 / 255 if kind != "Tanh" else 1 / 127, 0))
    read = read_onnx(path)
    assert [op.kind for op in read.written.graph.operators][1:] == ["QUANTIZE"]
    assert "behind" in read.written.requantized[0]
    assert _prove(read, path).largest <= 1


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("LeakyRelu", {"alpha": 0.1}), ("HardSwish", {}), ("Relu", {}), ("HardSigmoid", {}),
        ("AveragePool", {"kernel_shape": [2, 2]}), ("GlobalAveragePool", {}),
        ("MaxPool", {"kernel_shape": [3, 3], "pads": [1, 1, 1, 1], "strides": [2, 2]}),
    ],
)  # fmt: skip
def test_operators_in_integers_are_within_a_step(
    tmp_path: Path, kind: str, options: dict[str, Any]
) -> None:
    b = Builder((4, 6, 6))
    y = b.add(kind, b.qdq("x", 0.03, 5), **options)
    path = b.save(tmp_path / "m.onnx", b.qdq(y, 0.021, -3))
    read = read_onnx(path)
    assert not read.gaps and not unsupported(read.written.graph)
    assert _prove(read, path).largest <= (2 if kind == "HardSwish" else 1)


def test_operators_of_two_and_more_in_integers(tmp_path: Path) -> None:
    b = Builder((4, 6, 6))
    x = b.qdq("x", 0.03, 5)
    left = b.qdq(b.add("Mul", x, b.constant([[[0.5]], [[2.0]], [[-1.0]], [[0.1]]])), 0.05, 1)
    right = b.qdq(b.add("Sub", x, b.constant(0.7)), 0.04, -20)
    joined = b.qdq(b.add("Concat", left, right, axis=1), 0.05, 1)
    wide = b.add("Resize", joined, "", b.constant([1, 1, 2, 2]), mode="nearest",
                 coordinate_transformation_mode="asymmetric", nearest_mode="floor")  # fmt: skip
    y = b.add("ConvTranspose", b.qdq(wide, 0.05, 1), b.weights(_integers(8, 3, 3, 3), 0.01, axis=1),
              strides=[2, 2], pads=[1, 1, 1, 1])  # fmt: skip
    path = b.save(tmp_path / "m.onnx", b.qdq(y, 0.6))
    read = read_onnx(path)
    assert not read.gaps and not unsupported(read.written.graph)
    assert _prove(read, path).largest <= 2


@pytest.mark.parametrize("dtype", [np.int8, np.uint8])
def test_constants_that_are_joined_before_their_scale_keep_their_integers(
    tmp_path: Path, dtype: Any
) -> None:
    """A detector's anchors: each size is repeated and reshaped, and one DQ is behind them all."""
    b = Builder((8, 4))
    sizes = [b.constant(_integers(*shape, low=0), dtype) for shape in ((1, 3, 4), (1, 2, 2, 2))]
    x = b.qdq("x", 0.01, 3, dtype)
    # As often as the batch is long, which only the shapes tell.
    once, twice = (b.constant([n], np.int64) for n in (1, 2))
    batch = b.add("Slice", b.add("Shape", x), b.constant([0], np.int64), once)
    parts = [
        b.add("Tile", sizes[0], b.add("Concat", batch, twice, once, axis=0)),
        b.add("Reshape", sizes[1], b.constant([-1, 2, 4], np.int64)),
    ]
    joined = b.add("Concat", *parts, axis=1)
    anchors = b.add("DequantizeLinear", joined, b.constant(0.008), b.constant(62, dtype))
    y = b.qdq(b.add("Add", x, anchors), 0.02, 5, dtype)
    path = b.save(tmp_path / "m.onnx", y)
    read = read_onnx(path)
    graph = read.written.graph
    assert [op.kind for op in graph.operators] == ["ADD"]
    (constant,) = [t for t in graph.tensors if t.is_constant]
    assert (constant.dtype, constant.shape) == ("int8", (1, 8, 4))
    assert not read.gaps and not unsupported(graph)
    assert _prove(read, path).largest <= 1


def test_a_narrow_type_keeps_its_limits(tmp_path: Path) -> None:
    b = Builder((6,))
    parameters = [b.constant(0.1), b.constant(0, np.int8)]
    q = b.add("QuantizeLinear", "x", *parameters)
    narrow = b.add("Clip", q, b.constant(-8, np.int8), b.constant(7, np.int8))
    x = b.add("DequantizeLinear", narrow, *parameters)
    y = b.add("Gemm", x, b.weights(_integers(3, 6, low=-8, high=8), 0.05), transB=1)
    path = b.save(tmp_path / "m.onnx", b.qdq(y, 0.02))
    read = read_onnx(path)
    kinds = [op.kind for op in read.written.graph.operators]
    assert kinds == ["MAXIMUM", "MINIMUM", "FULLY_CONNECTED"]
    assert _prove(read, path).largest <= 1


def test_qoperators_are_the_same_as_qdq(tmp_path: Path) -> None:
    b = Builder((3, 6, 6))
    scale, zero = b.constant(0.03), b.constant(120, np.uint8)
    out, out_zero = b.constant(0.1), b.constant(100, np.uint8)
    integers = _integers(5, 3, 3, 3)
    x = b.add("QuantizeLinear", "x", scale, zero)
    weights = [b.constant(integers, np.int8), b.constant(RNG.uniform(0.005, 0.01, 5)),
               b.constant(np.zeros(5), np.int8)]  # fmt: skip
    bias = b.constant(_integers(5, low=-3000, high=3000), np.int32)
    y = b.add("QLinearConv", x, scale, zero, *weights, out, out_zero, bias)
    y = b.add("MaxPool", y, kernel_shape=[2, 2])
    y = b.add("QLinearAdd", y, out, out_zero, y, out, out_zero, b.constant(0.2),
              b.constant(90, np.uint8), domain="com.microsoft")  # fmt: skip
    path = b.save(tmp_path / "m.onnx", y)
    read = read_onnx(path)
    assert [op.kind for op in read.written.graph.operators] == ["CONV_2D", "MAX_POOL_2D", "ADD"]
    proof = _prove(read, path)
    assert proof.equal_weights == proof.weights == integers.size and proof.largest <= 1


def test_what_a_file_leaves_real_is_told(tmp_path: Path) -> None:
    b = Builder((6,))
    y = b.add("Gemm", b.qdq("x", 0.1), b.weights(_integers(3, 6), 0.05), transB=1)
    read = read_onnx_model(b.model(y), "m")
    assert read.gaps == (y,)
    assert read.written.graph.output_tensors[0].dtype == "float32"


def test_scales_of_channels_for_activations_are_refused() -> None:
    b = Builder((3, 4, 4))
    parameters = [b.constant([0.1, 0.2, 0.3]), b.constant([0, 0, 0], np.int8)]
    q = b.add("QuantizeLinear", "x", *parameters, axis=1)
    with pytest.raises(ModelError, match="activations with a scale for each channel"):
        read_onnx_model(b.model(b.add("DequantizeLinear", q, *parameters, axis=1)), "m")
